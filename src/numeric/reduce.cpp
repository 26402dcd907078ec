// SPDX-License-Identifier: Apache-2.0
#include "numeric/reduce.h"

#include <algorithm>
#include <utility>

#include "numeric/components.h"
#include "numeric/principal.h"
#include "numeric/row_reader.h"

namespace oort {

namespace {

constexpr std::size_t chunk_rows = 512;

}  // namespace

Reduced reduce(PointsView points,
               std::size_t n_components,
               ThreadPool& pool,
               std::stop_token stop) {
    Principal principal = principal_directions(points, n_components, pool, stop);
    const std::size_t k = principal.n_components;
    Reduced reduced;
    reduced.coordinates = Matrix(points.n_rows, k);
    project(points,
            principal,
            {.data = reduced.coordinates.row(0), .row_step = k, .component_step = 1},
            pool,
            stop);
    reduced.explained_variance = std::move(principal.explained_variance);
    reduced.total_variance = principal.total_variance;
    reduced.components.assign(principal.components.begin(), principal.components.end());
    reduced.mean.assign(principal.stats.means.begin(), principal.stats.means.end());
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
