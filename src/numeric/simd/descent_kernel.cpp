// SPDX-License-Identifier: Apache-2.0
#include "numeric/simd/descent_kernel.h"

#include <cmath>

// Vectors whose length is known only at run time cannot stand in arrays of registers.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "numeric/simd/descent_kernel.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();

namespace oort::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::CappedTag<float, 16>;
using Vector = hn::Vec<Floats>;
constexpr std::size_t lanes = hn::MaxLanes(Floats());
constexpr std::size_t batch = 16;

/// Factors by which movements are shortened to at most `longest`, one for each of 16 floats.
HWY_INLINE void find_factors(const float* movement, std::size_t stride, float longest, float* out) {
    for (std::size_t i = 0; i < batch; i += stride) {
        float square = 0;
        for (std::size_t c = 0; c < stride; ++c) square += movement[i + c] * movement[i + c];
        float factor = 1;
        if (square > longest * longest) factor = longest / std::sqrt(square);
        for (std::size_t c = 0; c < stride; ++c) out[i + c] = factor;
    }
}

HWY_INLINE void move(const DescentStep& step, const DescentRows& rows, std::size_t at, float* out) {
    const Floats f;
    for (std::size_t l = 0; l < batch; l += lanes) {
        const std::size_t i = at + l;
        const auto gradient =
            hn::NegMulAdd(hn::Set(f, step.repulsion),
                          hn::LoadU(f, rows.repulsion + i),
                          hn::Mul(hn::Set(f, step.attraction), hn::LoadU(f, rows.attraction + i)));
        const auto last = hn::LoadU(f, rows.movement + i);
        auto gain = hn::LoadU(f, rows.gains + i);
        // The gains of Jacobs 1988 as openTSNE has them: the step grows while the point keeps its
        // direction, that is while movement and gradient have different signs.
        const auto turned = hn::Gt(hn::Mul(last, gradient), hn::Zero(f));
        gain = hn::IfThenElse(turned,
                              hn::MulAdd(gain, hn::Set(f, 0.8F), hn::Set(f, 0.01F)),
                              hn::Add(gain, hn::Set(f, 0.2F)));
        hn::StoreU(gain, f, rows.gains + i);
        const auto push = hn::Mul(hn::Mul(hn::Set(f, step.learning_rate), gain), gradient);
        hn::StoreU(hn::MulSub(hn::Set(f, step.momentum), last, push), f, out + l);
    }
}

void Descend(const DescentStep& step, const DescentRows& rows, std::size_t n, float* sums) {
    const Floats f;
    HWY_ALIGN float movement[batch];
    HWY_ALIGN float factors[batch];
    const float limit = step.longest_step * step.longest_step / 4;
    for (std::size_t at = 0; at < n; at += batch) {
        move(step, rows, at, movement);
        auto largest = hn::Zero(f);
        for (std::size_t l = 0; l < batch; l += lanes) {
            const auto m = hn::Load(f, movement + l);
            largest = hn::Max(largest, hn::Mul(m, m));
        }
        // Below half the length in each dimension (there are at most three) none can be too long.
        if (!hn::AllTrue(f, hn::Lt(largest, hn::Set(f, limit)))) {
            find_factors(movement, rows.stride, step.longest_step, factors);
            for (std::size_t i = 0; i < batch; ++i) movement[i] *= factors[i];
        }
        for (std::size_t l = 0; l < batch; l += lanes) {
            const auto m = hn::Load(f, movement + l);
            const auto moved = hn::Add(hn::LoadU(f, rows.layout + at + l), m);
            hn::StoreU(m, f, rows.movement + at + l);
            hn::StoreU(moved, f, rows.moved + at + l);
            hn::StoreU(hn::Add(hn::LoadU(f, sums + l), moved), f, sums + l);
        }
    }
}

void CentrePoints(float* values, const float* mean, std::size_t n, float* lows, float* highs) {
    const Floats f;
    for (std::size_t at = 0; at < n; at += batch) {
        for (std::size_t l = 0; l < batch; l += lanes) {
            const auto value = hn::Sub(hn::LoadU(f, values + at + l), hn::LoadU(f, mean + l));
            hn::StoreU(value, f, values + at + l);
            hn::StoreU(hn::Min(value, hn::LoadU(f, lows + l)), f, lows + l);
            hn::StoreU(hn::Max(value, hn::LoadU(f, highs + l)), f, highs + l);
        }
    }
}

}  // namespace
}  // namespace oort::HWY_NAMESPACE

HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace oort {

HWY_EXPORT(Descend);
HWY_EXPORT(CentrePoints);

void descend(const DescentStep& step,
             const DescentRows& rows,
             std::size_t n,
             float* sums) noexcept {
    HWY_DYNAMIC_DISPATCH(Descend)(step, rows, n, sums);
}

void centre_points(
    float* values, const float* mean, std::size_t n, float* lows, float* highs) noexcept {
    HWY_DYNAMIC_DISPATCH(CentrePoints)(values, mean, n, lows, highs);
}

}  // namespace oort
#endif
