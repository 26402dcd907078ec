// SPDX-License-Identifier: Apache-2.0
// Convolution of a real field with an even kernel by fast Fourier transforms, on as many columns or
// rows at once as a vector has lanes; compiled for each instruction set and chosen at run time.
//
// The field is rows x columns and is not padded with zeros. Down the columns, where it is real, one
// complex transform of length `rows` at the frequencies k + 1/4 is enough (a "right-angle"
// convolution: what wraps around comes out as the imaginary part). Along the rows the sum of a
// cyclic and a negacyclic convolution (frequencies k and k + 1/2) cancels what wraps around. At
// these frequencies the transform of an even kernel is real.
#pragma once

#include <cstddef>
#include <cstdint>

namespace oort {

/// A complex transform of length n, the product of its radices 2, 3, 4, 5 and 8.
struct FftView {
    std::size_t n;
    const std::uint8_t* radices;
    std::size_t n_radices;
    const float* twiddles;  ///< for each stage, each p, each k in 1..radix-1: cos, sin
    const float* turns;     ///< n pairs cos, sin: by which element m is multiplied first
};

/// Two planes of rows x columns, each row `pitch` floats apart.
struct SpectrumView {
    float* re;
    float* im;
    std::size_t pitch;
};

/// Columns or rows that the functions below take at once: 4, 8 or 16.
std::size_t fft_lanes() noexcept;

/// Floats of scratch that they need for a transform of length n.
constexpr std::size_t fft_scratch(std::size_t n) noexcept {
    return n * 16 * 2 * 4;
}

/// Columns c .. c + lanes of the field (im may be null: a real field) to the frequencies k + 1/4.
void forward_columns(const FftView& fft,
                     const float* re,
                     const float* im,
                     std::size_t pitch,
                     std::size_t c,
                     const SpectrumView& out,
                     float* scratch) noexcept;

/// And back: n times the real part.
void inverse_columns(const FftView& fft,
                     const SpectrumView& spectrum,
                     std::size_t c,
                     float* out,
                     std::size_t pitch,
                     float* scratch) noexcept;

/// Rows r .. r + lanes: convolves them. multiplier: n x 2 x lanes, for each frequency those of the
/// cyclic and those of the negacyclic part.
void filter_rows(const FftView& fft,
                 const float* multiplier,
                 std::size_t r,
                 const SpectrumView& spectrum,
                 float* scratch) noexcept;

/// The multipliers of rows r .. r + lanes, out of the transformed columns of the kernel: the cyclic
/// part (part 0) or the negacyclic one (part 1), times column_factors[k] * row_factors[r + lane].
void kernel_rows(const FftView& fft,
                 const SpectrumView& kernel,
                 std::size_t r,
                 std::size_t part,
                 const float* column_factors,
                 const float* row_factors,
                 float* multiplier,
                 float* scratch) noexcept;

}  // namespace oort
