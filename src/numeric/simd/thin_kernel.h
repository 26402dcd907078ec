// SPDX-License-Identifier: Apache-2.0
// Products of a matrix with a thin one of 16 columns, in double, compiled for each instruction set
// and chosen at run time. Every sum runs over its terms in order.
#pragma once

#include <cstddef>

namespace oort {

/// Columns of a thin matrix.
inline constexpr std::size_t thin_width = 16;

/// Columns that multiply_transposed takes at once.
inline constexpr std::size_t thin_columns = 8;

/// n_rows x n_columns doubles; row i begins at data + i * stride.
struct StridedView {
    const double* data;
    std::size_t n_rows;
    std::size_t n_columns;
    std::size_t stride;
};

/// out (n_rows x 16) = matrix times factor (n_columns x 16).
void multiply_thin(const StridedView& matrix, const double* factor, double* out) noexcept;

/// out (8 x 16) = matrix^T times factor (n_rows x 16), for a matrix of 8 columns.
void multiply_transposed(const StridedView& matrix, const double* factor, double* out) noexcept;

}  // namespace oort
