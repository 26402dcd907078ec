// SPDX-License-Identifier: Apache-2.0
// The innermost loops of products of matrices, those of the Gram matrix above all, compiled for
// each instruction set and chosen at run time by Highway. Every sum runs over its terms in the
// order of the data, one fused multiply-add each, so the width of the vectors does not change the
// result; instruction sets without a fused multiply-add round once more per term.
#pragma once

#include <cstddef>

namespace oort {

/// A panel is k x 32 floats, row-major: 32 neighbouring columns of a matrix with k rows.
inline constexpr std::size_t panel_width = 32;

/// c += a^T b, where a and b are panels of k rows and c is 32 x 32, row-major. Sums over k in
/// float, so k should be a few hundred, and adds to c in double.
void add_panel_product(const float* a, const float* b, std::size_t k, double* c) noexcept;

/// c += a b, where a is 32 x k in panels of 32 of its columns: element (i, p) stands at p / 32 *
/// panel_stride + i * 32 + p % 32. b is a panel of k rows and c 32 x 32, row-major. Sums as above.
void add_row_product(
    const float* a, std::size_t panel_stride, const float* b, std::size_t k, double* c) noexcept;

}  // namespace oort
