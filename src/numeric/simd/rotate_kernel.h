// SPDX-License-Identifier: Apache-2.0
// Rows on many axes at once, compiled for each instruction set and chosen at run time. Every sum
// runs over its terms in order, one fused multiply-add each, so neither the other rows nor the
// width of the vectors change it.
#pragma once

#include <cstddef>

namespace oort {

/// Axes stand in panels of 32: coordinate j of axis c of a panel at panel[j * 32 + c].
inline constexpr std::size_t panel_axes = 32;

/// out[i * out_stride + p * 32 + c] = product of row i and axis c of panel p; rows is n x d.
void rotate_rows(const float* rows,
                 std::size_t n,
                 std::size_t d,
                 const float* panels,
                 std::size_t n_panels,
                 float* out,
                 std::size_t out_stride) noexcept;

}  // namespace oort
