// SPDX-License-Identifier: Apache-2.0
// What kind of image some bytes begin, from the headers alone.
#include <cstring>

#include "sprite/image.h"

namespace oort {

namespace {

// Reads that give 0 past the end, so that a short header shows as a size of 0.
class Header {
  public:
    explicit Header(std::span<const std::byte> bytes) : bytes_(bytes) {}

    std::size_t size() const { return bytes_.size(); }

    unsigned u8(std::size_t at) const {
        return at < size() ? static_cast<unsigned>(bytes_[at]) : 0;
    }

    unsigned big16(std::size_t at) const { return u8(at) << 8 | u8(at + 1); }

    unsigned big32(std::size_t at) const { return big16(at) << 16 | big16(at + 2); }

    unsigned little16(std::size_t at) const { return u8(at) | u8(at + 1) << 8; }

    unsigned little24(std::size_t at) const { return little16(at) | u8(at + 2) << 16; }

    unsigned little32(std::size_t at) const { return little16(at) | little16(at + 2) << 16; }

    bool has(std::size_t at, std::string_view text) const {
        return at + text.size() <= size() &&
               std::memcmp(&bytes_[at], text.data(), text.size()) == 0;
    }

  private:
    std::span<const std::byte> bytes_;
};

std::optional<ImageInfo> sized(ImageFormat format, unsigned width, unsigned height) {
    if (width == 0 || height == 0 || width > 0x7FFFFFFF || height > 0x7FFFFFFF) return std::nullopt;
    return ImageInfo{format, static_cast<int>(width), static_cast<int>(height)};
}

std::optional<ImageInfo> sniff_png(const Header& header) {
    if (!header.has(8, {"\0\0\0\rIHDR", 8}) || header.size() < 26) return std::nullopt;
    return sized(ImageFormat::png, header.big32(16), header.big32(20));
}

// RFC 9649: VP8 (lossy), VP8L (lossless) or VP8X (extended) comes first.
std::optional<ImageInfo> sniff_webp(const Header& header) {
    if (header.size() < 30 && !(header.has(12, "VP8L") && header.size() >= 25)) return std::nullopt;
    if (header.has(12, "VP8X")) {
        return sized(ImageFormat::webp, header.little24(24) + 1, header.little24(27) + 1);
    }
    if (header.has(12, "VP8 ") && header.has(23, "\x9d\x01\x2a")) {
        return sized(ImageFormat::webp, header.little16(26) & 0x3FFF, header.little16(28) & 0x3FFF);
    }
    if (header.has(12, "VP8L") && header.u8(20) == 0x2f) {
        const unsigned bits = header.little32(21);
        return sized(ImageFormat::webp, (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1);
    }
    return std::nullopt;
}

// ITU T.81, annex B: segments until a start of frame, SOF0..SOF15 without DHT, JPG and DAC.
std::optional<ImageInfo> sniff_jpeg(const Header& header) {
    std::size_t at = 2;
    while (at + 9 < header.size()) {
        if (header.u8(at) != 0xFF) return std::nullopt;
        const unsigned marker = header.u8(at + 1);
        if (marker == 0xFF) {  // padding
            ++at;
            continue;
        }
        if (marker == 0x01 || (marker >= 0xD0 && marker <= 0xD7)) {  // without a length
            at += 2;
            continue;
        }
        const unsigned length = header.big16(at + 2);
        if (length < 2 || marker == 0xD9 || marker == 0xDA) return std::nullopt;
        const bool frame =
            marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
        if (frame) return sized(ImageFormat::jpeg, header.big16(at + 7), header.big16(at + 5));
        at += 2 + length;
    }
    return std::nullopt;
}

}  // namespace

std::string_view content_type(ImageFormat format) noexcept {
    switch (format) {
        case ImageFormat::png: return "image/png";
        case ImageFormat::jpeg: return "image/jpeg";
        case ImageFormat::webp: return "image/webp";
        case ImageFormat::gif: return "image/gif";
    }
    return "application/octet-stream";
}

std::optional<ImageInfo> sniff_image(std::span<const std::byte> bytes) noexcept {
    const Header header(bytes);
    if (header.has(0, "\x89PNG\r\n\x1a\n")) return sniff_png(header);
    if (header.has(0, "\xff\xd8\xff")) return sniff_jpeg(header);
    if (header.has(0, "RIFF") && header.has(8, "WEBP")) return sniff_webp(header);
    if ((header.has(0, "GIF87a") || header.has(0, "GIF89a")) && header.size() >= 10) {
        return sized(ImageFormat::gif, header.little16(6), header.little16(8));
    }
    return std::nullopt;
}

}  // namespace oort
