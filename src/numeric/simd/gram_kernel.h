// SPDX-License-Identifier: Apache-2.0
// The innermost loops of matrix products, compiled for each instruction set and chosen at run time
// by Highway. Every sum runs over its terms in the order of the data, one fused multiply-add each,
// so the width of the vectors does not change the result; instruction sets without a fused
// multiply-add round once more per term.
#pragma once

#include <cstddef>

namespace oort {

/// A panel is k x 32 floats, row-major: 32 neighbouring columns of a matrix with k rows.
inline constexpr std::size_t panel_width = 32;

/// Columns of the thin factor of project_rows and multiply_rows.
inline constexpr std::size_t thin_width = 16;

/// c += a^T b, where a and b are panels of k rows and c is 32 x 32, row-major. Sums over k in
/// float, so k should be a few hundred, and adds to c in double.
void add_panel_product(const float* a, const float* b, std::size_t k, double* c) noexcept;

/// out (n_rows x 16) = rows (n_rows x d) times weights (d x 16). Sums in float over 256 dimensions
/// at a time and these in double.
void project_rows(const float* rows,
                  std::size_t n_rows,
                  std::size_t d,
                  const float* weights,
                  double* out) noexcept;

/// out (n_rows x 16) = rows (n_rows x d) times factor (d x 16), all in double.
void multiply_rows(const double* rows,
                   std::size_t n_rows,
                   std::size_t d,
                   const double* factor,
                   double* out) noexcept;

}  // namespace oort
