// SPDX-License-Identifier: Apache-2.0
// What one pass over a matrix of points tells about its columns, and how to centre them without
// losing digits to a large mean or a range near the limits of float.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <vector>

#include "numeric/parallel.h"
#include "numeric/points.h"
#include "numeric/simd/row_kernel.h"

namespace oort {

/// Taken over the rows that are finite throughout; the others are left out whole.
struct ColumnStats {
    std::vector<std::uint32_t> finite_rows;  ///< ascending
    std::vector<double> means;               ///< d; exactly the value where a column is constant
    std::vector<float> lows;                 ///< d
    std::vector<float> highs;                ///< d
};

/// points  n x d, n below 2^32. Means are summed in double, chunk by chunk in order: the same bits
/// for any number of threads. With no finite row the means are 0. One pass over the data. Throws
/// Error(cancelled).
ColumnStats column_stats(PointsView points, ThreadPool& pool, std::stop_token stop = {});

/// The columns whose values are not all the same, ascending.
std::vector<std::uint32_t> varying_columns(const ColumnStats& stats);

/// The centred value of column j is (x * scale[j] - high[j]) - low[j] = (x - mean) * scale[j].
/// Scales are powers of two, so that scaling alone never rounds.
struct Centring {
    std::vector<float> scale;  ///< as the next two: d, padded (simd/row_kernel.h)
    std::vector<float> high;
    std::vector<float> low;
    double common_scale = 1;  ///< the least scale[j], that of the column with the widest range

    /// The same for some of the columns only.
    Centring of(const std::vector<std::uint32_t>& columns) const;

    CentringView view(std::size_t first_column = 0) const noexcept {
        return {scale.data() + first_column, high.data() + first_column, low.data() + first_column};
    }
};

/// Each column scaled by itself to within -2..2 (constant ones by common_scale): products of
/// columns then neither overflow nor underflow, and a column of small values keeps its digits
/// beside one of large values.
Centring centring_by_column(const ColumnStats& stats);

/// Every column scaled alike, the widest to within -2..2: for sums over columns.
Centring centring_alike(const ColumnStats& stats);

}  // namespace oort
