// SPDX-License-Identifier: Apache-2.0
// Any picture into a tile of a given size.
#pragma once

#include <span>
#include <vector>

#include "sprite/palette.h"

namespace oort {

struct PixelSize {
    int width = 0;
    int height = 0;

    bool operator==(const PixelSize&) const = default;
};

/// The largest size of the picture's aspect that fits the tile; at least one pixel each way.
PixelSize fitted_size(PixelSize picture, PixelSize tile);

/// The picture scaled to fitted_size() and centred in a tile that is transparent elsewhere:
/// tile.width * tile.height colours. Shrinking averages areas, enlarging by a whole factor repeats
/// pixels, other enlarging is bilinear; colours are weighted by their alpha, so that transparent
/// ones do not bleed.
std::vector<Color> fit(std::span<const Color> picture, PixelSize size, PixelSize tile);

}  // namespace oort
