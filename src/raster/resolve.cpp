// SPDX-License-Identifier: Apache-2.0
// Keys to colours.
#include "raster/raster.h"

namespace oort {
namespace {

/// Darker rims look dirty; with this floor they only part the points.
constexpr float shade_min = 0.62f;

inline uint32_t colour_of(const uint32_t* table, uint32_t key) {
    const uint32_t kind = key >> 8 & 3;
    const uint32_t fog = key >> 27;
    return table[kind << 13 | fog << 8 | (key & 255)];
}

/// How far the pixel lies behind its nearer neighbours, in shares of the whole depth.
inline float behind(const uint32_t* keys, int32_t stride, int32_t reach, uint32_t depth) {
    const int32_t steps[4] = {-reach, reach, -reach * stride, reach * stride};
    uint32_t sum = 0;
    for (const int32_t step : steps) {
        const uint32_t other = keys[step] >> raster_depth_shift;
        sum += other < depth ? depth - other : 0;
    }
    return static_cast<float>(sum) / static_cast<float>(1u << raster_depth_bits);
}

/// Scales the three colours by shade / 256.
inline uint32_t shaded(uint32_t colour, uint32_t shade) {
    const uint32_t odd = ((colour & 0x00FF00FFu) * shade >> 8) & 0x00FF00FFu;
    const uint32_t even = ((colour & 0x0000FF00u) * shade >> 8) & 0x0000FF00u;
    return odd | even | (colour & 0xFF000000u);
}

inline uint32_t pixel(const RasterTarget& target, const RasterResolve& how, const uint32_t* key) {
    if (*key == raster_empty_key) return how.background;
    const uint32_t colour = colour_of(how.table, *key);
    if (how.edge <= 0 || (*key >> 8 & 3) >= kind_selected) return colour;
    const float depth = behind(key, target.stride, how.scale, *key >> raster_depth_shift);
    const float shade = 1 / (1 + how.edge * depth);
    return shaded(colour, static_cast<uint32_t>((shade < shade_min ? shade_min : shade) * 256));
}

/// Mean of four colours, channel by channel, two channels at a time.
inline uint32_t mean(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
    constexpr uint32_t mask = 0x00FF00FFu;
    const uint32_t odd = (a & mask) + (b & mask) + (c & mask) + (d & mask) + 0x00020002u;
    const uint32_t even = (a >> 8 & mask) + (b >> 8 & mask) + (c >> 8 & mask) + (d >> 8 & mask) +
                          0x00020002u;
    return (odd >> 2 & mask) | (even >> 2 & mask) << 8;
}

void resolve_row(const RasterTarget& target, const RasterResolve& how, int32_t y) {
    const uint32_t* keys = target.keys + static_cast<int64_t>(y) * target.stride;
    uint32_t* out = how.pixels + static_cast<int64_t>(y) * target.width;
    int32_t x = 0;
    for (; x + 4 <= target.width; x += 4) {
        const bool empty = (keys[x] & keys[x + 1] & keys[x + 2] & keys[x + 3]) == raster_empty_key;
        for (int32_t lane = 0; lane < 4; ++lane) {
            out[x + lane] = empty ? how.background : pixel(target, how, keys + x + lane);
        }
    }
    for (; x < target.width; ++x) out[x] = pixel(target, how, keys + x);
}

void resolve_row_pair(const RasterTarget& target, const RasterResolve& how, int32_t y) {
    const uint32_t* upper = target.keys + static_cast<int64_t>(2 * y) * target.stride;
    const uint32_t* lower = upper + target.stride;
    const int32_t width = target.width / 2;
    uint32_t* out = how.pixels + static_cast<int64_t>(y) * width;
    for (int32_t x = 0; x < width; ++x) {
        const uint32_t* a = upper + 2 * x;
        const uint32_t* b = lower + 2 * x;
        if ((a[0] & a[1] & b[0] & b[1]) == raster_empty_key) {
            out[x] = how.background;
            continue;
        }
        out[x] = mean(pixel(target, how, a),
                      pixel(target, how, a + 1),
                      pixel(target, how, b),
                      pixel(target, how, b + 1));
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
