// SPDX-License-Identifier: Apache-2.0
#include "numeric/simd/smooth_kernel.h"

#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "numeric/simd/smooth_kernel.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include "numeric/simd/powers.inc"

HWY_BEFORE_NAMESPACE();

namespace oort::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr float tolerance = 1e-5F;
constexpr float largest = 3e38F;
constexpr int max_iterations = 64;

/// exp(-excess * per_sigma), 1 where the excess is not above zero.
HWY_INLINE Vector membership(Vector excess, Vector per_sigma_log2) {
    const Floats f;
    const Vector power = hn::Mul(hn::Max(excess, hn::Zero(f)), per_sigma_log2);
    return exp2_precise(hn::Max(hn::Neg(power), hn::Set(f, -120.0F)));
}

Vector sum_of_memberships(const SmoothRows& rows, std::size_t lane, Vector sigma) {
    const Floats f;
    const Vector per_sigma = hn::Div(hn::Set(f, 1.44269504F), sigma);
    Vector sum = hn::Zero(f);
    for (std::size_t j = 0; j < rows.n_neighbors; ++j) {
        const Vector excess = hn::LoadU(f, rows.excess + j * smooth_rows_at_once + lane);
        sum = hn::Add(sum, membership(excess, per_sigma));
    }
    return sum;
}

void smooth_lanes(const SmoothRows& rows, std::size_t lane, float* sigmas, float* memberships) {
    const Floats f;
    const Vector target = hn::Set(f, rows.target);
    Vector low = hn::Zero(f);
    Vector high = hn::Set(f, largest);
    Vector middle = hn::LoadU(f, rows.guess + lane);
    for (int i = 0; i < max_iterations; ++i) {
        const Vector rest = hn::Sub(sum_of_memberships(rows, lane, middle), target);
        const auto is_found = hn::Lt(hn::Abs(rest), hn::Set(f, tolerance));
        if (hn::AllTrue(f, is_found)) break;
        const auto is_above = hn::Gt(rest, hn::Zero(f));
        high = hn::IfThenElse(is_above, middle, high);
        low = hn::IfThenElse(is_above, low, middle);
        const Vector half = hn::Mul(hn::Add(low, high), hn::Set(f, 0.5F));
        const Vector doubled = hn::Min(hn::Add(middle, middle), hn::Set(f, 1e37F));
        const auto is_bounded = hn::Lt(high, hn::Set(f, largest));
        middle = hn::IfThenElse(is_found, middle, hn::IfThenElse(is_bounded, half, doubled));
    }
    const Vector sigma = hn::Max(middle, hn::LoadU(f, rows.floor + lane));
    hn::StoreU(sigma, f, sigmas + lane);
    const Vector per_sigma = hn::Div(hn::Set(f, 1.44269504F), hn::Max(sigma, hn::Set(f, 1e-30F)));
    for (std::size_t j = 0; j < rows.n_neighbors; ++j) {
        const std::size_t at = j * smooth_rows_at_once + lane;
        hn::StoreU(membership(hn::LoadU(f, rows.excess + at), per_sigma), f, memberships + at);
    }
}

void SmoothRowsNow(const SmoothRows& rows, float* sigma, float* memberships) {
    for (std::size_t lane = 0; lane < smooth_rows_at_once; lane += lanes)
        smooth_lanes(rows, lane, sigma, memberships);
}

}  // namespace oort::HWY_NAMESPACE

HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace oort {

HWY_EXPORT(SmoothRowsNow);

void smooth_rows(const SmoothRows& rows, float* sigma, float* memberships) noexcept {
    HWY_DYNAMIC_DISPATCH(SmoothRowsNow)(rows, sigma, memberships);
}

}  // namespace oort
#endif
