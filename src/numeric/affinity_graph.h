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

/// One packing of edges. An edge takes four bytes: the other point in as many bits as n needs, its
/// weight in the rest (15 bits for 70,000 points, 12 for a million), in units of 1 / (2^bits - 1)
/// of the row's largest. What rounding takes from one weight is added to the next, so that each row
/// keeps its sum to one unit.
struct PackedEdges {
    std::vector<std::uint64_t> row_begin;
    AlignedVector<std::uint32_t> words;
    std::vector<float> row_scale;
};

/// The p_ij, whose sum is 1, in two parts. The strong ones pull in every iteration. The weak ones,
/// p_ij < weak_share / (2 n k), are two thirds of the edges and a tenth of the sum: they only count
/// in the divergence, and the strong ones of each row are made larger by what it loses.
class AffinityGraph {
  public:
    static constexpr double weak_share = 0.6;

    /// n x k neighbours and weights, each row's sum 1. Throws Error(too_large) if n exceeds 2^24,
    /// Error(cancelled). Time and memory O(n k).
    AffinityGraph(std::span<const std::uint32_t> indices,
                  std::span<const float> weights,
                  std::size_t n_rows,
                  ThreadPool& pool,
                  const std::stop_token& stop);

    /// What pulls: the strong edges with their larger weights. Valid as long as the graph is.
    EdgesView pulling() const noexcept {
        return {strong_.row_begin.data(), strong_.words.data(), pull_.data(), weight_bits_};
    }

    /// The strong edges as they are.
    EdgesView strong() const noexcept { return view(strong_); }

    /// The weak edges; they keep the first numbers of the points, whatever reorder() does.
    EdgesView weak() const noexcept { return view(weak_); }

    /// Numbers the points of the strong edges anew: point i is what point order[i] was.
    void reorder(std::span<const std::uint32_t> order, ThreadPool& pool);

    std::size_t n_edges() const noexcept { return strong_.words.size() + weak_.words.size(); }

  private:
    struct Edge;
    struct Half;
    struct Block;

    std::uint32_t weight_mask() const noexcept { return (1U << weight_bits_) - 1; }

    EdgesView view(const PackedEdges& edges) const noexcept {
        return {edges.row_begin.data(), edges.words.data(), edges.row_scale.data(), weight_bits_};
    }

    /// The directed edges to the targets [begin, end), by blocks of targets; block_begin_ says
    /// where each block's begin.
    std::vector<Edge> sort_by_target(std::span<const std::uint32_t> indices,
                                     std::span<const float> weights,
                                     std::size_t begin,
                                     std::size_t end,
                                     ThreadPool& pool,
                                     const std::stop_token& stop);
    Block merge(std::span<const std::uint32_t> indices,
                std::span<const float> weights,
                std::span<const Edge> incoming,
                std::size_t begin,
                std::size_t end);
    void pack_row(std::span<const Half> row, float weakest, std::size_t i, Block& block);
    void pack(std::span<const Half> row,
              std::size_t i,
              PackedEdges& edges,
              std::vector<std::uint32_t>& words) const;
    void join(std::vector<Block>& blocks, ThreadPool& pool);

    std::size_t n_rows_;
    std::uint32_t weight_bits_ = 0;
    std::vector<std::size_t> block_begin_;
    PackedEdges strong_;
    PackedEdges weak_;
    std::vector<float> pull_;  ///< the strong edges' scale when they pull
};

}  // namespace oort
