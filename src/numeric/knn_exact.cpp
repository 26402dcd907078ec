// SPDX-License-Identifier: Apache-2.0
#include "numeric/knn_exact.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace oort {

namespace {

// A block of points stays in cache while a chunk of queries passes over it.
constexpr std::size_t chunk_queries = 16;
constexpr std::size_t block_points = 256;

}  // namespace

void search_all(PointsView queries,
                SelfIs self,
                const ExactDistances& distances,
                Neighbors& graph,
                ThreadPool& pool,
                const std::stop_token& stop) {
    const std::size_t n = distances.points().n_rows;
    const std::size_t k = graph.n_neighbors;
    parallel_for(
        pool,
        queries.n_rows,
        chunk_queries,
        [&](std::size_t begin, std::size_t end) {
            std::vector<NearestRows> nearest(end - begin, NearestRows(k));
            std::vector<DistanceQuery> from(end - begin);
            for (std::size_t i = begin; i < end; ++i) distances.query(queries, i, from[i - begin]);
            std::vector<std::uint32_t> rows(block_points);
            std::vector<float> found(block_points);
            for (std::size_t first = 0; first < n; first += block_points) {
                const std::size_t count = std::min(block_points, n - first);
                std::iota(rows.begin(), rows.end(), static_cast<std::uint32_t>(first));
                throw_if_stopped(stop);
                for (std::size_t i = begin; i < end; ++i) {
                    distances.measure(from[i - begin], rows.data(), count, found.data());
                    for (std::size_t j = 0; j < count; ++j) {
                        if (self == SelfIs::left_out && rows[j] == i) continue;
                        nearest[i - begin].add(found[j], rows[j]);
                    }
                }
            }
            for (std::size_t i = begin; i < end; ++i) {
                nearest[i - begin].sort();
                for (std::size_t j = 0; j < k; ++j) {
                    graph.indices[i * k + j] = nearest[i - begin].row(j);
                    graph.distances[i * k + j] = nearest[i - begin].distance(j);
                }
            }
        },
        stop);
}

}  // namespace oort
