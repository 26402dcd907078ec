// SPDX-License-Identifier: Apache-2.0
#include "numeric/simd/repulsion_kernel.h"

// Vectors whose length is known only at run time cannot stand in arrays of registers.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "numeric/simd/repulsion_kernel.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();

namespace oort::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::CappedTag<float, 16>;
using Vector = hn::Vec<Floats>;
constexpr std::size_t lanes = hn::MaxLanes(Floats());

/// 1 / a, good to 14 bits where that is faster.
HWY_INLINE Vector reciprocal(Vector a) {
#if HWY_TARGET <= HWY_AVX3
    return hn::ApproximateReciprocal(a);
#else
    return hn::Div(hn::Set(Floats(), 1), a);
#endif
}

/// As many targets as there are lanes, in registers.
struct Lanes {
    Vector at[3];
    Vector force[3];
    Vector total;
};

HWY_INLINE Lanes load(const RepulsionTargets& targets, std::size_t l) {
    const Floats f;
    Lanes out;
    for (std::size_t c = 0; c < 3; ++c) {
        out.at[c] = hn::Load(f, targets.at[c] + l);
        out.force[c] = hn::Load(f, targets.force[c] + l);
    }
    out.total = hn::Load(f, targets.total + l);
    return out;
}

HWY_INLINE void store(const Lanes& some, std::size_t l, RepulsionTargets& targets) {
    for (std::size_t c = 0; c < 3; ++c) hn::Store(some.force[c], Floats(), targets.force[c] + l);
    hn::Store(some.total, Floats(), targets.total + l);
}

HWY_INLINE void add(const Source& source, Vector mass, Lanes& some) {
    const Floats f;
    const Vector away[3] = {hn::Sub(some.at[0], hn::Set(f, source.x)),
                            hn::Sub(some.at[1], hn::Set(f, source.y)),
                            hn::Sub(some.at[2], hn::Set(f, source.z))};
    auto square = hn::Set(f, 1);
    for (const Vector& a : away) square = hn::MulAdd(a, a, square);
    const auto q = reciprocal(square);
    const auto weighted = hn::Mul(mass, q);
    some.total = hn::Add(some.total, weighted);
    const auto factor = hn::Mul(weighted, q);
    for (std::size_t c = 0; c < 3; ++c) some.force[c] = hn::MulAdd(factor, away[c], some.force[c]);
}

void Repel(const Source* sources, std::size_t n, RepulsionTargets& targets) {
    for (std::size_t l = 0; l < repulsion_targets; l += lanes) {
        Lanes some = load(targets, l);
        for (std::size_t i = 0; i < n; ++i)
            add(sources[i], hn::Set(Floats(), sources[i].mass), some);
        store(some, l, targets);
    }
}

void RepelEachOther(std::size_t n, RepulsionTargets& targets) {
    const Floats f;
    for (std::size_t l = 0; l < repulsion_targets; l += lanes) {
        Lanes some = load(targets, l);
        const auto lane = hn::Iota(f, static_cast<float>(l));
        for (std::size_t i = 0; i < n; ++i) {
            const Source source{targets.at[0][i], targets.at[1][i], targets.at[2][i], 1};
            // A point does not repel itself.
            const auto self = hn::Eq(lane, hn::Set(f, static_cast<float>(i)));
            add(source, hn::IfThenZeroElse(self, hn::Set(f, 1)), some);
        }
        store(some, l, targets);
    }
}

}  // namespace
}  // namespace oort::HWY_NAMESPACE

HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace oort {

HWY_EXPORT(Repel);
HWY_EXPORT(RepelEachOther);

void repel(const Source* sources, std::size_t n, RepulsionTargets& targets) noexcept {
    HWY_DYNAMIC_DISPATCH(Repel)(sources, n, targets);
}

void repel_each_other(std::size_t n, RepulsionTargets& targets) noexcept {
    HWY_DYNAMIC_DISPATCH(RepelEachOther)(n, targets);
}

}  // namespace oort
#endif
