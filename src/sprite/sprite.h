// SPDX-License-Identifier: Apache-2.0
// The sprite: one PNG with a tile for each row of an embedding, in the layout that the TensorFlow
// projector reads and Comet's SDK writes: ceil(sqrt(n)) tiles a line, row i at line i / columns,
// column i % columns. Grammar and limits: docs/formats/sprite.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace oort {

struct Rgb {
    std::uint8_t red = 0;
    std::uint8_t green = 0;
    std::uint8_t blue = 0;

    bool operator==(const Rgb&) const = default;
};

/// Someone else's pixels: height x width x channels bytes, row-major, without gaps.
struct PixelsView {
    std::span<const std::uint8_t> bytes;
    int width = 0;
    int height = 0;
    int channels = 1;  ///< 1 gray, 2 gray and alpha, 3 RGB, 4 RGBA
};

/// What happens to a tile's colours, in this order.
struct TileColors {
    std::optional<Rgb> transparent =
        std::nullopt;  ///< pixels of exactly this colour become transparent
    std::optional<Rgb> background =
        std::nullopt;  ///< then the tile is laid on a solid ground of this colour
};

/// An atlas being filled. Tiles may be set in any order and from several threads at once, as long
/// as no two threads set the same row; png() and the destructor must not run beside set_tile(). The
/// result depends on neither order nor threads. Memory: one byte a pixel while the whole has at
/// most 256 colours, else four.
///     Sprite sprite(3, 28, 28);
///     sprite.set_tile(0, {digit, 28, 28, 1}, {.transparent = Rgb{0, 0, 0}});
///     std::string bytes = sprite.png();
class Sprite {
  public:
    /// n_tiles >= 1, tiles of tile_width x tile_height pixels, all transparent.
    /// Throws Error(invalid_argument) for sizes not positive, Error(too_large) for more than 2^29
    /// pixels in all.
    Sprite(std::size_t n_tiles, int tile_width, int tile_height);
    ~Sprite();
    Sprite(Sprite&&) noexcept;
    Sprite& operator=(Sprite&&) noexcept;

    /// Draws a picture into the tile of `row`. A picture of another size is fitted to the tile, its
    /// aspect kept, centred, the rest transparent (or background): shrunk by area average, enlarged
    /// by whole factors by repeating pixels and else bilinearly, alpha-weighted. Setting a row
    /// again replaces its tile. Throws Error(invalid_argument) if row >= n_tiles or the view's
    /// sizes do not agree.
    void set_tile(std::size_t row, const PixelsView& pixels, const TileColors& colors = {});

    /// The atlas as a PNG: columns() * tile_width x lines() * tile_height pixels. Rows never set
    /// are transparent; what lies past the last row is unspecified (nothing draws it).
    std::string png() const;

    std::size_t n_tiles() const noexcept;
    std::size_t columns() const noexcept;  ///< ceil(sqrt(n_tiles))
    std::size_t lines()
        const noexcept;  ///< as many as columns: the TensorFlow projector needs a square
    int tile_width() const noexcept;
    int tile_height() const noexcept;

  private:
    struct Canvas;
    std::unique_ptr<Canvas> canvas_;
};

}  // namespace oort
