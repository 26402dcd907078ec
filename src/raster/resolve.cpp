// SPDX-License-Identifier: Apache-2.0
// Keys to colours.
#include "raster/lanes.h"
#include "raster/raster.h"

namespace oort {
namespace {

/// Darker rims look dirty; with this floor they only part the points.
constexpr float shade_min = 0.62f;

constexpr uint32_t red_and_blue = 0x00FF00FFu;

inline bool all_empty(Uint4 keys) {
    return (keys[0] & keys[1] & keys[2] & keys[3]) == raster_empty_key;
}

inline uint32_t colour_of(const RasterResolve& how, uint32_t key) {
    if (key == raster_empty_key) return how.background;
    const uint32_t kind = key >> 8 & 3;
    const uint32_t fog = key >> 27;
    return how.table[kind << 13 | fog << 8 | (key & 255)];
}

/// How much nearer the neighbour in one direction is, in depth steps.
inline Uint4 nearer(const uint32_t* keys, int64_t step, Uint4 depth) {
    const Uint4 other = load(keys + step) >> raster_depth_shift;
    return other < depth ? depth - other : spread(0u);
}

/// 256 = unchanged. Darkens what lies behind its nearer neighbours; never the selected, nor
/// nothing.
inline Uint4 shade_of(const RasterTarget& target, const RasterResolve& how, const uint32_t* p) {
    const Uint4 keys = load(p);
    const Uint4 depth = keys >> raster_depth_shift;
    const int64_t line = static_cast<int64_t>(how.scale) * target.stride;
    const Uint4 sum = nearer(p, -how.scale, depth) + nearer(p, how.scale, depth) +
                      nearer(p, -line, depth) + nearer(p, line, depth);
    const float strength = how.edge / static_cast<float>(1u << raster_depth_bits);
    const Float4 shade = 1.0f / (1.0f + __builtin_convertvector(sum, Float4) * strength);
    const Uint4 whole = __builtin_convertvector(clamped(shade, shade_min, 1) * 256.0f, Uint4);
    const Uint4 full = spread(256u);
    const Uint4 plain = (keys >> 8 & 2u) != 0u ? full : whole;
    return keys == raster_empty_key ? full : plain;
}

/// Four pixels of the key buffer in colour.
inline Uint4 four(const RasterTarget& target, const RasterResolve& how, const uint32_t* p) {
    const Uint4 colours = {
        colour_of(how, p[0]), colour_of(how, p[1]), colour_of(how, p[2]), colour_of(how, p[3])};
    if (how.edge <= 0) return colours;
    const Uint4 shade = shade_of(target, how, p);
    const Uint4 outer = ((colours & red_and_blue) * shade >> 8) & red_and_blue;
    const Uint4 inner = ((colours & 0xFF00u) * shade >> 8) & 0xFF00u;
    return outer | inner | (colours & 0xFF000000u);
}

void resolve_row(const RasterTarget& target, const RasterResolve& how, int32_t y) {
    const uint32_t* keys = target.keys + static_cast<int64_t>(y) * target.stride;
    uint32_t* out = how.pixels + static_cast<int64_t>(y) * target.width;
    const Uint4 background = spread(how.background);
    int32_t x = 0;
    for (; x + 4 <= target.width; x += 4) {
        const bool empty = all_empty(load(keys + x));
        store(out + x, empty ? background : four(target, how, keys + x));
    }
    // The pad right of the picture holds keys too, so the last few may be read as four.
    const Uint4 rest = four(target, how, keys + x);
    for (int32_t lane = 0; x + lane < target.width; ++lane) out[x + lane] = rest[lane];
}

/// Means of 2 x 2: two pixels out of four columns of two rows.
inline void store_means(uint32_t* out, Uint4 upper, Uint4 lower) {
    const Uint4 outer = (upper & red_and_blue) + (lower & red_and_blue);
    const Uint4 inner = (upper >> 8 & red_and_blue) + (lower >> 8 & red_and_blue);
    for (int k = 0; k < 2; ++k) {
        const uint32_t o = (outer[2 * k] + outer[2 * k + 1] + 0x00020002u) >> 2 & red_and_blue;
        const uint32_t i = (inner[2 * k] + inner[2 * k + 1] + 0x00020002u) >> 2 & red_and_blue;
        out[k] = o | i << 8;
    }
}

void resolve_row_pair(const RasterTarget& target, const RasterResolve& how, int32_t y) {
    const uint32_t* upper = target.keys + static_cast<int64_t>(2 * y) * target.stride;
    const uint32_t* lower = upper + target.stride;
    const int32_t width = target.width / 2;
    uint32_t* out = how.pixels + static_cast<int64_t>(y) * width;
    for (int32_t x = 0; x < width; x += 2) {
        const uint32_t* a = upper + 2 * x;
        const uint32_t* b = lower + 2 * x;
        uint32_t means[2] = {how.background, how.background};
        if (!all_empty(load(a) & load(b))) {
            store_means(means, four(target, how, a), four(target, how, b));
        }
        out[x] = means[0];
        if (x + 1 < width) out[x + 1] = means[1];
    }
}

}  // namespace

extern "C" void raster_resolve(const RasterTarget* target, const RasterResolve* how) {
    const int32_t height = target->height / how->scale;
    for (int32_t y = 0; y < height; ++y) {
        if (how->scale == 2) {
            resolve_row_pair(*target, *how, y);
        } else {
            resolve_row(*target, *how, y);
        }
    }
}

}  // namespace oort
