// SPDX-License-Identifier: Apache-2.0
// Exact neighbours of some rows among points.
#pragma once

#include <cstdint>
#include <stop_token>

#include "numeric/knn_distance.h"
#include "numeric/knn_leaves.h"
#include "numeric/knn_space.h"
#include "numeric/neighbors.h"
#include "numeric/parallel.h"
#include "numeric/points.h"

namespace oort {

/// Whether query i is row i of the points and does not count as its own neighbour.
enum class SelfIs { left_out, a_neighbor };

/// Fills graph.indices and graph.distances by measuring every pair: n_queries * n * d.
void measure_every_pair(PointsView queries,
                        SelfIs self,
                        const ExactDistances& distances,
                        Neighbors& graph,
                        ThreadPool& pool,
                        const std::stop_token& stop);

/// Adds all points but `self` (or no_point) and sorts.
void nearest_of_all(const DistanceQuery& query,
                    std::uint32_t self,
                    const ExactDistances& distances,
                    NearestRows& nearest);

/// The same answer by filtering (knn_filter.h), for the Euclidean and cosine metrics. Worth it when
/// points are many. is_outside: queries that have no words and are measured with every point.
void filter_every_pair(PointsView queries,
                       const SearchRows& query_words,
                       const std::vector<std::uint8_t>& is_outside,
                       SelfIs self,
                       const Leaves& leaves,
                       const SearchSpace& space,
                       const ExactDistances& distances,
                       Neighbors& graph,
                       ThreadPool& pool,
                       const std::stop_token& stop);

}  // namespace oort
