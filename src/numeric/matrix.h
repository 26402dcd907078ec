// SPDX-License-Identifier: Apache-2.0
// Matrices of float, row-major without padding, everywhere in this room: element (i, j) of an n x d
// matrix stands at data[i * d + j]. A row is a point, a column a dimension.
#pragma once

#include <cstddef>
#include <vector>

namespace oort {

/// Somebody else's n_rows x n_columns floats. Valid as long as their owner is.
struct MatrixView {
    const float* data = nullptr;
    std::size_t n_rows = 0;
    std::size_t n_columns = 0;

    const float* row(std::size_t i) const noexcept { return data + i * n_columns; }
};

/// Owns its floats; all zero when made.
class Matrix {
  public:
    Matrix() = default;

    Matrix(std::size_t n_rows, std::size_t n_columns)
        : n_rows_(n_rows), n_columns_(n_columns), values_(n_rows * n_columns) {}

    std::size_t n_rows() const noexcept { return n_rows_; }

    std::size_t n_columns() const noexcept { return n_columns_; }

    float* row(std::size_t i) noexcept { return values_.data() + i * n_columns_; }

    const float* row(std::size_t i) const noexcept { return values_.data() + i * n_columns_; }

    MatrixView view() const noexcept { return {values_.data(), n_rows_, n_columns_}; }

  private:
    std::size_t n_rows_ = 0;
    std::size_t n_columns_ = 0;
    std::vector<float> values_;
};

}  // namespace oort
