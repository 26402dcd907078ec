// SPDX-License-Identifier: Apache-2.0
#include "raster/raster.h"

#include "raster/lanes.h"

namespace oort {
namespace {

constexpr uint32_t depth_max = (1u << raster_depth_bits) - 1;
constexpr uint32_t depth_span = depth_max - raster_depth_front - 1;
constexpr float factor_min = 0.5f;
constexpr float factor_max = 2.5f;

struct StampRow {
    int8_t start;
    int8_t length;
};

/// Rows of every disc, diameter 1..64, one after another; diameter d begins at d (d - 1) / 2.
struct Stamps {
    StampRow rows[raster_diameter_max_px * (raster_diameter_max_px + 1) / 2];
};

/// A pixel belongs to a disc when its centre does; the -2 rounds the corners of the smallest ones.
constexpr Stamps make_stamps() {
    Stamps stamps{};
    for (int d = 1; d <= raster_diameter_max_px; ++d) {
        const int limit = d == 1 ? 0 : d * d - 2;
        for (int row = 0; row < d; ++row) {
            const int v = 2 * row + 1 - d;
            int first = d;
            int last = -1;
            for (int column = 0; column < d; ++column) {
                const int u = 2 * column + 1 - d;
                if (u * u + v * v > limit) continue;
                if (column < first) first = column;
                last = column;
            }
            StampRow& out = stamps.rows[d * (d - 1) / 2 + row];
            out.start = static_cast<int8_t>(first);
            out.length = static_cast<int8_t>(last - first + 1);
        }
    }
    return stamps;
}

constexpr Stamps stamps = make_stamps();

/// Lanes beyond a row's end get key 0xFFFFFFFF, which `min` ignores.
constexpr Uint4 tail_masks[5] = {
    {~0u, ~0u, ~0u, ~0u}, {0, ~0u, ~0u, ~0u}, {0, 0, ~0u, ~0u}, {0, 0, 0, ~0u}, {0, 0, 0, 0}};

inline void stamp_run(uint32_t* p, uint32_t key, int lanes) {
    const Uint4 keys = key | tail_masks[lanes];
    const Uint4 old = load(p);
    store(p, keys < old ? keys : old);
}

inline void stamp(const RasterTarget& target, int x, int y, int diameter, uint32_t key) {
    const StampRow* rows = stamps.rows + diameter * (diameter - 1) / 2;
    uint32_t* line = target.keys + static_cast<int64_t>(y) * target.stride + x;
    if (diameter <= 4) {
        for (int row = 0; row < diameter; ++row, line += target.stride) {
            stamp_run(line + rows[row].start, key, rows[row].length);
        }
        return;
    }
    for (int row = 0; row < diameter; ++row, line += target.stride) {
        uint32_t* p = line + rows[row].start;
        int left = rows[row].length;
        for (; left > 4; left -= 4, p += 4) stamp_run(p, key, 4);
        stamp_run(p, key, left);
    }
}

inline uint32_t depth_of(const RasterView& view, float w, uint32_t index) {
    if (view.flat) return depth_max - 1 - index % depth_span;
    float f = (w - view.near_w) * (1 / (view.far_w - view.near_w));
    f = f < 0 ? 0 : f > 1 ? 1 : f;
    return raster_depth_front + static_cast<uint32_t>(f * static_cast<float>(depth_span));
}

struct Placed {
    float x;
    float y;
    float w;
};

inline bool inside(const RasterTarget& target, const RasterView& view, const Placed& at) {
    constexpr float reach = raster_diameter_max_px / 2;
    return at.w > view.near_w && at.x > -reach && at.y > -reach &&
           at.x < static_cast<float>(target.width) + reach &&
           at.y < static_cast<float>(target.height) + reach;
}

inline float diameter_of(const RasterView& view, float w) {
    if (view.flat) return view.diameter_px;
    float factor = view.focus_w * (1 / w);
    factor = factor < factor_min ? factor_min : factor > factor_max ? factor_max : factor;
    return view.diameter_px * factor;
}

inline int whole_px(float diameter) {
    const int d = static_cast<int>(diameter + 0.5f);
    return d < 1 ? 1 : d > raster_diameter_max_px ? raster_diameter_max_px : d;
}

inline void stamp_centred(const RasterTarget& target, const Placed& at, int d, uint32_t key) {
    // Offset to positive numbers first: a cast truncates towards zero, which is floor only there.
    const float half = static_cast<float>(raster_pad_px) - static_cast<float>(d - 1) * 0.5f;
    const int x = static_cast<int>(at.x + half) - raster_pad_px;
    const int y = static_cast<int>(at.y + half) - raster_pad_px;
    stamp(target, x, y, d, key);
}

inline void splat_one(const RasterPoints& points,
                      const RasterView& view,
                      const RasterTarget& target,
                      uint32_t i,
                      const Placed& at) {
    const uint32_t state = points.states[i];
    if (state == state_hidden || state > state_selected || !inside(target, view, at)) return;
    const uint32_t kind = state == state_dimmed ? kind_dimmed : kind_normal;
    const uint32_t key = depth_of(view, at.w, i) << raster_depth_shift | kind << 8 |
                         static_cast<uint32_t>(points.slots[i]);
    stamp_centred(target, at, whole_px(diameter_of(view, at.w)), key);
}

/// splat_one for points i..i+3, with everything but the stamping done side by side.
inline void splat_four(const RasterPoints& points,
                       const RasterView& view,
                       const RasterTarget& target,
                       uint32_t i) {
    const float* r = view.rows;
    const Float4 x = load(points.x + i);
    const Float4 y = load(points.y + i);
    const Float4 z = load(points.z + i);
    const Float4 w = r[8] * x + r[9] * y + r[10] * z + r[11];
    const Float4 inverse = 1.0f / w;
    const Float4 px = (r[0] * x + r[1] * y + r[2] * z + r[3]) * inverse;
    const Float4 py = (r[4] * x + r[5] * y + r[6] * z + r[7]) * inverse;
    constexpr float reach = raster_diameter_max_px / 2;
    const Int4 seen = (w > view.near_w) & (px > -reach) & (py > -reach) &
                      (px < static_cast<float>(target.width) + reach) &
                      (py < static_cast<float>(target.height) + reach);
    const float range = 1 / (view.far_w - view.near_w);
    const Float4 far = clamped((w - view.near_w) * range, 0, 1);
    const Uint4 depth = __builtin_convertvector(far * static_cast<float>(depth_span), Uint4);
    const Float4 factor = clamped(view.focus_w * inverse, factor_min, factor_max);
    const Float4 exact =
        clamped(view.diameter_px * factor + 0.5f, 1, raster_diameter_max_px + 0.5f);
    const Int4 diameter = __builtin_convertvector(exact, Int4);
    const Float4 whole = __builtin_convertvector(diameter, Float4);
    const Float4 half = static_cast<float>(raster_pad_px) - (whole - 1.0f) * 0.5f;
    // Unseen lanes may hold anything; as zeros they convert without overflow.
    const Float4 column = seen ? px + half : spread(0.0f);
    const Float4 row = seen ? py + half : spread(0.0f);
    const Int4 left = __builtin_convertvector(column, Int4) - raster_pad_px;
    const Int4 top = __builtin_convertvector(row, Int4) - raster_pad_px;
    for (int lane = 0; lane < 4; ++lane) {
        const uint32_t at = i + static_cast<uint32_t>(lane);
        const uint32_t state = points.states[at];
        if (seen[lane] == 0 || state == state_hidden || state > state_selected) continue;
        const uint32_t kind = state == state_dimmed ? kind_dimmed : kind_normal;
        const uint32_t key = (depth[lane] + raster_depth_front) << raster_depth_shift | kind << 8 |
                             static_cast<uint32_t>(points.slots[at]);
        stamp(target, left[lane], top[lane], diameter[lane], key);
    }
}

inline Placed place(const RasterPoints& points, const float* r, uint32_t i) {
    const float x = points.x[i];
    const float y = points.y[i];
    const float z = points.z[i];
    const float w = r[8] * x + r[9] * y + r[10] * z + r[11];
    const float inverse = 1 / w;
    return {(r[0] * x + r[1] * y + r[2] * z + r[3]) * inverse,
            (r[4] * x + r[5] * y + r[6] * z + r[7]) * inverse,
            w};
}

}  // namespace

extern "C" {

void raster_fill(uint32_t* keys, uint32_t count, uint32_t value) {
    const Uint4 four = {value, value, value, value};
    for (uint32_t i = 0; i < count; i += 4) store(keys + i, four);
}

void raster_splat(const RasterPoints* points,
                  const RasterView* view,
                  const RasterTarget* target,
                  uint32_t begin,
                  uint32_t end) {
    uint32_t i = begin;
    if (!view->flat) {
        for (; i + 4 <= end; i += 4) splat_four(*points, *view, *target, i);
    }
    for (; i < end; ++i) splat_one(*points, *view, *target, i, place(*points, view->rows, i));
}

void raster_splat_selected(const RasterPoints* points,
                           const RasterView* view,
                           const RasterTarget* target,
                           const uint32_t* positions,
                           uint32_t count,
                           float ring_px) {
    for (uint32_t k = 0; k < count; ++k) {
        const uint32_t i = positions[k];
        if (i >= points->n || points->states[i] != state_selected) continue;
        const Placed at = place(*points, view->rows, i);
        if (!inside(*target, *view, at)) continue;
        const uint32_t key = raster_depth_key(view, at.w, i, 1) | points->slots[i];
        const float diameter = diameter_of(*view, at.w) * 1.25f;
        const int ring = whole_px(diameter + 2 * ring_px);
        stamp_centred(*target, at, whole_px(diameter), key | kind_selected << 8);
        stamp_centred(*target, at, ring, key | kind_outline << 8);
    }
}

uint32_t raster_depth_key(const RasterView* view, float w, uint32_t index, uint32_t selected) {
    const uint32_t depth = depth_of(*view, w, index);
    return (selected ? depth >> 6 : depth) << raster_depth_shift;
}

void raster_mix(const float* from, const float* to, uint32_t n, float t, float* out) {
    for (uint32_t i = 0; i < n; ++i) {
        const float mixed = from[i] + (to[i] - from[i]) * t;
        out[i] = mixed == mixed ? mixed : to[i];
    }
}

}  // extern "C"

}  // namespace oort
