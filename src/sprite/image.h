// SPDX-License-Identifier: Apache-2.0
// Pictures in and out: PNG, JPEG and WebP bytes to pixels, pixels to PNG. Bytes come from
// strangers: every reader here has limits and throws rather than crash on what is cut short,
// damaged or made to exhaust memory.
//
// Pixels are row-major from the top left, channels last, 8 bits each; alpha is straight (not
// premultiplied). Sources: PNG, W3C Recommendation 2003 (ISO/IEC 15948); zlib, RFC 1950; deflate,
// RFC 1951.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace oort {

enum class ImageFormat { png, jpeg, webp, gif };

/// What the header of an image says; nothing after the header has been looked at.
struct ImageInfo {
    ImageFormat format = ImageFormat::png;
    int width = 0;   ///< pixels, > 0
    int height = 0;  ///< pixels, > 0
};

/// "image/png" and so on.
std::string_view content_type(ImageFormat format) noexcept;

/// The kind and size of the image that these bytes begin with; nothing if they begin no PNG, JPEG,
/// WebP or GIF, or are too short to say. Reads the header only: a JPEG needs its bytes up to the
/// frame header, which may follow long colour profiles; 512 bytes do for the other three.
std::optional<ImageInfo> sniff_image(std::span<const std::byte> bytes) noexcept;

/// An owned picture. rgba holds 4 * width * height bytes.
struct Image {
    int width = 0;
    int height = 0;
    std::vector<std::uint8_t> rgba;
};

/// The most pixels that decode_image accepts: 64 Mi, 256 MiB as RGBA.
inline constexpr std::int64_t max_image_pixels = std::int64_t{64} << 20;

/// Decodes a PNG, JPEG or (still) WebP. 16-bit channels are cut to 8; colour profiles, gamma and
/// orientation tags are ignored. Throws Error(corrupt) for bytes that are none of these or damaged,
/// Error(too_large) for more than max_image_pixels.
Image decode_image(std::span<const std::byte> bytes);

/// A PNG of width x height pixels from 4 * width * height bytes of RGBA, in the smallest of these
/// forms that loses nothing visible: palette or gray of 1, 2, 4 or 8 bits, gray with alpha, RGB,
/// RGBA. (The colour of fully transparent pixels is not kept.) Rows are compressed in strips on all
/// cores; the strips depend on the size alone, so the same pixels give the same bytes on every
/// machine with the same zlib. Throws Error(invalid_argument) if the sizes do not agree or are not
/// positive.
std::string encode_png(int width, int height, std::span<const std::uint8_t> rgba);

}  // namespace oort
