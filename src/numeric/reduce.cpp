// SPDX-License-Identifier: Apache-2.0
#include "numeric/reduce.h"

#include <algorithm>
#include <utility>

#include "numeric/pca.h"

namespace oort {

namespace {

constexpr std::size_t chunk_rows = 512;

}  // namespace

Reduced reduce(PointsView points,
               std::size_t n_components,
               ThreadPool& pool,
               std::stop_token stop) {
    Matrix floats(points.n_rows, points.n_columns);
    points.read(0, points.n_rows, floats.row(0));
    PcaResult result =
        pca(floats.view(), {.n_components = static_cast<int>(n_components)}, pool, stop);
    const std::size_t n = result.n_rows;
    const std::size_t k = result.n_components;
    Reduced reduced;
    reduced.coordinates = Matrix(n, k);
    parallel_for(pool, n, chunk_rows, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            for (std::size_t c = 0; c < k; ++c)
                reduced.coordinates.row(i)[c] = result.coordinates[c * n + i];
        }
    });
    reduced.explained_variance = std::move(result.explained_variance);
    reduced.total_variance = result.total_variance;
    reduced.components = std::move(result.components);
    reduced.mean = std::move(result.mean);
    return reduced;
}

Matrix place(PointsView points, const Reduced& reduced, ThreadPool& pool, std::stop_token stop) {
    const std::size_t d = points.n_columns;
    const std::size_t k = reduced.explained_variance.size();
    Matrix coordinates(points.n_rows, k);
    parallel_for(
        pool,
        points.n_rows,
        chunk_rows,
        [&](std::size_t begin, std::size_t end) {
            std::vector<float> row(d);
            for (std::size_t i = begin; i < end; ++i) {
                points.read(i, 1, row.data());
                for (std::size_t c = 0; c < k; ++c) {
                    double sum = 0;
                    for (std::size_t j = 0; j < d; ++j) {
                        sum +=
                            (static_cast<double>(row[j]) - static_cast<double>(reduced.mean[j])) *
                            static_cast<double>(reduced.components[c * d + j]);
                    }
                    coordinates.row(i)[c] = static_cast<float>(sum);
                }
            }
        },
        stop);
    return coordinates;
}

}  // namespace oort
