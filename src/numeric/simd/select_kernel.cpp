// SPDX-License-Identifier: Apache-2.0
#include "numeric/simd/select_kernel.h"

#include <algorithm>
#include <limits>
#include <numeric>

#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "numeric/simd/select_kernel.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();

namespace oort::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

namespace {

using Keys = hn::CappedTag<std::int32_t, 16>;
using Points = hn::Rebind<std::uint32_t, Keys>;
constexpr std::size_t lanes = hn::MaxLanes(Keys());

/// How many of the keys, a multiple of `lanes`, are below the limit.
std::uint32_t count_below(const std::int32_t* keys, std::size_t n, std::int32_t limit) {
    const Keys d;
    const auto bound = hn::Set(d, limit);
    auto sum = hn::Zero(d);
    for (std::size_t i = 0; i < n; i += lanes) {
        // A mask as a number is -1 where it is true.
        sum = hn::Sub(sum, hn::VecFromMask(d, hn::Lt(hn::LoadU(d, keys + i), bound)));
    }
    return static_cast<std::uint32_t>(hn::GetLane(hn::SumOfLanes(d, sum)));
}

/// Keeps the keys below the limit and the first n_equal of those equal to it.
std::uint32_t keep(std::int32_t* keys,
                   std::uint32_t* points,
                   std::size_t n,
                   std::int32_t limit,
                   std::uint32_t n_equal) {
    const Keys d;
    const Points p;
    const auto bound = hn::Set(d, limit);
    std::uint32_t kept = 0;
    for (std::size_t i = 0; i < n; i += lanes) {
        const auto some = hn::LoadU(d, keys + i);
        const auto their_points = hn::LoadU(p, points + i);
        auto mask = hn::Lt(some, bound);
        if (n_equal > 0) {
            const auto equal = hn::Eq(some, bound);
            const auto n_found = static_cast<std::uint32_t>(hn::CountTrue(d, equal));
            if (n_found <= n_equal) {
                mask = hn::Or(mask, equal);
                n_equal -= n_found;
            } else {
                HWY_ALIGN std::int32_t parts[lanes];
                hn::Store(hn::VecFromMask(d, equal), d, parts);
                for (std::size_t l = 0; l < lanes; ++l) {
                    if (parts[l] == 0) continue;
                    if (n_equal == 0)
                        parts[l] = 0;
                    else
                        --n_equal;
                }
                mask = hn::Or(mask, hn::MaskFromVec(hn::Load(d, parts)));
            }
        }
        // What is written lies at or before what has been read.
        const auto point_mask = hn::RebindMask(p, mask);
        hn::StoreU(hn::Compress(their_points, point_mask), p, points + kept);
        hn::StoreU(hn::Compress(some, mask), d, keys + kept);
        kept += static_cast<std::uint32_t>(hn::CountTrue(d, mask));
    }
    return kept;
}

}  // namespace

Selection SelectLeast(std::int32_t* keys,
                      std::uint32_t* points,
                      std::uint32_t count,
                      std::uint32_t wanted,
                      std::uint32_t at_most,
                      std::int32_t limit) {
    if (count <= at_most) return {count, limit};
    const std::size_t n = (count + lanes - 1) / lanes * lanes;
    std::fill(keys + count, keys + n, std::numeric_limits<std::int32_t>::max());
    const Keys d;
    auto low_lanes = hn::Set(d, std::numeric_limits<std::int32_t>::max());
    for (std::size_t i = 0; i < n; i += lanes)
        low_lanes = hn::Min(low_lanes, hn::LoadU(d, keys + i));
    // Fewer than `wanted` keys are below low, and at least as many below high.
    std::int32_t low = hn::GetLane(hn::MinOfLanes(d, low_lanes));
    std::int32_t high = limit;
    std::uint32_t below_low = 0;
    while (true) {
        const std::int32_t middle = std::midpoint(low, high);
        if (middle == low) break;
        const std::uint32_t below = count_below(keys, n, middle);
        if (below < wanted) {
            low = middle;
            below_low = below;
        } else {
            high = middle;
            if (below <= at_most) return {keep(keys, points, n, high, 0), high};
        }
    }
    // Too many keys are equal to low; a later key can only do better by being below it.
    return {keep(keys, points, n, low, wanted - below_low), low};
}

}  // namespace oort::HWY_NAMESPACE

HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace oort {

HWY_EXPORT(SelectLeast);

Selection select_least(std::int32_t* keys,
                       std::uint32_t* points,
                       std::uint32_t count,
                       std::uint32_t wanted,
                       std::uint32_t at_most,
                       std::int32_t limit) noexcept {
    return HWY_DYNAMIC_DISPATCH(SelectLeast)(keys, points, count, wanted, at_most, limit);
}

}  // namespace oort
#endif
