// SPDX-License-Identifier: Apache-2.0
// How far to search, decided by data: for a sample of points the exact neighbours are found first,
// and where those lie tells how many leaves and candidates the wanted recall takes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <vector>

#include "numeric/knn_distance.h"
#include "numeric/knn_join.h"
#include "numeric/knn_leaves.h"
#include "numeric/knn_space.h"
#include "numeric/neighbors.h"
#include "numeric/parallel.h"

namespace oort {

/// A true neighbour of a point of the sample.
struct TrueNeighbor {
    std::uint32_t leaf_rank;       ///< leaves whose centres are nearer to the point
    std::uint32_t candidate_rank;  ///< points whose words are
    bool is_certain;               ///< no other point could stand in its place
};

/// The exact neighbours of some points.
struct SampleTruth {
    std::size_t k = 0;
    std::vector<std::uint32_t> points;
    std::vector<float> reach;             ///< distance of the k-th neighbour of each
    std::vector<TrueNeighbor> neighbors;  ///< points.size() x k
};

SampleTruth find_truth(const Leaves& leaves,
                       const SearchSpace& space,
                       const ExactDistances& distances,
                       std::size_t k,
                       std::uint64_t seed,
                       ThreadPool& pool,
                       const std::stop_token& stop);

/// The cheapest settings that find the share `recall` of the sample's neighbours; none if no
/// settings do, or if measuring everything would be cheaper.
std::optional<JoinSettings> plan_join(const SampleTruth& truth,
                                      const Leaves& leaves,
                                      PointsView points,
                                      double recall);

/// The share of the sample's neighbours that the graph has. A point as near as the k-th neighbour
/// counts: of equal points no one can say which are the neighbours.
double measured_recall(const SampleTruth& truth, const Neighbors& graph);

}  // namespace oort
