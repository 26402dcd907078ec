// SPDX-License-Identifier: Apache-2.0
// Which kind of PNG to write, and the packing of its rows.
#include <algorithm>
#include <array>
#include <atomic>
#include <tuple>

#include "base/check.h"
#include "sprite/png_writer.h"
#include "sprite/strips.h"

namespace oort {

namespace {

// From an index of the canvas to what stands in the file.
using Lookup = std::array<std::uint8_t, 256>;

void pack_row(std::span<const std::uint8_t> indices,
              const Lookup& lookup,
              int bit_depth,
              std::span<std::uint8_t> row) {
    if (bit_depth == 8) {
        for (std::size_t x = 0; x < indices.size(); ++x) row[x] = lookup[indices[x]];
        return;
    }
    const std::size_t per_byte = static_cast<std::size_t>(8 / bit_depth);
    const std::size_t n_whole = indices.size() / per_byte;
    const auto packed = [&](std::size_t begin, std::size_t n) {
        unsigned byte = 0;
        for (std::size_t i = 0; i < per_byte; ++i) {
            byte = byte << bit_depth | (i < n ? lookup[indices[begin + i]] : 0U);
        }
        return static_cast<std::uint8_t>(byte);
    };
    if (bit_depth == 4) {  // the usual case, so spelled out
        for (std::size_t i = 0; i < n_whole; ++i) {
            row[i] =
                static_cast<std::uint8_t>(lookup[indices[2 * i]] << 4 | lookup[indices[2 * i + 1]]);
        }
    } else {
        for (std::size_t i = 0; i < n_whole; ++i) row[i] = packed(i * per_byte, per_byte);
    }
    if (n_whole < row.size()) row[n_whole] = packed(n_whole * per_byte, indices.size() % per_byte);
}

int bits_for(std::size_t n_colors) {
    return n_colors <= 2 ? 1 : n_colors <= 4 ? 2 : n_colors <= 16 ? 4 : 8;
}

struct Traits {
    bool opaque = true;
    bool gray = true;
};

Traits traits_of(std::uint32_t width, std::uint32_t height, std::span<const Color> pixels) {
    std::atomic<bool> opaque{true};
    std::atomic<bool> gray{true};
    constexpr std::uint32_t n_rows = 64;
    for_each_strip((height + n_rows - 1) / n_rows, [&](std::size_t strip) {
        const std::size_t begin = strip * n_rows * width;
        const std::size_t n = std::min(pixels.size() - begin, std::size_t{n_rows} * width);
        Color lowest = 0xFF000000;
        Color difference = 0;  // of neighbouring channels
        for (const Color color : pixels.subspan(begin, n)) {
            lowest &= color;
            difference |= (color ^ color >> 8) & 0xFFFF;
        }
        if (lowest != 0xFF000000) opaque = false;
        if (difference != 0) gray = false;
    });
    return {opaque, gray};
}

}  // namespace

std::string write_indexed_png(std::uint32_t width,
                              std::uint32_t height,
                              std::span<const std::uint8_t> indices,
                              const std::vector<Color>& colors) {
    CHECK(indices.size() == std::size_t{width} * height && !colors.empty() && colors.size() <= 256);
    PngForm form{.width = width, .height = height, .palette = colors};
    // Sorted, so that the order in which threads met the colours does not show; those that are not
    // opaque first, so that tRNS is short.
    std::sort(form.palette.begin(), form.palette.end());
    form.bit_depth = bits_for(colors.size());
    form.color = PngColor::palette;
    const bool as_gray =
        form.bit_depth == 8 && std::all_of(colors.begin(), colors.end(), [](Color c) {
            return is_gray(c) && alpha_of(c) == 255;
        });
    Lookup lookup{};
    for (std::size_t i = 0; i < colors.size(); ++i) {
        const auto place = std::lower_bound(form.palette.begin(), form.palette.end(), colors[i]);
        lookup[i] =
            static_cast<std::uint8_t>(as_gray ? colors[i] & 0xFF : place - form.palette.begin());
    }
    if (as_gray) {
        form.color = PngColor::gray;
        form.palette.clear();
    }
    return write_png(form, [&](std::uint32_t y, std::span<std::uint8_t> row) {
        pack_row(indices.subspan(std::size_t{y} * width, width), lookup, form.bit_depth, row);
    });
}

std::string write_direct_png(std::uint32_t width,
                             std::uint32_t height,
                             std::span<const Color> pixels) {
    CHECK(pixels.size() == std::size_t{width} * height);
    const auto [opaque, gray] = traits_of(width, height, pixels);
    const PngColor color = opaque ? PngColor::rgb : gray ? PngColor::gray_alpha : PngColor::rgba;
    const PngForm form{.width = width, .height = height, .color = color, .palette = {}};
    return write_png(form, [&](std::uint32_t y, std::span<std::uint8_t> row) {
        std::uint8_t* to = row.data();
        for (Color c : pixels.subspan(std::size_t{y} * width, width)) {
            c = normal(c);
            *to++ = static_cast<std::uint8_t>(c);
            if (color != PngColor::gray_alpha) {
                *to++ = static_cast<std::uint8_t>(c >> 8);
                *to++ = static_cast<std::uint8_t>(c >> 16);
            }
            if (color != PngColor::rgb) *to++ = static_cast<std::uint8_t>(c >> 24);
        }
    });
}

}  // namespace oort
