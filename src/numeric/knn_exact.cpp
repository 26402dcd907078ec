// SPDX-License-Identifier: Apache-2.0
#include "numeric/knn_exact.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "numeric/knn_filter.h"

namespace oort {

namespace {

// A block of points stays in cache while a chunk of queries passes over it.
constexpr std::size_t chunk_queries = 16;
constexpr std::size_t block_points = 256;

void keep(const NearestRows& nearest, std::size_t i, Neighbors& graph) {
    const std::size_t k = graph.n_neighbors;
    for (std::size_t j = 0; j < k; ++j) {
        graph.indices[i * k + j] = nearest.row(j);
        graph.distances[i * k + j] = nearest.distance(j);
    }
}

void add_block(const DistanceQuery& query,
               std::uint32_t self,
               std::size_t first,
               const ExactDistances& distances,
               NearestRows& nearest) {
    const std::size_t count = std::min(block_points, distances.points().n_rows - first);
    std::uint32_t rows[block_points];
    float measured[block_points];
    std::iota(rows, rows + count, static_cast<std::uint32_t>(first));
    distances.measure(query, rows, count, measured);
    for (std::size_t j = 0; j < count; ++j) {
        if (rows[j] != self) nearest.add(measured[j], rows[j]);
    }
}

}  // namespace

void nearest_of_all(const DistanceQuery& query,
                    std::uint32_t self,
                    const ExactDistances& distances,
                    NearestRows& nearest) {
    for (std::size_t first = 0; first < distances.points().n_rows; first += block_points)
        add_block(query, self, first, distances, nearest);
    nearest.sort();
}

void measure_every_pair(PointsView queries,
                        SelfIs self,
                        const ExactDistances& distances,
                        Neighbors& graph,
                        ThreadPool& pool,
                        const std::stop_token& stop) {
    parallel_for(
        pool,
        queries.n_rows,
        chunk_queries,
        [&](std::size_t begin, std::size_t end) {
            std::vector<NearestRows> nearest(end - begin, NearestRows(graph.n_neighbors));
            std::vector<DistanceQuery> from(end - begin);
            for (std::size_t i = begin; i < end; ++i) distances.query(queries, i, from[i - begin]);
            for (std::size_t first = 0; first < distances.points().n_rows; first += block_points) {
                throw_if_stopped(stop);
                for (std::size_t i = begin; i < end; ++i) {
                    const auto itself = static_cast<std::uint32_t>(i);
                    add_block(from[i - begin],
                              self == SelfIs::left_out ? itself : no_point,
                              first,
                              distances,
                              nearest[i - begin]);
                }
            }
            for (std::size_t i = begin; i < end; ++i) {
                nearest[i - begin].sort();
                keep(nearest[i - begin], i, graph);
            }
        },
        stop);
}

void filter_every_pair(PointsView queries,
                       const SearchRows& query_words,
                       const std::vector<std::uint8_t>& is_outside,
                       SelfIs self,
                       const Leaves& leaves,
                       const SearchSpace& space,
                       const ExactDistances& distances,
                       Neighbors& graph,
                       ThreadPool& pool,
                       const std::stop_token& stop) {
    parallel_for(
        pool,
        queries.n_rows,
        FilteredSearch::most_queries,
        [&](std::size_t begin, std::size_t end) {
            FilteredSearch search(leaves, space, distances, graph.n_neighbors, Ties::by_index);
            std::vector<FilterQuery> inside;
            std::vector<std::size_t> places;
            for (std::size_t i = begin; i < end; ++i) {
                FilterQuery query{};
                query.words = query_words.row(i);
                query.norm = query_words.norms[i];
                query.self = self == SelfIs::left_out ? static_cast<std::uint32_t>(i) : no_point;
                distances.query(queries, i, query.row);
                if (query.row.is_zero || (!is_outside.empty() && is_outside[i] != 0)) {
                    NearestRows nearest(graph.n_neighbors);
                    nearest_of_all(query.row, query.self, distances, nearest);
                    keep(nearest, i, graph);
                } else {
                    inside.push_back(std::move(query));
                    places.push_back(i);
                }
            }
            search.run(inside);
            for (std::size_t q = 0; q < places.size(); ++q)
                keep(search.nearest(q), places[q], graph);
        },
        stop);
}

}  // namespace oort
