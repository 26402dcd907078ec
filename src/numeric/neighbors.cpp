// SPDX-License-Identifier: Apache-2.0
#include "numeric/neighbors.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "base/options.h"
#include "numeric/knn_exact.h"

namespace oort {

namespace {

void check_size(PointsView points) {
    if (points.n_rows > std::numeric_limits<std::uint32_t>::max()) {
        throw Error(ErrorCode::too_large,
                    fmt::format("{} rows are too many: at most 4294967295", points.n_rows));
    }
}

/// An empty graph of the size that the options ask for and the points allow.
Neighbors graph_for(std::size_t n_rows, std::size_t n_others, const NeighborsOptions& options) {
    const auto wanted = static_cast<std::size_t>(options.n_neighbors);
    Neighbors graph;
    graph.n_rows = n_rows;
    graph.n_neighbors = std::min(wanted, n_others);
    if (graph.n_neighbors < wanted) {
        graph.notes.push_back(fmt::format(
            "n_neighbors cut from {} to {}: there are no more points", wanted, graph.n_neighbors));
    }
    graph.indices.resize(n_rows * graph.n_neighbors);
    graph.distances.resize(n_rows * graph.n_neighbors);
    return graph;
}

}  // namespace

Neighbors find_neighbors(PointsView points,
                         const NeighborsOptions& options,
                         ThreadPool& pool,
                         std::stop_token stop) {
    check_options(options);
    check_size(points);
    const std::size_t n = points.n_rows;
    Neighbors graph = graph_for(n, n == 0 ? 0 : n - 1, options);
    if (graph.n_neighbors == 0) return graph;
    const ExactDistances distances(points, options.metric, pool, stop);
    search_all(points, SelfIs::left_out, distances, graph, pool, stop);
    return graph;
}

Neighbors find_neighbors(PointsView points,
                         MatrixView /*coordinates*/,
                         const NeighborsOptions& options,
                         ThreadPool& pool,
                         std::stop_token stop) {
    return find_neighbors(points, options, pool, stop);
}

std::size_t search_dimensions(std::size_t /*n_rows*/, std::size_t n_columns) noexcept {
    return n_columns <= 128 ? 0 : 96;
}

Neighbors find_neighbors_of(PointsView queries,
                            PointsView points,
                            const NeighborsOptions& options,
                            ThreadPool& pool,
                            std::stop_token stop) {
    check_options(options);
    check_size(points);
    if (queries.n_columns != points.n_columns) {
        throw Error(
            ErrorCode::invalid_argument,
            fmt::format(
                "the queries have {} columns, the points {}", queries.n_columns, points.n_columns));
    }
    Neighbors graph = graph_for(queries.n_rows, points.n_rows, options);
    if (graph.n_neighbors == 0) return graph;
    const ExactDistances distances(points, options.metric, pool, stop);
    search_all(queries, SelfIs::a_neighbor, distances, graph, pool, stop);
    return graph;
}

}  // namespace oort
