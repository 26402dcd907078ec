// SPDX-License-Identifier: Apache-2.0
#include "sprite/sprite.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <new>
#include <shared_mutex>
#include <vector>

#include "base/error.h"
#include "sprite/fit.h"
#include "sprite/palette.h"
#include "sprite/png_writer.h"

namespace oort {

namespace {

constexpr std::uint64_t max_sprite_pixels = std::uint64_t{1} << 29;

struct Freed {
    void operator()(void* memory) const { std::free(memory); }
};

// Zeroed by the system page by page when first touched, hence by the threads that fill the tiles.
template <class T>
std::unique_ptr<T[], Freed> zeroed(std::size_t n) {
    auto* memory = static_cast<T*>(std::calloc(n, sizeof(T)));
    if (!memory) throw std::bad_alloc();
    return std::unique_ptr<T[], Freed>(memory);
}

std::size_t square_side(std::size_t n) {
    std::size_t side = 0;
    while (side * side < n) ++side;
    return side;
}

Color opaque(Rgb color) {
    return pack(color.red, color.green, color.blue, 255);
}

// The colour laid on a solid ground.
Color on_ground(Color color, Color ground) {
    const unsigned alpha = alpha_of(color);
    if (alpha == 255) return color;
    if (alpha == 0) return ground;
    Color result = 0xFF000000;
    for (int shift = 0; shift < 24; shift += 8) {
        const unsigned over = color >> shift & 0xFF;
        const unsigned under = ground >> shift & 0xFF;
        result |= (over * alpha + under * (255 - alpha) + 127) / 255 << shift;
    }
    return result;
}

Color color_at(const std::uint8_t* pixel, int channels) {
    switch (channels) {
        case 1: return pack(pixel[0], pixel[0], pixel[0], 255);
        case 2: return pack(pixel[0], pixel[0], pixel[0], pixel[1]);
        case 3: return pack(pixel[0], pixel[1], pixel[2], 255);
        default: return pack(pixel[0], pixel[1], pixel[2], pixel[3]);
    }
}

std::vector<Color> colors_of(const PixelsView& pixels, const std::optional<Rgb>& transparent) {
    std::vector<Color> colors(pixels.bytes.size() / static_cast<std::size_t>(pixels.channels));
    const std::uint8_t* from = pixels.bytes.data();
    for (Color& color : colors) {
        color = normal(color_at(from, pixels.channels));
        from += pixels.channels;
    }
    if (transparent) {
        const Color key = opaque(*transparent);
        for (Color& color : colors) {
            if ((color | 0xFF000000) == key) color = 0;
        }
    }
    return colors;
}

void check_view(const PixelsView& pixels) {
    const auto [bytes, width, height, channels] = pixels;
    if (width < 1 || height < 1 || channels < 1 || channels > 4) {
        throw Error(
            ErrorCode::invalid_argument,
            fmt::format(
                "a picture of {} x {} pixels and {} channels cannot be drawn: sizes must be "
                "positive, channels 1..4",
                width,
                height,
                channels));
    }
    const std::uint64_t n_pixels =
        static_cast<std::uint64_t>(width) * static_cast<std::uint64_t>(height);
    if (bytes.size() != n_pixels * static_cast<std::uint64_t>(channels)) {
        throw Error(
            ErrorCode::invalid_argument,
            fmt::format("a picture of {} x {} pixels and {} channels has {} bytes: must be {}",
                        width,
                        height,
                        channels,
                        bytes.size(),
                        n_pixels * static_cast<std::uint64_t>(channels)));
    }
}

}  // namespace

// Pixels are held as numbers of a palette until a 257th colour comes, then as colours. Whoever
// writes a tile holds `form` shared; only the change of form holds it alone.
struct Sprite::Canvas {
    std::size_t n_tiles;
    std::size_t side;
    PixelSize tile;
    std::size_t width;
    std::size_t height;
    std::unique_ptr<std::uint8_t[], Freed> indices;
    std::unique_ptr<Color[], Freed> colors;
    Palette palette;
    std::vector<std::uint8_t> is_set;
    std::shared_mutex form;

    Canvas(std::size_t n, PixelSize tile_size)
        : n_tiles(n),
          side(square_side(n)),
          tile(tile_size),
          width(side * static_cast<std::size_t>(tile.width)),
          height(side * static_cast<std::size_t>(tile.height)),
          indices(zeroed<std::uint8_t>(width * height)),
          is_set(n) {}

    std::size_t n_pixels() const { return width * height; }

    // Calls body(place in the canvas, place in the tile) for the beginning of each line of a tile.
    template <class Body>
    void for_each_line(std::size_t row, Body&& body) const {
        const auto tile_width = static_cast<std::size_t>(tile.width);
        const auto tile_height = static_cast<std::size_t>(tile.height);
        const std::size_t corner = row / side * tile_height * width + row % side * tile_width;
        for (std::size_t y = 0; y < tile_height; ++y) body(corner + y * width, y * tile_width);
    }

    // False if the palette has no room for one of the colours.
    bool write_indices(std::size_t row, const std::vector<Color>& pixels) {
        Color last = pixels.front();
        int index = palette.index_of(last);
        bool fits = index != Palette::full;
        for_each_line(row, [&](std::size_t to, std::size_t from) {
            for (std::size_t x = 0; fits && x < static_cast<std::size_t>(tile.width); ++x) {
                if (pixels[from + x] != last) {
                    last = pixels[from + x];
                    index = palette.index_of(last);
                    fits = index != Palette::full;
                }
                indices[to + x] = static_cast<std::uint8_t>(index);
            }
        });
        return fits;
    }

    void write_colors(std::size_t row, const std::vector<Color>& pixels) {
        for_each_line(row, [&](std::size_t to, std::size_t from) {
            std::copy_n(
                pixels.begin() + static_cast<std::ptrdiff_t>(from), tile.width, &colors[to]);
        });
    }

    void fill_indices(std::size_t row, int index) {
        for_each_line(row, [&](std::size_t to, std::size_t) {
            std::fill_n(&indices[to], tile.width, static_cast<std::uint8_t>(index));
        });
    }

    void hold_colors() {
        if (colors) return;
        colors = zeroed<Color>(n_pixels());
        for (std::size_t row = 0; row < n_tiles; ++row) {
            if (!is_set[row]) continue;
            for_each_line(row, [&](std::size_t begin, std::size_t) {
                for (std::size_t i = begin; i < begin + static_cast<std::size_t>(tile.width); ++i) {
                    colors[i] = palette.colors()[indices[i]];
                }
            });
        }
        indices.reset();
    }

    void write(std::size_t row, const std::vector<Color>& pixels) {
        {
            const std::shared_lock lock(form);
            if (colors || write_indices(row, pixels)) {
                if (colors) write_colors(row, pixels);
                is_set[row] = 1;
                return;
            }
        }
        {
            const std::unique_lock lock(form);
            is_set[row] = 0;  // half written
            hold_colors();
        }
        const std::shared_lock lock(form);
        write_colors(row, pixels);
        is_set[row] = 1;
    }

    // Gives the tiles never set their colour, before the indices are written out.
    void fill_unset() {
        const bool any_unset = std::find(is_set.begin(), is_set.end(), 0) != is_set.end();
        const bool has_rest = n_tiles < side * side;
        if (colors || (!any_unset && !has_rest)) return;
        int index = palette.index_of(0);
        if (index == Palette::full && any_unset) return hold_colors();
        if (index == Palette::full) {
            // Nobody looks past the last row, so no 257th colour is spent on it.
            const auto& known = palette.colors();
            index = static_cast<int>(std::min_element(known.begin(), known.end()) - known.begin());
        }
        for (std::size_t row = 0; row < side * side; ++row) {
            if (row >= n_tiles || !is_set[row]) fill_indices(row, index);
        }
    }
};

Sprite::Sprite(std::size_t n_tiles, int tile_width, int tile_height) {
    if (n_tiles < 1 || tile_width < 1 || tile_height < 1) {
        throw Error(
            ErrorCode::invalid_argument,
            fmt::format("a sprite of {} tiles of {} x {} pixels cannot be: all must be at least 1",
                        n_tiles,
                        tile_width,
                        tile_height));
    }
    const std::uint64_t tile_pixels =
        static_cast<std::uint64_t>(tile_width) * static_cast<std::uint64_t>(tile_height);
    const bool countable = n_tiles <= max_sprite_pixels && tile_pixels <= max_sprite_pixels;
    const std::uint64_t side = countable ? square_side(n_tiles) : 0;
    if (!countable || side * side > max_sprite_pixels / tile_pixels) {
        throw Error(
            ErrorCode::too_large,
            fmt::format("a sprite of {} tiles of {} x {} pixels is too large: at most {} pixels",
                        n_tiles,
                        tile_width,
                        tile_height,
                        max_sprite_pixels));
    }
    canvas_ = std::make_unique<Canvas>(n_tiles, PixelSize{tile_width, tile_height});
}

Sprite::~Sprite() = default;
Sprite::Sprite(Sprite&&) noexcept = default;
Sprite& Sprite::operator=(Sprite&&) noexcept = default;

void Sprite::set_tile(std::size_t row, const PixelsView& pixels, const TileColors& colors) {
    if (row >= canvas_->n_tiles) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("row {} is out of range: 0..{}", row, canvas_->n_tiles - 1));
    }
    check_view(pixels);
    std::vector<Color> tile = colors_of(pixels, colors.transparent);
    const PixelSize size{pixels.width, pixels.height};
    if (size != canvas_->tile) tile = fit(tile, size, canvas_->tile);
    if (colors.background) {
        const Color ground = opaque(*colors.background);
        for (Color& color : tile) color = on_ground(color, ground);
    }
    canvas_->write(row, tile);
}

std::string Sprite::png() const {
    Canvas& canvas = *canvas_;
    canvas.fill_unset();
    const auto width = static_cast<std::uint32_t>(canvas.width);
    const auto height = static_cast<std::uint32_t>(canvas.height);
    if (canvas.colors)
        return write_direct_png(width, height, {canvas.colors.get(), canvas.n_pixels()});
    return write_indexed_png(
        width, height, {canvas.indices.get(), canvas.n_pixels()}, canvas.palette.colors());
}

std::size_t Sprite::n_tiles() const noexcept {
    return canvas_->n_tiles;
}

std::size_t Sprite::columns() const noexcept {
    return canvas_->side;
}

std::size_t Sprite::lines() const noexcept {
    return canvas_->side;
}

int Sprite::tile_width() const noexcept {
    return canvas_->tile.width;
}

int Sprite::tile_height() const noexcept {
    return canvas_->tile.height;
}

}  // namespace oort
