// SPDX-License-Identifier: Apache-2.0
// The fuzzy graph of UMAP: how surely two points are neighbours.
// Source: McInnes, Healy, Melville 2018 (arXiv:1802.03426) section 3.1 and algorithms 2 and 3;
// umap-learn 0.5, smooth_knn_dist, fuzzy_simplicial_set and
// discrete_metric_simplicial_set_intersection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

#include "numeric/neighbors.h"
#include "numeric/parallel.h"

namespace oort {

/// Each row's own view of its k neighbours.
struct Memberships {
    std::size_t n_neighbors = 0;  ///< k, cut to what was asked for
    std::vector<float> rho;       ///< n: distance of the nearest neighbour that is not at 0
    std::vector<float> sigma;     ///< n: width of the exponential
    std::vector<float> weights;   ///< n x k: min(1, exp(-(distance - rho) / sigma))
};

/// Which distance counts as none: a training row's nearest distinct neighbour, or nothing but 0
/// (for new rows, as umap-learn's transform does).
enum class LocalConnectivity : std::uint8_t { one, none };

/// sigma is such that a row's weights add up to log2(target_neighbors); it is at least 1e-3 of the
/// row's mean distance. Only the first n_neighbors columns of `neighbors` are read.
Memberships memberships_of(const Neighbors& neighbors,
                           std::size_t n_neighbors,
                           double target_neighbors,
                           LocalConnectivity connectivity,
                           ThreadPool& pool,
                           std::stop_token stop = {});

/// An undirected graph, each edge held at both ends with the same weight. The neighbours of row i
/// are at [begins[i], begins[i + 1]).
struct FuzzyGraph {
    std::vector<std::uint64_t> begins;   ///< n + 1
    std::vector<std::uint32_t> targets;  ///< of each edge
    std::vector<float> weights;          ///< of each edge, in (0, 1]

    std::size_t n_rows() const noexcept { return begins.empty() ? 0 : begins.size() - 1; }
};

/// The union of all rows' views: a + b - a b for an edge that one end holds with a and the other
/// with b. Time and memory O(n k).
FuzzyGraph unite(const Neighbors& neighbors,
                 const Memberships& memberships,
                 ThreadPool& pool,
                 std::stop_token stop = {});

/// Weakens edges between rows of different labels by exp(-2.5 / (1 - label_weight)) and those of
/// rows without a label (missing_label) by exp(-1), then gives each row one sure edge again.
/// label_weight in (0, 1].
FuzzyGraph with_labels(FuzzyGraph graph,
                       std::span<const std::uint32_t> labels,
                       double label_weight,
                       ThreadPool& pool);

/// Without edges lighter than `share` of the heaviest.
FuzzyGraph without_light_edges(const FuzzyGraph& graph, double share, ThreadPool& pool);

}  // namespace oort
