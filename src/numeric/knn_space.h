// SPDX-License-Identifier: Apache-2.0
// The space in which candidates are sought: few coordinates a point, in a form that kernels compare
// fast. What it loses is mended by measuring candidates again on the rows (knn_distance.h).
//
// Euclidean: the centred rows, or their first principal coordinates if they are wide. Cosine: the
// same of the rows' directions. Dot: the rows with one coordinate more, which makes all of them
// equally long, so that the nearest to a query without it have the largest product with the query
// (Bachrach et al. 2014, doi:10.1145/2645710.2645741, section 3).
#pragma once

#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <vector>

#include "numeric/knn_distance.h"
#include "numeric/knn_memory.h"
#include "numeric/matrix.h"
#include "numeric/parallel.h"
#include "numeric/reduce.h"
#include "numeric/simd/join_kernel.h"

namespace oort {

/// Points as words (join_kernel.h), row-major.
struct SearchRows {
    Arithmetic arithmetic = Arithmetic::int16;
    std::size_t n_rows = 0;
    std::size_t n_words = 0;
    LargeArray<std::int32_t> words;  ///< n_rows x n_words
    LargeArray<std::int32_t> norms;  ///< n_rows, as PanelsView::norms

    SearchRows() = default;

    /// Room for rows, not yet written: pages are first touched by the threads that fill them.
    SearchRows(Arithmetic the_arithmetic, std::size_t the_rows, std::size_t the_words)
        : arithmetic(the_arithmetic),
          n_rows(the_rows),
          n_words(the_words),
          words(large_array<std::int32_t>(the_rows * the_words)),
          norms(large_array<std::int32_t>(the_rows)) {}

    const std::int32_t* row(std::size_t i) const noexcept { return &words[i * n_words]; }
};

class SearchSpace {
  public:
    /// coordinates  principal coordinates of the points that somebody has already, or of no rows.
    /// Both they and what `distances` refers to must outlive the space.
    SearchSpace(const ExactDistances& distances,
                MatrixView coordinates,
                std::uint64_t seed,
                ThreadPool& pool,
                const std::stop_token& stop);

    /// The points as words. int16 arithmetic is faster; is_fine says whether it can serve.
    SearchRows rows(Arithmetic arithmetic, ThreadPool& pool, const std::stop_token& stop) const;

    /// Whether typical points are long enough in whole units to be told apart.
    bool is_fine_in_int16() const noexcept;

    /// Any rows as words to search from. Those too long for int16 arithmetic are marked in
    /// is_outside, n_rows.
    SearchRows queries(PointsView queries,
                       Arithmetic arithmetic,
                       std::vector<std::uint8_t>& is_outside,
                       ThreadPool& pool,
                       const std::stop_token& stop) const;

    /// Makes the words of a point those of a query: what only points have becomes 0.
    void make_query(std::int32_t* words, std::size_t n_words) const noexcept {
        if (is_lifted()) words[n_words - 1] = 0;
    }

    /// Words of a distance of the metric: no point nearer than `distance` has words farther than
    /// this, in units. Not for the dot metric.
    double reach(float distance, Arithmetic arithmetic, std::size_t n_words) const noexcept;

    /// How many principal coordinates rows of n_columns are searched in; 0 = the rows as they are.
    static std::size_t wanted_coordinates(std::size_t n_columns) noexcept;

  private:
    bool is_lifted() const noexcept { return distances_.metric() == Metric::dot; }

    std::size_t n_words(Arithmetic arithmetic) const noexcept;
    /// n x p, not written twice.
    LargeArray<float> reduce_rows(PointsView points,
                                  ThreadPool& pool,
                                  const std::stop_token& stop) const;

    MatrixView reduced_view(const float* coordinates, std::size_t n_rows) const noexcept {
        return {coordinates, n_rows, axes_.explained_variance.size()};
    }

    void find_axes(std::uint64_t seed, ThreadPool& pool, const std::stop_token& stop);
    void add_mean_axis();
    void pack_axes();
    void measure(ThreadPool& pool, const std::stop_token& stop);
    void read_centred(PointsView source,
                      const std::vector<float>& scales,
                      std::size_t first,
                      std::size_t count,
                      float* out) const;
    SearchRows to_words(PointsView source,
                        const std::vector<float>& scales,
                        Arithmetic arithmetic,
                        std::vector<std::uint8_t>* is_outside,
                        ThreadPool& pool,
                        const std::stop_token& stop) const;

    const ExactDistances& distances_;
    Reduced axes_;  // of the rows' sample, if they are wide; without its coordinates
    std::vector<float> axis_panels_;  // the same for the kernel
    LargeArray<float> reduced_;       // the rows on these axes
    PointsView source_;
    std::size_t n_coordinates_ = 0;
    std::vector<float> mean_;  // of the source
    double longest_ = 0;       // of the centred source
    double typical_ = 0;       // root of its mean square
    double units_ = 1;         // int16 units of a length of 1
};

}  // namespace oort
