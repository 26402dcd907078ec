// SPDX-License-Identifier: Apache-2.0
#include "numeric/reduce.h"

#include <cstdint>
#include <numeric>
#include <utility>

#include "numeric/components.h"
#include "numeric/principal.h"
#include "numeric/row_reader.h"
#include "numeric/thin_products.h"

namespace oort {

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
    const std::size_t n = points.n_rows;
    const std::size_t d = points.n_columns;
    const std::size_t k = reduced.explained_variance.size();
    Matrix coordinates(n, k);
    if (n == 0 || k == 0) return coordinates;
    Centring centring{std::vector<float>(padded_columns(d), 1.0F),
                      reduced.mean,
                      std::vector<float>(padded_columns(d)),
                      1.0};
    centring.high.resize(padded_columns(d));
    std::vector<std::uint32_t> rows(n);
    std::iota(rows.begin(), rows.end(), 0U);
    std::vector<double> weights(d * k);
    for (std::size_t j = 0; j < d; ++j) {
        for (std::size_t c = 0; c < k; ++c)
            weights[j * k + c] = static_cast<double>(reduced.components[c * d + j]);
    }
    const RowReader reader(points);
    ThinProducts(reader, rows, centring, pool, stop)
        .times(weights,
               k,
               [&](std::size_t first, std::size_t count, const double* values, std::size_t stride) {
                   for (std::size_t i = 0; i < count; ++i) {
                       float* out = coordinates.row(first + i);
                       for (std::size_t c = 0; c < k; ++c)
                           out[c] = static_cast<float>(values[i * stride + c]);
                   }
               });
    return coordinates;
}

}  // namespace oort
