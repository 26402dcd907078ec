// SPDX-License-Identifier: Apache-2.0
// The symmetric affinities p_ij = (p(j|i) + p(i|j)) / (2 n) of t-SNE (van der Maaten and Hinton
// 2008, JMLR 9, section 3.1), packed: what the optimiser reads once in every iteration.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

#include "numeric/aligned_vector.h"
#include "numeric/parallel.h"
#include "numeric/simd/attraction_kernel.h"

namespace oort {

/// Their sum is 1. An edge takes four bytes: the other point in as many bits as n needs, its weight
/// in the rest (15 bits for 70,000 points, 12 for a million), in units of 1 / (2^bits - 1) of the
/// row's largest. What rounding takes from one weight is added to the next, so that each row keeps
/// its sum to one unit.
class AffinityGraph {
  public:
    /// n x k neighbours and weights, each row's sum 1. Throws Error(too_large) if n exceeds 2^24,
    /// Error(cancelled). Time and memory O(n k).
    AffinityGraph(std::span<const std::uint32_t> indices,
                  std::span<const float> weights,
                  std::size_t n_rows,
                  ThreadPool& pool,
                  const std::stop_token& stop);

    /// Valid as long as the graph is.
    EdgesView view() const noexcept {
        return {row_begin_.data(), words_.data(), row_scale_.data(), weight_bits_};
    }

    /// Numbers the points anew: point i is what point order[i] was.
    void reorder(std::span<const std::uint32_t> order, ThreadPool& pool);

    std::size_t n_edges() const noexcept { return words_.size(); }

  private:
    struct Edge;
    struct Row;

    std::uint32_t weight_mask() const noexcept { return (1U << weight_bits_) - 1; }

    std::vector<Edge> sort_by_target(std::span<const std::uint32_t> indices,
                                     std::span<const float> weights,
                                     ThreadPool& pool,
                                     const std::stop_token& stop);
    void pack(std::span<const Row> row, std::size_t i, std::vector<std::uint32_t>& words);

    std::size_t n_rows_;
    std::uint32_t weight_bits_ = 0;
    std::vector<std::size_t> block_begin_;
    std::vector<std::uint64_t> row_begin_;
    AlignedVector<std::uint32_t> words_;
    std::vector<float> row_scale_;
};

}  // namespace oort
