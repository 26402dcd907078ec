// SPDX-License-Identifier: Apache-2.0
// Passes over the rows of a matrix of points, compiled for each instruction set and chosen at run
// time.
#pragma once

#include <cstddef>
#include <cstdint>

namespace oort {

/// Sum, lowest and highest value of each of d columns, over the rows that are finite throughout.
struct ColumnSums {
    double* sums;  ///< d, added to
    float* lows;   ///< d, lowered
    float* highs;  ///< d, raised
};

/// Adds n_rows x d `rows` to `columns` and writes 1 (finite throughout) or 0 to is_finite[i] for
/// each row.
void add_column_sums(const float* rows,
                     std::size_t n_rows,
                     std::size_t d,
                     const ColumnSums& columns,
                     std::uint8_t* is_finite) noexcept;

/// Arrays along the d columns end in zeros up to a multiple of 16 where a kernel says they are
/// padded.
constexpr std::size_t padded_columns(std::size_t d) noexcept {
    return (d + 15) / 16 * 16;
}

/// How to centre one column: (value * scale - high) - low, where high + low is the scaled mean to
/// twice the precision of a float: with a mean far from zero, one float could not hold it well
/// enough.
struct CentringView {
    const float* scale;
    const float* high;
    const float* low;
};

/// out[j] = the centred row[j] for j in [0, n).
void centre_row(const float* row, const CentringView& centring, std::size_t n, float* out) noexcept;

/// The same n columns as a row of panels (gram_kernel.h): column j to out[j / 32 * panel_stride + j
/// % 32], with zeros past the last of them in the last panel.
void centre_into_panels(const float* row,
                        const CentringView& centring,
                        std::size_t n,
                        std::size_t panel_stride,
                        float* out) noexcept;

/// The sum of the squares of n values, in 8 sums of double.
double squared_length(const float* values, std::size_t n) noexcept;

}  // namespace oort
