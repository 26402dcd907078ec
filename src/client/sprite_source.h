// SPDX-License-Identifier: Apache-2.0
// A sprite not yet built: the tiles' pixels as they were given, in the spool. Writing them down is
// quick and belongs to the call that logs; compressing them is slow and belongs to the background
// thread.
//
// The file is one line of JSON
// {"n_tiles","tile_width","tile_height","transparent","has_backgrounds", "size"}, then n_tiles x 3
// bytes of background colours if it has them, then, if "size" is null, n_tiles x (width, height,
// channels) as u32 little-endian, then all pixels one after the other. "size" is [width, height,
// channels] when all pictures have the same.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sprite/sprite.h"

namespace oort {

struct SpritePlan {
    std::span<const PixelsView> tiles;  ///< at least one
    int tile_width = 0;
    int tile_height = 0;
    std::optional<Rgb> transparent = std::nullopt;
    std::vector<Rgb> backgrounds = {};  ///< one a tile, or empty
};

/// Throws Error(invalid_argument) if the plan is not one: no tiles, a size not positive or too
/// large, pixels that do not fill their picture, backgrounds of another number.
void check_sprite_plan(const SpritePlan& plan);

/// The sprite as a PNG, built by several threads.
std::string build_sprite(const SpritePlan& plan);

/// Returns how many bytes were written.
std::uint64_t write_sprite_source(const std::filesystem::path& path, const SpritePlan& plan);

/// Throws Error(corrupt) if the file is not whole.
std::string build_sprite(const std::filesystem::path& source);

}  // namespace oort
