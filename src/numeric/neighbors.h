// SPDX-License-Identifier: Apache-2.0
// The k nearest neighbours of every point.
// Exact for few points; for many, an approximate builder whose recall is measured on a sample of
// rows and reported. How it works and what it costs: docs/algorithms/neighbors.md.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "numeric/matrix.h"
#include "numeric/parallel.h"
#include "numeric/points.h"

namespace oort {

/// How far apart two points are. cosine: 1 - cos of the angle (a zero row is at distance 1 from all
/// but zero rows). dot: minus the dot product, so that the nearest are those with the largest
/// product.
enum class Metric : std::uint8_t { euclidean, cosine, dot };

constexpr std::array<std::string_view, 3> names_of(Metric) noexcept {
    return {"euclidean", "cosine", "dot"};
}

struct NeighborsOptions {
    /// Neighbours of each point, itself not counted. More than n - 1 are cut to that. 1..1000.
    int n_neighbors = 15;

    Metric metric = Metric::euclidean;

    /// Share of the true neighbours that the approximate builder aims to find; larger takes longer.
    /// 1 = exact.
    double recall = 0.99;

    std::uint64_t seed = 42;
};

template <class Field>
void fields(Field&& field, NeighborsOptions& o) {
    field("n_neighbors", o.n_neighbors, 1, 1000);
    field("metric", o.metric);
    field("recall", o.recall, 0.5, 1.0);
    field("seed", o.seed);
}

/// A graph: the neighbours of row i are indices[i * k .. i * k + k), nearest first, ties by index,
/// without i itself.
struct Neighbors {
    std::size_t n_rows = 0;
    std::size_t n_neighbors = 0;         ///< k
    std::vector<std::uint32_t> indices;  ///< n x k
    std::vector<float> distances;        ///< n x k, of the metric (Euclidean: not squared), rising
    bool is_exact = true;
    double recall = 1;  ///< found share of the true neighbours over recall_sample rows; 1 if exact
    std::size_t recall_sample = 0;  ///< rows that were compared with an exact search; 0 if exact
    std::vector<std::string> notes;
};

/// points  n x d, clean (clean_points.h).
/// Bit for bit the same on any number of threads. Throws Error(invalid_argument) for bad options,
/// Error(cancelled).
Neighbors find_neighbors(PointsView points,
                         const NeighborsOptions& options,
                         ThreadPool& pool,
                         std::stop_token stop = {});

/// As above, for a caller who has the rows' first principal coordinates anyway.
/// coordinates  n x p, an orthonormal projection of the points (reduce.h). Candidates are sought
/// among them, under the Euclidean metric only; every distance is still one of `points`. Of no rows
/// = none.
Neighbors find_neighbors(PointsView points,
                         MatrixView coordinates,
                         const NeighborsOptions& options,
                         ThreadPool& pool,
                         std::stop_token stop = {});

/// How many principal coordinates of n x d points serve the search best; 0 where it needs none.
std::size_t search_dimensions(std::size_t n_rows, std::size_t n_columns) noexcept;

/// The nearest of `points` to each row of `queries` (both clean, equally wide), exact: n_queries x
/// min(k, n). A query's answer does not depend on the other queries. A row of `points` equal to the
/// query counts like any other.
Neighbors find_neighbors_of(PointsView queries,
                            PointsView points,
                            const NeighborsOptions& options,
                            ThreadPool& pool,
                            std::stop_token stop = {});

}  // namespace oort
