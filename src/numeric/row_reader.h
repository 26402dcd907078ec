// SPDX-License-Identifier: Apache-2.0
// Rows of points as floats, whole or only some of their columns, one or a few at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "numeric/points.h"

namespace oort {

/// May be shared between threads; each brings its own Buffer.
class RowReader {
  public:
    using Buffer = std::vector<float>;

    /// Of all columns.
    explicit RowReader(PointsView points);

    /// Of these columns, ascending and distinct.
    RowReader(PointsView points, const std::vector<std::uint32_t>& columns);

    std::size_t n_rows() const noexcept { return points_.n_rows; }

    /// How many columns are read.
    std::size_t n_columns() const noexcept { return n_columns_; }

    /// The floats of row i: where they stand, or written to the buffer, until its next use.
    const float* row(std::size_t i, Buffer& buffer) const { return rows(i, 1, buffer); }

    /// Row i from column `first` on, n columns of all (this reader must read all columns).
    const float* part(std::size_t i, std::size_t first, std::size_t n, Buffer& buffer) const;

    /// Those of `count` rows from `first` on, one after the other.
    const float* rows(std::size_t first, std::size_t count, Buffer& buffer) const;

  private:
    struct Run {
        std::size_t first;
        std::size_t n;
    };

    PointsView points_;
    std::size_t n_columns_;
    std::vector<Run> runs_;  // of neighbouring columns; empty: all columns
};

}  // namespace oort
