// SPDX-License-Identifier: Apache-2.0
// The approximate neighbours of all points: each looks into the leaves whose centres are nearest to
// it, keeps the candidates with the nearest words, and measures these on the rows.
#pragma once

#include <cstddef>
#include <stop_token>

#include "numeric/knn_distance.h"
#include "numeric/knn_leaves.h"
#include "numeric/knn_space.h"
#include "numeric/neighbors.h"
#include "numeric/parallel.h"

namespace oort {

struct JoinSettings {
    std::size_t n_probes = 16;      ///< leaves that each point looks into, its own among them
    std::size_t n_candidates = 32;  ///< points that are measured on the rows for each
};

/// A point chooses among this many leaves around its own.
inline constexpr std::size_t most_probes = 256;

/// Fills graph.indices and graph.distances.
void join_leaves(const Leaves& leaves,
                 const SearchSpace& space,
                 const ExactDistances& distances,
                 const JoinSettings& settings,
                 Neighbors& graph,
                 ThreadPool& pool,
                 const std::stop_token& stop);

}  // namespace oort
