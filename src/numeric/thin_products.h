// SPDX-License-Identifier: Apache-2.0
// Products of the centred points X (n x d) with thin matrices, those of few columns: X V, X^T U,
// and X^T X V in a single pass over the points. X is never made whole: at most 256 rows of it at a
// time are centred. Products are summed in float over at most 256 terms, and these sums in double.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <vector>

#include "numeric/column_stats.h"
#include "numeric/parallel.h"
#include "numeric/row_reader.h"

namespace oort {

/// ThinProducts::times hands over its rows in groups of so many.
inline constexpr std::size_t product_group = 32;

/// All that is passed must outlive the object. Results are the same bits for any number of threads;
/// every method throws Error(cancelled).
class ThinProducts {
  public:
    /// rows      those of the points that X is made of.
    /// centring  of the columns read.
    ThinProducts(const RowReader& points,
                 const std::vector<std::uint32_t>& rows,
                 const Centring& centring,
                 ThreadPool& pool,
                 const std::stop_token& stop);

    /// Takes rows [first, first + count) of a product, row i from values + i * stride on.
    using Take = std::function<void(
        std::size_t first, std::size_t count, const double* values, std::size_t stride)>;

    /// X V for V d x b, row-major; `take` is called on any thread, once for each
    /// group of rows. Time n d b.
    void times(const std::vector<double>& v, std::size_t b, const Take& take) const;

    /// X^T U: d x b, for U n x b. Time n d b; memory 16 d b doubles, as below.
    std::vector<double> transposed_times(const std::vector<double>& u, std::size_t b) const;

    /// X^T X V: d x b, for V d x b. Time 2 n d b.
    std::vector<double> gram_times(const std::vector<double>& v, std::size_t b) const;

    /// The sum of the squares of all elements of X. Time n d.
    double sum_of_squares() const;

  private:
    struct Space;

    Space new_space(std::size_t b) const;

    /// Adds up X^T U over all rows, where `make` writes the rows [first, first + count) of U to
    /// panels.
    using Make = std::function<void(std::size_t first, std::size_t count, Space& space)>;
    std::vector<double> sum_transposed(std::size_t b, const Make& make) const;

    void centre(std::size_t first, std::size_t count, Space& space) const;
    void multiply(std::size_t count, const float* v, Space& space) const;
    void add_transposed(std::size_t count, Space& space, double* sums) const;

    const RowReader& points_;
    const std::vector<std::uint32_t>& rows_;
    const Centring& centring_;
    ThreadPool& pool_;
    const std::stop_token& stop_;
    std::size_t block_rows_;    // that are centred at once
    std::size_t panel_stride_;  // of a block's panels
};

}  // namespace oort
