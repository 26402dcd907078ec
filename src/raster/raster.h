// SPDX-License-Identifier: Apache-2.0
// Points and images to pixels on a CPU: one source for the server and, as WebAssembly SIMD, for
// browsers without a GPU. Freestanding: no library, no allocation, no globals that change; the
// caller owns all memory.
//
// Method: every point is a disc stamped with `min` into a buffer of 32-bit keys whose high bits are
// depth, so the picture does not depend on the order of the points and can be refined by stamping
// more of them. A second pass turns keys into colours: fog by table, darkened edges where depth
// jumps (Boucheny 2009, "eye-dome lighting", chapter 3, reduced to four neighbours), and 2 x 2
// averaging when supersampled.
//
// Key, high to low: 22 bits depth (0 = nearest), 2 bits RasterKind, 8 bits palette slot.
// Structs hold only 32-bit fields and pointers: web/src/gl/raster_module.ts writes them by hand.
#pragma once

#include <stdint.h>

namespace oort {

/// Pixels around the picture that stamps may touch, so that no stamp needs clipping.
inline constexpr int32_t raster_pad_px = 72;
/// Largest disc.
inline constexpr int32_t raster_diameter_max_px = 64;
inline constexpr uint32_t raster_empty_key = 0xFFFFFFFFu;
inline constexpr uint32_t raster_depth_bits = 22;
inline constexpr uint32_t raster_depth_shift = 32 - raster_depth_bits;
/// Depths below this are kept for selected points, which thus lie above all others.
inline constexpr uint32_t raster_depth_front = 1u << 16;

enum RasterKind : uint32_t {
    kind_normal = 0,
    kind_dimmed = 1,
    kind_selected = 2,
    kind_outline = 3
};

/// What a point's state byte may be; any other value means "not drawn in this pass".
enum RasterState : uint8_t {
    state_hidden = 0,
    state_normal = 1,
    state_dimmed = 2,
    state_selected = 3
};

/// Columns of n values each, in draw order.
struct RasterPoints {
    const float* x;
    const float* y;
    const float* z;
    const uint8_t* slots;
    const uint8_t* states;
    uint32_t n;
};

/// rows  3 x 4: (rows * (x, y, z, 1)) = (px * w, py * w, w), px and py in pixels of the key buffer.
/// flat  2-D: w is 1 and a later point lies above an earlier one.
/// Diameters are diameter_px * focus_w / w within half and 2.5 times diameter_px.
struct RasterView {
    float rows[12];
    float near_w;
    float far_w;
    float focus_w;
    float diameter_px;
    uint32_t flat;
};

/// keys  the pixel (0, 0) of a buffer of `stride` x (height + 2 raster_pad_px) keys in which
///       raster_pad_px columns and rows precede it; stride >= width + 2 raster_pad_px.
struct RasterTarget {
    uint32_t* keys;
    int32_t stride;
    int32_t width;
    int32_t height;
};

/// table  4 kinds x 32 fog levels x 256 slots of RGBA.
/// edge   strength of the darkening where depth jumps; 0 = none; 10 is gentle.
/// scale  1, or 2: each pixel of `pixels` is the mean of 2 x 2 keys.
struct RasterResolve {
    const uint32_t* table;
    uint32_t background;
    float edge;
    int32_t scale;
    uint32_t* pixels;
};

/// pixels  width x height RGBA, premultiplied.
/// x, y    where its corner goes, in pixels of the picture (not of the key buffer).
/// key     drawn only where the picture's key is larger.
/// fade    0..256, how much of how.background is mixed in.
struct RasterTile {
    const uint32_t* pixels;
    int32_t width;
    int32_t height;
    int32_t x;
    int32_t y;
    uint32_t key;
    uint32_t fade;
};

extern "C" {

/// Fills `count` keys (or pixels) with `value`. count must be a multiple of 4, keys 16-byte
/// aligned.
void raster_fill(uint32_t* keys, uint32_t count, uint32_t value);

/// Stamps points begin..end. Order-free: any split into calls gives the same keys. O(end - begin).
/// Points that are NaN, behind near_w or outside the picture are left out.
void raster_splat(const RasterPoints* points,
                  const RasterView* view,
                  const RasterTarget* target,
                  uint32_t begin,
                  uint32_t end);

/// Stamps the given points above all others, each with an outline `ring_px` wide.
void raster_splat_selected(const RasterPoints* points,
                           const RasterView* view,
                           const RasterTarget* target,
                           const uint32_t* positions,
                           uint32_t count,
                           float ring_px);

/// Keys to RGBA, (width / scale) x (height / scale).
void raster_resolve(const RasterTarget* target, const RasterResolve* how);

/// Area average of a premultiplied RGBA tile, exact in both directions (magnified pixels are crisp
/// blocks), times `tint` per channel (0xFFFFFFFF = unchanged). source and target may not overlap.
void raster_scale_tile(const uint32_t* source,
                       int32_t source_width,
                       int32_t source_height,
                       uint32_t* target,
                       int32_t target_width,
                       int32_t target_height,
                       uint32_t tint);

/// Draws one tile over the resolved picture, hidden where nearer points stand. Call back to front.
void raster_blit(const RasterTarget* target, const RasterResolve* how, const RasterTile* tile);

/// Key of a depth w, without kind and slot; `selected` puts it into the front range.
uint32_t raster_depth_key(const RasterView* view, float w, uint32_t index, uint32_t selected);

/// out = from + (to - from) * t, n values. NaN on either side gives `to`.
void raster_mix(const float* from, const float* to, uint32_t n, float t, float* out);

}  // extern "C"

}  // namespace oort
