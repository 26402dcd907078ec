// SPDX-License-Identifier: Apache-2.0
#include "sprite/image.h"

#include <fmt/format.h>
#include <spng.h>
#include <webp/decode.h>

#include <atomic>
#include <cstring>
#include <memory>

#include "base/error.h"
#include "sprite/jpeg.h"
#include "sprite/palette.h"
#include "sprite/png_writer.h"
#include "sprite/strips.h"

namespace oort {

namespace {

[[noreturn]] void fail(std::string_view format, std::string_view reason) {
    throw Error(ErrorCode::corrupt, fmt::format("the {} cannot be decoded: {}", format, reason));
}

void allocate(Image& image, const ImageInfo& info) {
    image.width = info.width;
    image.height = info.height;
    image.rgba.resize(4 * static_cast<std::size_t>(info.width) *
                      static_cast<std::size_t>(info.height));
}

// Deflate cannot pack more than 1032 to 1 (zlib's technical notes), so a short file that promises
// many pixels is a lie that need not be given memory.
void check_png_size(spng_ctx* context, std::size_t n_bytes) {
    spng_ihdr ihdr{};
    if (const int error = spng_get_ihdr(context, &ihdr)) fail("PNG", spng_strerror(error));
    static constexpr int channels[] = {1, 0, 3, 1, 2, 0, 4};
    const std::uint64_t bits =
        static_cast<std::uint64_t>(channels[ihdr.color_type]) * ihdr.bit_depth;
    const std::uint64_t promised = std::uint64_t{ihdr.width} * ihdr.height * bits / 8;
    if (promised / 1032 > n_bytes) fail("PNG", "it is shorter than its size allows");
}

Image decode_png(std::span<const std::byte> bytes, const ImageInfo& info) {
    const std::unique_ptr<spng_ctx, decltype(&spng_ctx_free)> context(spng_ctx_new(0),
                                                                      spng_ctx_free);
    if (!context) throw std::bad_alloc();
    constexpr std::size_t chunk_limit = std::size_t{16} << 20;
    spng_set_chunk_limits(context.get(), chunk_limit, chunk_limit);
    spng_set_image_limits(context.get(), 0x7FFFFFFF, 0x7FFFFFFF);
    if (const int error = spng_set_png_buffer(context.get(), bytes.data(), bytes.size())) {
        fail("PNG", spng_strerror(error));
    }
    check_png_size(context.get(), bytes.size());
    Image image;
    allocate(image, info);
    if (const int error = spng_decode_image(context.get(),
                                            image.rgba.data(),
                                            image.rgba.size(),
                                            SPNG_FMT_RGBA8,
                                            SPNG_DECODE_TRNS)) {
        fail("PNG", spng_strerror(error));
    }
    return image;
}

Image decode_webp(std::span<const std::byte> bytes, const ImageInfo& info) {
    const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
    WebPBitstreamFeatures features{};
    if (WebPGetFeatures(data, bytes.size(), &features) != VP8_STATUS_OK)
        fail("WebP", "its header is damaged");
    if (features.has_animation) fail("WebP", "it is animated");
    if (features.width != info.width || features.height != info.height) {
        fail("WebP", "its headers disagree about its size");
    }
    Image image;
    allocate(image, info);
    if (!WebPDecodeRGBAInto(
            data, bytes.size(), image.rgba.data(), image.rgba.size(), 4 * info.width)) {
        fail("WebP", "it is damaged or cut short");
    }
    return image;
}

// Numbers all colours of the picture, or gives nothing if they are more than 256.
std::optional<std::vector<std::uint8_t>> indexed(std::span<const Color> pixels, Palette& palette) {
    constexpr std::size_t strip = std::size_t{1} << 16;
    std::vector<std::uint8_t> indices(pixels.size());
    std::atomic<bool> overflow{false};
    for_each_strip((pixels.size() + strip - 1) / strip, [&](std::size_t s) {
        if (overflow) return;
        const std::size_t end = std::min(pixels.size(), (s + 1) * strip);
        Color last = normal(pixels[s * strip]);
        int index = palette.index_of(last);
        for (std::size_t i = s * strip; i < end && index != Palette::full; ++i) {
            if (const Color color = normal(pixels[i]); color != last) {
                last = color;
                index = palette.index_of(last);
            }
            indices[i] = static_cast<std::uint8_t>(index);
        }
        if (index == Palette::full) overflow = true;
    });
    if (overflow) return std::nullopt;
    return indices;
}

}  // namespace

Image decode_image(std::span<const std::byte> bytes) {
    const std::optional<ImageInfo> info = sniff_image(bytes);
    if (!info)
        throw Error(ErrorCode::corrupt,
                    "the image is neither PNG, JPEG nor WebP, or its header is damaged");
    if (static_cast<std::int64_t>(info->width) * info->height > max_image_pixels) {
        throw Error(ErrorCode::too_large,
                    fmt::format("the image has {} x {} pixels: at most {} are decoded",
                                info->width,
                                info->height,
                                max_image_pixels));
    }
    switch (info->format) {
        case ImageFormat::png: return decode_png(bytes, *info);
        case ImageFormat::jpeg: return decode_jpeg(bytes, *info);
        case ImageFormat::webp: return decode_webp(bytes, *info);
        case ImageFormat::gif: break;
    }
    fail("GIF", "only PNG, JPEG and WebP are");
}

std::string encode_png(int width, int height, std::span<const std::uint8_t> rgba) {
    const bool positive = width > 0 && height > 0;
    const std::uint64_t n_pixels =
        positive ? static_cast<std::uint64_t>(width) * static_cast<std::uint64_t>(height) : 0;
    if (!positive || rgba.size() != 4 * n_pixels) {
        throw Error(
            ErrorCode::invalid_argument,
            fmt::format(
                "an image of {} x {} pixels has {} bytes: sizes must be positive, bytes 4 a pixel",
                width,
                height,
                rgba.size()));
    }
    std::vector<Color> pixels(n_pixels);
    std::memcpy(pixels.data(), rgba.data(), rgba.size());
    Palette palette;
    const auto columns = static_cast<std::uint32_t>(width);
    const auto lines = static_cast<std::uint32_t>(height);
    if (const auto indices = indexed(pixels, palette)) {
        return write_indexed_png(columns, lines, *indices, palette.colors());
    }
    return write_direct_png(columns, lines, pixels);
}

}  // namespace oort
