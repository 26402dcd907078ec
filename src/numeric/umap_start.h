// SPDX-License-Identifier: Apache-2.0
// Where UMAP's points start: close to the smoothest directions of the graph (its Laplacian's
// eigenvectors), reached from principal coordinates by a lazy random walk.
// Source: Belkin and Niyogi 2003 (Neural Computation 15) for the directions; McInnes, Healy,
// Melville 2018 (arXiv:1802.03426) section 3.2 starts from them too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stop_token>

#include "numeric/fuzzy_graph.h"
#include "numeric/matrix.h"
#include "numeric/parallel.h"

namespace oort {

/// How many of the principal coordinates are read at most.
inline constexpr std::size_t umap_start_columns = 4;

struct UmapStartOptions {
    int n_components = 2;
    int n_walks = 10;      ///< lazy steps that smooth the principal coordinates
    int degree = 40;       ///< of the polynomial that leaves the smoothest directions
    double passed = 0.98;  ///< eigenvalues of the walk below this are damped
    double blend = 0.1;    ///< of the smoothed principal coordinates that is kept
    double extent = 6;     ///< standard deviation of the start
    double noise = 1e-2;   ///< added to it, in the same unit
    std::uint64_t seed = 42;
};

/// initial  n x m, m >= 1. Returns n x n_components. Time O(steps x edges).
Matrix umap_start(const FuzzyGraph& graph,
                  MatrixView initial,
                  const UmapStartOptions& options,
                  ThreadPool& pool,
                  std::stop_token stop = {});

}  // namespace oort
