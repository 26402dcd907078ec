// SPDX-License-Identifier: Apache-2.0
// Images: scaled once, then copied many times.
#include "raster/raster.h"

namespace oort {
namespace {

inline uint32_t channel(uint32_t colour, int shift) {
    return colour >> shift & 255;
}

/// a * b / 255, rounded; exact for 0..255.
inline uint32_t times(uint32_t a, uint32_t b) {
    const uint32_t product = a * b + 128;
    return (product + (product >> 8)) >> 8;
}

uint32_t tinted(uint32_t colour, uint32_t tint) {
    if (tint == 0xFFFFFFFFu) return colour;
    uint32_t out = colour & 0xFF000000u;
    for (int shift = 0; shift < 24; shift += 8) {
        out |= times(channel(colour, shift), channel(tint, shift)) << shift;
    }
    return out;
}

/// Mixes fade / 256 of an opaque background into a premultiplied colour; its alpha stays.
inline uint32_t faded(uint32_t colour, uint32_t background, uint32_t fade) {
    uint32_t out = colour & 0xFF000000u;
    for (int shift = 0; shift < 24; shift += 8) {
        const uint32_t ground = times(channel(background, shift), colour >> 24);
        const uint32_t mixed = channel(colour, shift) * (256 - fade) + ground * fade;
        out |= (mixed >> 8) << shift;
    }
    return out;
}

/// Premultiplied `top` over `below`.
inline uint32_t over(uint32_t top, uint32_t below) {
    const uint32_t rest = 255 - (top >> 24);
    uint32_t out = 0;
    for (int shift = 0; shift < 32; shift += 8) {
        const uint32_t sum = channel(top, shift) + times(channel(below, shift), rest);
        out |= (sum > 255 ? 255 : sum) << shift;
    }
    return out;
}

/// One axis of the area average. A target pixel spans [t * source, (t + 1) * source) where a source
/// pixel spans [s * target, (s + 1) * target): all overlaps are whole numbers.
struct Span {
    int32_t first;
    int32_t last;
    int64_t begin;
    int64_t end;
    int64_t unit;

    Span(int32_t t, int32_t source, int32_t target)
        : first(static_cast<int32_t>(static_cast<int64_t>(t) * source / target)),
          last(static_cast<int32_t>((static_cast<int64_t>(t + 1) * source - 1) / target)),
          begin(static_cast<int64_t>(t) * source),
          end(static_cast<int64_t>(t + 1) * source),
          unit(target) {}

    uint64_t weight(int32_t s) const {
        const int64_t from = s * unit > begin ? s * unit : begin;
        const int64_t to = (s + 1) * unit < end ? (s + 1) * unit : end;
        return static_cast<uint64_t>(to - from);
    }
};

uint32_t average(const uint32_t* source, int32_t stride, const Span& h, const Span& v) {
    uint64_t sums[4] = {0, 0, 0, 0};
    for (int32_t y = v.first; y <= v.last; ++y) {
        const uint64_t row_weight = v.weight(y);
        for (int32_t x = h.first; x <= h.last; ++x) {
            const uint32_t colour = source[static_cast<int64_t>(y) * stride + x];
            const uint64_t weight = row_weight * h.weight(x);
            for (int k = 0; k < 4; ++k) sums[k] += weight * channel(colour, 8 * k);
        }
    }
    const uint64_t total =
        static_cast<uint64_t>(h.end - h.begin) * static_cast<uint64_t>(v.end - v.begin);
    uint32_t out = 0;
    for (int k = 0; k < 4; ++k) {
        out |= static_cast<uint32_t>((sums[k] + total / 2) / total) << (8 * k);
    }
    return out;
}

}  // namespace

extern "C" void raster_scale_tile(const uint32_t* source,
                                  int32_t source_width,
                                  int32_t source_height,
                                  uint32_t* target,
                                  int32_t target_width,
                                  int32_t target_height,
                                  uint32_t tint) {
    for (int32_t y = 0; y < target_height; ++y) {
        const Span v(y, source_height, target_height);
        uint32_t* out = target + static_cast<int64_t>(y) * target_width;
        for (int32_t x = 0; x < target_width; ++x) {
            const Span h(x, source_width, target_width);
            out[x] = tinted(average(source, source_width, h, v), tint);
        }
    }
}

extern "C" void raster_blit(const RasterTarget* target,
                            const RasterResolve* how,
                            const RasterTile* tile) {
    const int32_t width = target->width / how->scale;
    const int32_t height = target->height / how->scale;
    const int32_t x0 = tile->x < 0 ? -tile->x : 0;
    const int32_t x1 = tile->x + tile->width > width ? width - tile->x : tile->width;
    const int32_t y0 = tile->y < 0 ? -tile->y : 0;
    const int32_t y1 = tile->y + tile->height > height ? height - tile->y : tile->height;
    for (int32_t y = y0; y < y1; ++y) {
        const int64_t line = tile->y + y;
        const uint32_t* keys = target->keys + line * how->scale * target->stride;
        const uint32_t* in = tile->pixels + static_cast<int64_t>(y) * tile->width;
        uint32_t* out = how->pixels + line * width;
        for (int32_t x = x0; x < x1; ++x) {
            uint32_t colour = in[x];
            if (colour >> 24 == 0) continue;
            const int32_t at = tile->x + x;
            if (keys[at * how->scale] < tile->key) continue;
            if (tile->fade > 0) colour = faded(colour, how->background, tile->fade);
            out[at] = colour >> 24 == 255 ? colour : over(colour, out[at]);
        }
    }
}

}  // namespace oort
