// SPDX-License-Identifier: Apache-2.0
// Exact neighbours.
#pragma once

#include <stop_token>

#include "numeric/knn_distance.h"
#include "numeric/neighbors.h"
#include "numeric/parallel.h"
#include "numeric/points.h"

namespace oort {

/// Whether query i is row i of the points and does not count as its own neighbour.
enum class SelfIs { left_out, a_neighbor };

/// Fills graph.indices and graph.distances by measuring every pair: n_queries * n * d.
void search_all(PointsView queries,
                SelfIs self,
                const ExactDistances& distances,
                Neighbors& graph,
                ThreadPool& pool,
                const std::stop_token& stop);

}  // namespace oort
