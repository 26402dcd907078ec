// SPDX-License-Identifier: Apache-2.0
// Elements of points as floats, compiled for each instruction set and chosen at run time. All of it
// is exact, so every instruction set gives the same bits.
#pragma once

#include <cstddef>
#include <cstdint>

namespace oort {

/// out[i] = the IEEE half precision number with these bits, for i in [0, n); a NaN stays a NaN.
void floats_from_halves(const std::uint16_t* halves, std::size_t n, float* out) noexcept;

/// out[i] = bytes[i] as a number 0..255.
void floats_from_bytes(const std::uint8_t* bytes, std::size_t n, float* out) noexcept;

/// The bits of the largest magnitude among n values. They order as the magnitudes do, with
/// 0x7f800000 for infinity and more for NaN; 0 for n = 0.
std::uint32_t largest_magnitude_bits(const float* values, std::size_t n) noexcept;

}  // namespace oort
