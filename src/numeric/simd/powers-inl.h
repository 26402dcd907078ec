// SPDX-License-Identifier: Apache-2.0
// Powers of vectors of floats by polynomials, for kernels that need a few digits quickly. Included
// once for each instruction set, after highway.h.
#if defined(OORT_POWERS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef OORT_POWERS_INL_H
#undef OORT_POWERS_INL_H
#else
#define OORT_POWERS_INL_H
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>

HWY_BEFORE_NAMESPACE();

namespace oort::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::CappedTag<float, 16>;
using Integers = hn::RebindToSigned<Floats>;
using Vector = hn::Vec<Floats>;
constexpr std::size_t lanes = hn::MaxLanes(Floats());

/// Adding this leaves a float's nearest whole number in the low bits of the sum.
constexpr float rounder = 0x1.8p23F;

/// A polynomial's value near 2^(x - whole) times 2^whole.
HWY_INLINE Vector scaled_by(Vector value, Vector rounded) {
    const Integers i;
    const auto shift = hn::ShiftLeft<23>(hn::BitCast(i, rounded));
    return hn::BitCast(Floats(), hn::Add(hn::BitCast(i, value), shift));
}

/// 2^x for x in [-125, 125], to 3e-6 of its value.
HWY_INLINE Vector exp2_quick(Vector x) {
    const Floats f;
    const Vector rounded = hn::Add(x, hn::Set(f, rounder));
    const Vector part = hn::Sub(x, hn::Sub(rounded, hn::Set(f, rounder)));
    Vector sum = hn::Set(f, 0.0095605102F);
    sum = hn::MulAdd(sum, part, hn::Set(f, 0.055917039F));
    sum = hn::MulAdd(sum, part, hn::Set(f, 0.24024981F));
    sum = hn::MulAdd(sum, part, hn::Set(f, 0.69312197F));
    sum = hn::MulAdd(sum, part, hn::Set(f, 0.99999919F));
    return scaled_by(sum, rounded);
}

/// 2^x for x in [-125, 125], to 2e-7 of its value.
HWY_INLINE Vector exp2_precise(Vector x) {
    const Floats f;
    const Vector rounded = hn::Add(x, hn::Set(f, rounder));
    const Vector part = hn::Sub(x, hn::Sub(rounded, hn::Set(f, rounder)));
    Vector sum = hn::Set(f, 0.0013266971F);
    sum = hn::MulAdd(sum, part, hn::Set(f, 0.0096754595F));
    sum = hn::MulAdd(sum, part, hn::Set(f, 0.055507426F));
    sum = hn::MulAdd(sum, part, hn::Set(f, 0.24022122F));
    sum = hn::MulAdd(sum, part, hn::Set(f, 0.69314695F));
    sum = hn::MulAdd(sum, part, hn::Set(f, 1.0F));
    return scaled_by(sum, rounded);
}

/// log2(x) for normal x > 0, to 6e-5.
HWY_INLINE Vector log2_quick(Vector x) {
    const Floats f;
    const Integers i;
    const auto bits = hn::BitCast(i, x);
    const Vector whole = hn::ConvertTo(f, hn::Sub(hn::ShiftRight<23>(bits), hn::Set(i, 127)));
    const auto fraction = hn::Or(hn::And(bits, hn::Set(i, 0x007FFFFF)), hn::Set(i, 0x3F800000));
    const Vector part = hn::Sub(hn::BitCast(f, fraction), hn::Set(f, 1.0F));
    Vector sum = hn::Set(f, 0.059945587F);
    sum = hn::MulAdd(sum, part, hn::Set(f, -0.22771264F));
    sum = hn::MulAdd(sum, part, hn::Set(f, 0.44227418F));
    sum = hn::MulAdd(sum, part, hn::Set(f, -0.71706393F));
    sum = hn::MulAdd(sum, part, hn::Set(f, 1.4426157F));
    return hn::MulAdd(sum, part, whole);
}

}  // namespace oort::HWY_NAMESPACE

HWY_AFTER_NAMESPACE();

#endif
