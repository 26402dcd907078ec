// SPDX-License-Identifier: Apache-2.0
// The PNG container around zlib, with rows compressed in strips on all cores. Strips are deflated
// apart, each ended by an empty stored block (Z_SYNC_FLUSH), so that one after the other they are
// one valid stream. Source: PNG, W3C Recommendation 2003, sections 5 (chunks), 9 (filters), 11.2
// (IHDR, PLTE, IDAT).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "sprite/palette.h"

namespace oort {

/// The numbers are those of IHDR.
enum class PngColor : std::uint8_t { gray = 0, rgb = 2, palette = 3, gray_alpha = 4, rgba = 6 };

struct PngForm {
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    PngColor color = PngColor::rgba;
    int bit_depth = 8;           ///< 1, 2, 4 or 8; below 8 only gray and palette
    std::vector<Color> palette;  ///< those that are not opaque first
};

/// Bytes in one row of pixels, the filter byte not counted.
std::size_t row_size(const PngForm& form);

/// Writes row y, packed as `form` says, into row_size(form) bytes. Called from several threads, and
/// more than once for some rows.
using PngRows = std::function<void(std::uint32_t y, std::span<std::uint8_t> row)>;

std::string write_png(const PngForm& form, const PngRows& rows);

/// A PNG of indexed pixels (width * height of them): as palette or gray, with as few bits as will
/// do.
std::string write_indexed_png(std::uint32_t width,
                              std::uint32_t height,
                              std::span<const std::uint8_t> indices,
                              const std::vector<Color>& colors);

/// A PNG of colours: gray with alpha, RGB or RGBA, whichever is the smallest without loss.
std::string write_direct_png(std::uint32_t width,
                             std::uint32_t height,
                             std::span<const Color> pixels);

}  // namespace oort
