// SPDX-License-Identifier: Apache-2.0
#include "numeric/simd/fft_kernel.h"

// Vectors whose length is known only at run time cannot stand in arrays of registers.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "numeric/simd/fft_kernel.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();

namespace oort::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::CappedTag<float, 16>;
using Vector = hn::Vec<Floats>;
constexpr std::size_t lanes = hn::MaxLanes(Floats());
constexpr std::size_t step = 2 * lanes;  // an element: the real parts, then the imaginary ones

struct Complex {
    Vector re;
    Vector im;
};

HWY_INLINE Complex load(const float* at) {
    return {hn::Load(Floats(), at), hn::Load(Floats(), at + lanes)};
}

HWY_INLINE void store(Complex a, float* at) {
    hn::Store(a.re, Floats(), at);
    hn::Store(a.im, Floats(), at + lanes);
}

HWY_INLINE Complex add(Complex a, Complex b) {
    return {hn::Add(a.re, b.re), hn::Add(a.im, b.im)};
}

HWY_INLINE Complex sub(Complex a, Complex b) {
    return {hn::Sub(a.re, b.re), hn::Sub(a.im, b.im)};
}

/// a times w[0] + i w[1].
HWY_INLINE Complex turned(Complex a, const float* w) {
    const auto c = hn::Set(Floats(), w[0]);
    const auto s = hn::Set(Floats(), w[1]);
    return {hn::NegMulAdd(a.im, s, hn::Mul(a.re, c)), hn::MulAdd(a.im, c, hn::Mul(a.re, s))};
}

/// a times -i.
HWY_INLINE Complex quarter(Complex a) {
    return {a.im, hn::Neg(a.re)};
}

HWY_INLINE Complex scaled(Complex a, float factor) {
    const auto f = hn::Set(Floats(), factor);
    return {hn::Mul(a.re, f), hn::Mul(a.im, f)};
}

/// a + factor b.
HWY_INLINE Complex plus(Complex a, float factor, Complex b) {
    const auto f = hn::Set(Floats(), factor);
    return {hn::MulAdd(f, b.re, a.re), hn::MulAdd(f, b.im, a.im)};
}

template <std::size_t radix>
HWY_INLINE void transform(Complex (&x)[radix]);

template <>
HWY_INLINE void transform<2>(Complex (&x)[2]) {
    const Complex a = x[0];
    x[0] = add(a, x[1]);
    x[1] = sub(a, x[1]);
}

template <>
HWY_INLINE void transform<3>(Complex (&x)[3]) {
    const Complex sum = add(x[1], x[2]);
    const Complex side = scaled(quarter(sub(x[1], x[2])), 0.86602540378443865F);
    const Complex middle = plus(x[0], -0.5F, sum);
    x[0] = add(x[0], sum);
    x[1] = add(middle, side);
    x[2] = sub(middle, side);
}

template <>
HWY_INLINE void transform<4>(Complex (&x)[4]) {
    const Complex a = add(x[0], x[2]);
    const Complex b = sub(x[0], x[2]);
    const Complex c = add(x[1], x[3]);
    const Complex d = quarter(sub(x[1], x[3]));
    x[0] = add(a, c);
    x[1] = add(b, d);
    x[2] = sub(a, c);
    x[3] = sub(b, d);
}

template <>
HWY_INLINE void transform<5>(Complex (&x)[5]) {
    const float c1 = 0.30901699437494742F;
    const float c2 = -0.80901699437494742F;
    const float s1 = 0.95105651629515357F;
    const float s2 = 0.58778525229247313F;
    const Complex a = add(x[1], x[4]);
    const Complex b = add(x[2], x[3]);
    const Complex c = quarter(sub(x[1], x[4]));
    const Complex d = quarter(sub(x[2], x[3]));
    const Complex first = plus(plus(x[0], c1, a), c2, b);
    const Complex second = plus(plus(x[0], c2, a), c1, b);
    const Complex first_side = plus(scaled(c, s1), s2, d);
    const Complex second_side = plus(scaled(c, s2), -s1, d);
    x[0] = add(x[0], add(a, b));
    x[1] = add(first, first_side);
    x[2] = add(second, second_side);
    x[3] = sub(second, second_side);
    x[4] = sub(first, first_side);
}

template <>
HWY_INLINE void transform<8>(Complex (&x)[8]) {
    Complex even[4] = {x[0], x[2], x[4], x[6]};
    Complex odd[4] = {x[1], x[3], x[5], x[7]};
    transform<4>(even);
    transform<4>(odd);
    // Turned by an eighth of a circle: (1 - i) / sqrt(2) and (-1 - i) / sqrt(2).
    const float root = 0.70710678118654752F;
    odd[1] = scaled({hn::Add(odd[1].re, odd[1].im), hn::Sub(odd[1].im, odd[1].re)}, root);
    odd[2] = quarter(odd[2]);
    odd[3] = scaled({hn::Sub(odd[3].im, odd[3].re), hn::Add(odd[3].re, odd[3].im)}, -root);
    odd[3].re = hn::Neg(odd[3].re);
    for (std::size_t k = 0; k < 4; ++k) {
        x[k] = add(even[k], odd[k]);
        x[k + 4] = sub(even[k], odd[k]);
    }
}

// A stage of Stockham's transform, which leaves the result in order. m: length divided by the
// radix; s: how many transforms of that length stand interleaved.
template <std::size_t radix>
const float* stage(std::size_t m,
                   std::size_t s,
                   const float* twiddles,
                   const float* HWY_RESTRICT in,
                   float* HWY_RESTRICT out) {
    // The first of the m needs no twiddles; it is all there is in the last stage.
    for (std::size_t q = 0; q < s; ++q) {
        Complex x[radix];
        for (std::size_t k = 0; k < radix; ++k) x[k] = load(in + (q + s * k * m) * step);
        transform<radix>(x);
        for (std::size_t k = 0; k < radix; ++k) store(x[k], out + (q + s * k) * step);
    }
    twiddles += 2 * (radix - 1);
    for (std::size_t p = 1; p < m; ++p, twiddles += 2 * (radix - 1)) {
        for (std::size_t q = 0; q < s; ++q) {
            Complex x[radix];
            for (std::size_t k = 0; k < radix; ++k) x[k] = load(in + (q + s * (p + k * m)) * step);
            transform<radix>(x);
            float* at = out + (q + s * radix * p) * step;
            store(x[0], at);
            for (std::size_t k = 1; k < radix; ++k)
                store(turned(x[k], twiddles + 2 * (k - 1)), at + k * s * step);
        }
    }
    return twiddles;
}

/// Transforms `in`, using `other` too; says in which of the two the result is.
float* transform_all(const FftView& fft, float* in, float* other) {
    const float* twiddles = fft.twiddles;
    std::size_t m = fft.n;
    std::size_t s = 1;
    for (std::size_t i = 0; i < fft.n_radices; ++i) {
        const std::size_t radix = fft.radices[i];
        m /= radix;
        switch (radix) {
            case 2: twiddles = stage<2>(m, s, twiddles, in, other); break;
            case 3: twiddles = stage<3>(m, s, twiddles, in, other); break;
            case 4: twiddles = stage<4>(m, s, twiddles, in, other); break;
            case 8: twiddles = stage<8>(m, s, twiddles, in, other); break;
            default: twiddles = stage<5>(m, s, twiddles, in, other); break;
        }
        s *= radix;
        float* const result = other;
        other = in;
        in = result;
    }
    return in;
}

#if HWY_TARGET == HWY_SCALAR
void transpose(Vector (&)[lanes]) {}
#else
/// Transposes the lanes x lanes floats of v.
HWY_INLINE void transpose(Vector (&v)[lanes]) {
    const Floats f;
    const hn::Repartition<double, Floats> wide;
    for (std::size_t g = 0; g < lanes; g += 4) {
        const auto a = hn::BitCast(wide, hn::InterleaveLower(f, v[g], v[g + 1]));
        const auto b = hn::BitCast(wide, hn::InterleaveLower(f, v[g + 2], v[g + 3]));
        const auto c = hn::BitCast(wide, hn::InterleaveUpper(f, v[g], v[g + 1]));
        const auto d = hn::BitCast(wide, hn::InterleaveUpper(f, v[g + 2], v[g + 3]));
        v[g] = hn::BitCast(f, hn::InterleaveLower(wide, a, b));
        v[g + 1] = hn::BitCast(f, hn::InterleaveUpper(wide, a, b));
        v[g + 2] = hn::BitCast(f, hn::InterleaveLower(wide, c, d));
        v[g + 3] = hn::BitCast(f, hn::InterleaveUpper(wide, c, d));
    }
    if constexpr (lanes == 8) {
        for (std::size_t c = 0; c < 4; ++c) {
            const Vector low = v[c];
            v[c] = hn::ConcatLowerLower(f, v[c + 4], low);
            v[c + 4] = hn::ConcatUpperUpper(f, v[c + 4], low);
        }
    } else if constexpr (lanes == 16) {
        for (std::size_t c = 0; c < 4; ++c) {
            const auto a = hn::OddEvenBlocks(hn::SwapAdjacentBlocks(v[c + 4]), v[c]);
            const auto b = hn::OddEvenBlocks(v[c + 4], hn::SwapAdjacentBlocks(v[c]));
            const auto d = hn::OddEvenBlocks(hn::SwapAdjacentBlocks(v[c + 12]), v[c + 8]);
            const auto e = hn::OddEvenBlocks(v[c + 12], hn::SwapAdjacentBlocks(v[c + 8]));
            v[c] = hn::ConcatLowerLower(f, d, a);
            v[c + 4] = hn::ConcatLowerLower(f, e, b);
            v[c + 8] = hn::ConcatUpperUpper(f, d, a);
            v[c + 12] = hn::ConcatUpperUpper(f, e, b);
        }
    }
}
#endif

/// Rows r .. r + lanes of one plane, n columns, to elements of `out` (its real or imaginary parts).
void load_rows(const float* plane, std::size_t pitch, std::size_t r, std::size_t n, float* out) {
    Vector v[lanes];
    for (std::size_t x = 0; x < n; x += lanes) {
        for (std::size_t i = 0; i < lanes; ++i)
            v[i] = hn::LoadU(Floats(), plane + (r + i) * pitch + x);
        transpose(v);
        for (std::size_t i = 0; i < lanes; ++i) hn::Store(v[i], Floats(), out + (x + i) * step);
    }
}

void ForwardColumns(const FftView& fft,
                    const float* re,
                    const float* im,
                    std::size_t pitch,
                    std::size_t c,
                    const SpectrumView& out,
                    float* scratch) {
    const Floats f;
    for (std::size_t m = 0; m < fft.n; ++m) {
        const auto a = hn::LoadU(f, re + m * pitch + c);
        const auto b = im == nullptr ? hn::Zero(f) : hn::LoadU(f, im + m * pitch + c);
        store(turned({a, b}, fft.turns + 2 * m), scratch + m * step);
    }
    const float* result = transform_all(fft, scratch, scratch + fft.n * step);
    for (std::size_t k = 0; k < fft.n; ++k) {
        const Complex a = load(result + k * step);
        hn::StoreU(a.re, f, out.re + k * out.pitch + c);
        hn::StoreU(a.im, f, out.im + k * out.pitch + c);
    }
}

void InverseColumns(const FftView& fft,
                    const SpectrumView& spectrum,
                    std::size_t c,
                    float* out,
                    std::size_t pitch,
                    float* scratch) {
    const Floats f;
    for (std::size_t k = 0; k < fft.n; ++k) {
        store({hn::LoadU(f, spectrum.re + k * spectrum.pitch + c),
               hn::LoadU(f, spectrum.im + k * spectrum.pitch + c)},
              scratch + k * step);
    }
    // A second forward transform instead of an inverse one only turns the order around.
    const float* result = transform_all(fft, scratch, scratch + fft.n * step);
    for (std::size_t m = 0; m < fft.n; ++m) {
        const Complex a = load(result + (m == 0 ? 0 : fft.n - m) * step);
        const auto cos = hn::Set(f, fft.turns[2 * m]);
        const auto sin = hn::Set(f, fft.turns[2 * m + 1]);
        hn::StoreU(hn::MulAdd(a.re, cos, hn::Mul(a.im, sin)), f, out + m * pitch + c);
    }
}

/// Multiplies by part 0 or 1 of the multipliers and transforms once more.
float* filter(const FftView& fft, const float* multiplier, float* in, float* other) {
    float* result = transform_all(fft, in, other);
    for (std::size_t k = 0; k < fft.n; ++k) {
        const auto factor = hn::LoadU(Floats(), multiplier + 2 * k * lanes);
        const Complex a = load(result + k * step);
        store({hn::Mul(a.re, factor), hn::Mul(a.im, factor)}, result + k * step);
    }
    return transform_all(fft, result, result == in ? other : in);
}

/// Writes one plane of the sum of both parts.
void FilterRows(const FftView& fft,
                const float* multiplier,
                std::size_t r,
                const SpectrumView& spectrum,
                float* scratch) {
    const std::size_t size = fft.n * step;
    float* const even = scratch;
    float* const odd = scratch + size;
    load_rows(spectrum.re, spectrum.pitch, r, fft.n, even);
    load_rows(spectrum.im, spectrum.pitch, r, fft.n, even + lanes);
    for (std::size_t x = 0; x < fft.n; ++x)
        store(turned(load(even + x * step), fft.turns + 2 * x), odd + x * step);
    const float* e = filter(fft, multiplier, even, scratch + 2 * size);
    float* const free = e == even ? scratch + 2 * size : even;
    const float* o = filter(fft, multiplier + lanes, odd, free);
    Vector re[lanes];
    Vector im[lanes];
    for (std::size_t x = 0; x < fft.n; x += lanes) {
        for (std::size_t i = 0; i < lanes; ++i) {
            const std::size_t at = x + i == 0 ? 0 : fft.n - x - i;
            const float back[2] = {fft.turns[2 * (x + i)], -fft.turns[2 * (x + i) + 1]};
            const Complex a = add(load(e + at * step), turned(load(o + at * step), back));
            re[i] = a.re;
            im[i] = a.im;
        }
        transpose(re);
        transpose(im);
        for (std::size_t i = 0; i < lanes; ++i) {
            hn::StoreU(re[i], Floats(), spectrum.re + (r + i) * spectrum.pitch + x);
            hn::StoreU(im[i], Floats(), spectrum.im + (r + i) * spectrum.pitch + x);
        }
    }
}

void KernelRows(const FftView& fft,
                const SpectrumView& kernel,
                std::size_t r,
                std::size_t part,
                const float* column_factors,
                const float* row_factors,
                float* multiplier,
                float* scratch) {
    load_rows(kernel.re, kernel.pitch, r, fft.n, scratch);
    load_rows(kernel.im, kernel.pitch, r, fft.n, scratch + lanes);
    if (part == 1) {
        for (std::size_t x = 0; x < fft.n; ++x)
            store(turned(load(scratch + x * step), fft.turns + 2 * x), scratch + x * step);
    }
    const float* result = transform_all(fft, scratch, scratch + fft.n * step);
    const auto row_factor = hn::LoadU(Floats(), row_factors + r);
    for (std::size_t k = 0; k < fft.n; ++k) {
        const auto factor = hn::Mul(row_factor, hn::Set(Floats(), column_factors[k]));
        hn::StoreU(hn::Mul(load(result + k * step).re, factor),
                   Floats(),
                   multiplier + (2 * k + part) * lanes);
    }
}

std::size_t FftLanes() {
    return lanes;
}

}  // namespace
}  // namespace oort::HWY_NAMESPACE

HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace oort {

HWY_EXPORT(FftLanes);
HWY_EXPORT(ForwardColumns);
HWY_EXPORT(InverseColumns);
HWY_EXPORT(FilterRows);
HWY_EXPORT(KernelRows);

std::size_t fft_lanes() noexcept {
    return HWY_DYNAMIC_DISPATCH(FftLanes)();
}

void forward_columns(const FftView& fft,
                     const float* re,
                     const float* im,
                     std::size_t pitch,
                     std::size_t c,
                     const SpectrumView& out,
                     float* scratch) noexcept {
    HWY_DYNAMIC_DISPATCH(ForwardColumns)(fft, re, im, pitch, c, out, scratch);
}

void inverse_columns(const FftView& fft,
                     const SpectrumView& spectrum,
                     std::size_t c,
                     float* out,
                     std::size_t pitch,
                     float* scratch) noexcept {
    HWY_DYNAMIC_DISPATCH(InverseColumns)(fft, spectrum, c, out, pitch, scratch);
}

void filter_rows(const FftView& fft,
                 const float* multiplier,
                 std::size_t r,
                 const SpectrumView& spectrum,
                 float* scratch) noexcept {
    HWY_DYNAMIC_DISPATCH(FilterRows)(fft, multiplier, r, spectrum, scratch);
}

void kernel_rows(const FftView& fft,
                 const SpectrumView& kernel,
                 std::size_t r,
                 std::size_t part,
                 const float* column_factors,
                 const float* row_factors,
                 float* multiplier,
                 float* scratch) noexcept {
    HWY_DYNAMIC_DISPATCH(KernelRows)
    (fft, kernel, r, part, column_factors, row_factors, multiplier, scratch);
}

}  // namespace oort
#endif
