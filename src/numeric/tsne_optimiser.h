// SPDX-License-Identifier: Apache-2.0
// Gradient descent of t-SNE: the graph, the points and how they move (van der Maaten and Hinton
// 2008, JMLR 9, section 3 and algorithm 1).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "numeric/affinity_graph.h"
#include "numeric/aligned_vector.h"
#include "numeric/barnes_hut.h"
#include "numeric/grid_repulsion.h"
#include "numeric/tsne.h"

namespace oort {

struct TsneOptimiser {
    TsneOptimiser(AffinityGraph affinities,
                  MatrixView initial,
                  const TsneOptions& options,
                  ThreadPool& pool);

    /// One iteration of gradient descent.
    void descend_once();

    double divergence();

    /// The points as n x n_dims in the rows' order, without what pads them.
    void write_layout();

    /// Makes point i what point new_order[i] was.
    void reorder(std::span<const std::uint32_t> new_order);

    TsneOptions options;
    ThreadPool& pool;
    AffinityGraph graph;
    std::size_t n;
    std::size_t n_dims;
    std::size_t stride;  ///< floats from point to point: 2, or 4 in three dimensions
    std::optional<GridRepulsion> grid;
    std::optional<BarnesHut> tree;
    int iteration = 0;
    std::vector<std::uint32_t> order;  ///< which row point i is
    // n rows of `stride` floats, and zeros up to a multiple of 16.
    AlignedVector<float> points;
    AlignedVector<float> movement;
    AlignedVector<float> gains;
    AlignedVector<float> moved;
    AlignedVector<float> attraction;
    AlignedVector<float> repulsion;
    Matrix layout;

  private:
    /// Fills `repulsion` and returns Z.
    double repel();
    void start(MatrixView initial);
    void sort_points();
    void centre(const std::vector<std::array<float, 16>>& sums);
};

}  // namespace oort
