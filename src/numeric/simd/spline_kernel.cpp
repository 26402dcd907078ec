// SPDX-License-Identifier: Apache-2.0
#include "numeric/simd/spline_kernel.h"

#include <algorithm>

// Vectors whose length is known only at run time cannot stand in arrays of registers.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "numeric/simd/spline_kernel.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();

namespace oort::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::CappedTag<float, 16>;
using Integers = hn::RebindToSigned<Floats>;
using Vector = hn::Vec<Floats>;
constexpr std::size_t lanes = hn::MaxLanes(Floats());
constexpr std::size_t batch = 16;
constexpr float zeros[4] = {0, 0, 0, 0};

#if HWY_TARGET == HWY_SCALAR
struct Quad {
    float v[4];
};

HWY_INLINE Quad load_quad(const float* at) {
    return {{at[0], at[1], at[2], at[3]}};
}

HWY_INLINE void store_quad(const Quad& a, float* at) {
    for (std::size_t i = 0; i < 4; ++i) at[i] = a.v[i];
}

HWY_INLINE Quad multiply(const Quad& a, const Quad& b) {
    return {{a.v[0] * b.v[0], a.v[1] * b.v[1], a.v[2] * b.v[2], a.v[3] * b.v[3]}};
}

HWY_INLINE Quad multiply_add(const Quad& a, float b, const Quad& c) {
    Quad sum = c;
    for (std::size_t i = 0; i < 4; ++i) sum.v[i] += a.v[i] * b;
    return sum;
}

void store_fours(Vector a, Vector b, Vector c, Vector d, float* at) {
    store_quad({{a.raw, b.raw, c.raw, d.raw}}, at);
}

/// The sum of each four floats.
Vector sum_fours(const float* at) {
    return Vector((at[0] + at[1]) + (at[2] + at[3]));
}
#else
using Four = hn::FixedTag<float, 4>;
using Quad = hn::Vec<Four>;

HWY_INLINE Quad load_quad(const float* at) {
    return hn::LoadU(Four(), at);
}

HWY_INLINE void store_quad(Quad a, float* at) {
    hn::StoreU(a, Four(), at);
}

HWY_INLINE Quad multiply(Quad a, Quad b) {
    return hn::Mul(a, b);
}

HWY_INLINE Quad multiply_add(Quad a, float b, Quad c) {
    return hn::MulAdd(a, hn::Set(Four(), b), c);
}

HWY_INLINE void store_fours(Vector a, Vector b, Vector c, Vector d, float* at) {
    hn::StoreInterleaved4(a, b, c, d, Floats(), at);
}

/// The sum of each four floats.
HWY_INLINE Vector sum_fours(const float* at) {
    Vector a;
    Vector b;
    Vector c;
    Vector d;
    hn::LoadInterleaved4(Floats(), at, a, b, c, d);
    return hn::Add(hn::Add(a, b), hn::Add(c, d));
}
#endif

/// Of 16 points: the first of the four nodes they touch along one axis, the weights of these, and
/// the weights' derivatives.
struct Axis {
    std::int32_t first[batch];
    HWY_ALIGN float weights[4 * batch];
    HWY_ALIGN float slopes[4 * batch];
};

HWY_INLINE void weigh(const float* at, float origin, float inverse_h, Axis& axis) {
    const Floats f;
    const auto one = hn::Set(f, 1);
    const auto sixth = hn::Set(f, 1.0F / 6);
    for (std::size_t l = 0; l < batch; l += lanes) {
        const auto scaled =
            hn::Mul(hn::Sub(hn::LoadU(f, at + l), hn::Set(f, origin)), hn::Set(f, inverse_h));
        const auto whole = hn::Floor(scaled);
        const auto t = hn::Sub(scaled, whole);
        const auto u = hn::Sub(one, t);
        hn::StoreU(hn::Sub(hn::ConvertTo(Integers(), whole), hn::Set(Integers(), 1)),
                   Integers(),
                   axis.first + l);
        const auto t2 = hn::Mul(t, t);
        const auto u2 = hn::Mul(u, u);
        const auto half = hn::Set(f, 0.5F);
        const auto two_thirds = hn::Set(f, 2.0F / 3);
        // The four pieces of the spline; the inner ones are 2/3 - t^2 + t^3 / 2 and its mirror.
        store_fours(hn::Mul(sixth, hn::Mul(u2, u)),
                    hn::MulAdd(t2, hn::MulSub(half, t, one), two_thirds),
                    hn::MulAdd(u2, hn::MulSub(half, u, one), two_thirds),
                    hn::Mul(sixth, hn::Mul(t2, t)),
                    axis.weights + 4 * l);
        const auto inner = hn::Set(f, 1.5F);
        const auto two = hn::Set(f, 2);
        store_fours(hn::Neg(hn::Mul(half, u2)),
                    hn::Mul(t, hn::MulSub(inner, t, two)),
                    hn::Neg(hn::Mul(u, hn::MulSub(inner, u, two))),
                    hn::Mul(half, t2),
                    axis.slopes + 4 * l);
    }
}

HWY_INLINE std::size_t corner(const Axis& rows, const Axis& columns, std::size_t i, std::size_t p) {
    return static_cast<std::size_t>(rows.first[i]) * p + static_cast<std::size_t>(columns.first[i]);
}

void SpreadCharges(const PointColumns& points, const SplineGrid& grid) {
    Axis columns;
    Axis rows;
    for (std::size_t begin = 0; begin < points.n; begin += batch) {
        weigh(points.x + begin, grid.x0, grid.inverse_h, columns);
        weigh(points.y + begin, grid.y0, grid.inverse_h, rows);
        const std::size_t count = std::min(batch, points.n - begin);
        for (std::size_t i = 0; i < count; ++i) {
            float* at = grid.values + corner(rows, columns, i, grid.pitch);
            const Quad across = load_quad(columns.weights + 4 * i);
            for (std::size_t r = 0; r < 4; ++r, at += grid.pitch)
                store_quad(multiply_add(across, rows.weights[4 * i + r], load_quad(at)), at);
        }
    }
}

double GatherForces(const PointColumns& points,
                    const SplineGrid& grid,
                    const std::uint32_t* order,
                    float* forces) {
    const Floats f;
    Axis columns;
    Axis rows;
    HWY_ALIGN float value[4 * batch] = {};
    HWY_ALIGN float across_slope[4 * batch] = {};
    HWY_ALIGN float down_slope[4 * batch] = {};
    HWY_ALIGN float fx[batch];
    HWY_ALIGN float fy[batch];
    const auto scale = hn::Set(f, -0.5F * grid.inverse_h);
    double total = 0;
    for (std::size_t begin = 0; begin < points.n; begin += batch) {
        weigh(points.x + begin, grid.x0, grid.inverse_h, columns);
        weigh(points.y + begin, grid.y0, grid.inverse_h, rows);
        const std::size_t count = std::min(batch, points.n - begin);
        for (std::size_t i = 0; i < count; ++i) {
            const float* at = grid.values + corner(rows, columns, i, grid.pitch);
            Quad sum = load_quad(zeros);
            Quad slope = sum;
            for (std::size_t r = 0; r < 4; ++r, at += grid.pitch) {
                const Quad nodes = load_quad(at);
                sum = multiply_add(nodes, rows.weights[4 * i + r], sum);
                slope = multiply_add(nodes, rows.slopes[4 * i + r], slope);
            }
            const Quad across = load_quad(columns.weights + 4 * i);
            store_quad(multiply(sum, across), value + 4 * i);
            store_quad(multiply(sum, load_quad(columns.slopes + 4 * i)), across_slope + 4 * i);
            store_quad(multiply(slope, across), down_slope + 4 * i);
        }
        for (std::size_t i = count; i < batch; ++i) store_quad(load_quad(zeros), value + 4 * i);
        auto sums = hn::Zero(f);
        for (std::size_t l = 0; l < batch; l += lanes) {
            sums = hn::Add(sums, sum_fours(value + 4 * l));
            hn::Store(hn::Mul(scale, sum_fours(across_slope + 4 * l)), f, fx + l);
            hn::Store(hn::Mul(scale, sum_fours(down_slope + 4 * l)), f, fy + l);
        }
        total += static_cast<double>(hn::GetLane(hn::SumOfLanes(f, sums)));
        for (std::size_t i = 0; i < count; ++i) {
            forces[2 * order[begin + i]] = fx[i];
            forces[2 * order[begin + i] + 1] = fy[i];
        }
    }
    return total;
}

void StudentRow(float dy, float x0, float step, std::size_t n, float* values) {
    const Floats f;
    const auto base = hn::Set(f, 1 + dy * dy);
    for (std::size_t i = 0; i < n; i += lanes) {
        const auto index = hn::Iota(f, static_cast<float>(i));
        const auto x = hn::MulAdd(index, hn::Set(f, step), hn::Set(f, x0));
        const auto value = hn::Div(hn::Set(f, 1), hn::MulAdd(x, x, base));
        if (i + lanes <= n) {
            hn::StoreU(value, f, values + i);
        } else {
            hn::BlendedStore(value, hn::FirstN(f, n - i), f, values + i);
        }
    }
}

}  // namespace
}  // namespace oort::HWY_NAMESPACE

HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace oort {

HWY_EXPORT(SpreadCharges);
HWY_EXPORT(GatherForces);
HWY_EXPORT(StudentRow);

void spread_charges(const PointColumns& points, const SplineGrid& grid) noexcept {
    HWY_DYNAMIC_DISPATCH(SpreadCharges)(points, grid);
}

double gather_forces(const PointColumns& points,
                     const SplineGrid& grid,
                     const std::uint32_t* order,
                     float* forces) noexcept {
    return HWY_DYNAMIC_DISPATCH(GatherForces)(points, grid, order, forces);
}

void student_row(float dy, float x0, float step, std::size_t n, float* values) noexcept {
    HWY_DYNAMIC_DISPATCH(StudentRow)(dy, x0, step, n, values);
}

}  // namespace oort
#endif
