// SPDX-License-Identifier: Apache-2.0
#include "numeric/simd/convert_kernel.h"

#include <cstring>

// Vectors whose length is known only at run time do not fit the loops below.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "numeric/simd/convert_kernel.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();

namespace oort::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::CappedTag<float, 16>;
using Words = hn::RebindToUnsigned<Floats>;
using Halves = hn::Rebind<std::uint16_t, Floats>;
using Bytes = hn::Rebind<std::uint8_t, Floats>;
constexpr std::size_t lanes = hn::MaxLanes(Floats());

/// Calls convert(in + i, out + i) for every full vector, and for the rest by way of a buffer.
template <class In, class Convert>
HWY_INLINE void in_vectors(const In* in, std::size_t n, float* out, const Convert& convert) {
    std::size_t i = 0;
    for (; i + lanes <= n; i += lanes) convert(in + i, out + i);
    if (i == n) return;
    In rest[lanes] = {};
    float converted[lanes];
    for (std::size_t j = i; j < n; ++j) rest[j - i] = in[j];
    convert(rest, converted);
    for (std::size_t j = i; j < n; ++j) out[j] = converted[j - i];
}

// By arithmetic rather than Highway's PromoteTo, which on older instruction sets knows no infinity:
// the exponent and mantissa of a half, moved to their places in a float, are the number times
// 2^-112, also where it is subnormal.
HWY_INLINE void convert_halves(const std::uint16_t* in, float* out) {
    const Floats f;
    const Words words;
    const auto bits = hn::PromoteTo(words, hn::LoadU(Halves(), in));
    const auto sign = hn::ShiftLeft<16>(hn::And(bits, hn::Set(words, 0x8000U)));
    const auto magnitude = hn::And(bits, hn::Set(words, 0x7fffU));
    const auto small = hn::BitCast(f, hn::ShiftLeft<13>(magnitude));
    const auto scaled = hn::BitCast(words, hn::Mul(small, hn::Set(f, 0x1p112F)));
    const auto not_finite = hn::VecFromMask(words, hn::Gt(magnitude, hn::Set(words, 0x7bffU)));
    const auto exponent = hn::And(not_finite, hn::Set(words, 0x7f800000U));
    hn::StoreU(hn::BitCast(f, hn::Or(hn::Or(scaled, exponent), sign)), f, out);
}

void FloatsFromHalves(const std::uint16_t* halves, std::size_t n, float* out) {
    in_vectors(halves, n, out, [](const std::uint16_t* from, float* to) HWY_ATTR {
        convert_halves(from, to);
    });
}

void FloatsFromBytes(const std::uint8_t* bytes, std::size_t n, float* out) {
    in_vectors(bytes, n, out, [](const std::uint8_t* from, float* to) HWY_ATTR {
        const Floats f;
        const hn::RebindToSigned<Floats> ints;
        hn::StoreU(hn::ConvertTo(f, hn::PromoteTo(ints, hn::LoadU(Bytes(), from))), f, to);
    });
}

std::uint32_t LargestMagnitudeBits(const float* values, std::size_t n) {
    const Floats f;
    const Words words;
    const auto mask = hn::Set(words, 0x7fffffffU);
    auto largest = hn::Zero(words);
    std::size_t i = 0;
    for (; i + lanes <= n; i += lanes) {
        const auto bits = hn::And(hn::BitCast(words, hn::LoadU(f, values + i)), mask);
        largest = hn::Max(largest, bits);
    }
    std::uint32_t result = hn::GetLane(hn::MaxOfLanes(words, largest));
    for (; i < n; ++i) {
        std::uint32_t bits = 0;
        std::memcpy(&bits, values + i, sizeof(bits));
        bits &= 0x7fffffffU;
        result = bits > result ? bits : result;
    }
    return result;
}

}  // namespace oort::HWY_NAMESPACE

HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace oort {

HWY_EXPORT(FloatsFromHalves);
HWY_EXPORT(FloatsFromBytes);
HWY_EXPORT(LargestMagnitudeBits);

void floats_from_halves(const std::uint16_t* halves, std::size_t n, float* out) noexcept {
    HWY_DYNAMIC_DISPATCH(FloatsFromHalves)(halves, n, out);
}

void floats_from_bytes(const std::uint8_t* bytes, std::size_t n, float* out) noexcept {
    HWY_DYNAMIC_DISPATCH(FloatsFromBytes)(bytes, n, out);
}

std::uint32_t largest_magnitude_bits(const float* values, std::size_t n) noexcept {
    return HWY_DYNAMIC_DISPATCH(LargestMagnitudeBits)(values, n);
}

}  // namespace oort
#endif
