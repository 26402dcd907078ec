// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "base/options.h"
#include "numeric/fuzzy_graph.h"
#include "numeric/random.h"
#include "numeric/umap.h"
#include "numeric/umap_curve.h"
#include "numeric/umap_optimiser.h"

namespace oort {

namespace {

constexpr std::size_t rows_per_chunk = 64;
constexpr int n_epochs = 40;
constexpr int n_negatives = 5;
constexpr double caution = 0.25;    // as in the optimiser, like the next
constexpr double largest_push = 4;  // of one negative, as in the optimiser

struct Placing {
    MatrixView layout;
    UmapCurve curve;
    double per_spread;  // layout units to those of the curve
    double repulsion;   // of one negative, beside the row's degree
    std::uint64_t seed;
    bool zero_is_same;  // whether a neighbour at distance 0 is the row itself
};

using Point = std::array<double, 3>;

/// Where a row of the layout stands, in units of the spread.
Point standing(const Placing& placing, std::uint32_t row) {
    Point point{};
    for (std::size_t c = 0; c < placing.layout.n_columns; ++c)
        point[c] = placing.per_spread * static_cast<double>(placing.layout.row(row)[c]);
    return point;
}

double squared_distance(const Point& a, const Point& b) {
    double sum = 1e-12;
    for (std::size_t c = 0; c < a.size(); ++c) sum += (a[c] - b[c]) * (a[c] - b[c]);
    return sum;
}

Point weighted_mean(const Placing& placing,
                    const std::uint32_t* neighbors,
                    const float* weights,
                    std::size_t k) {
    Point mean{};
    double total = 0;
    for (std::size_t j = 0; j < k; ++j) {
        const double weight = static_cast<double>(weights[j]);
        const Point other = standing(placing, neighbors[j]);
        for (std::size_t c = 0; c < mean.size(); ++c) mean[c] += weight * other[c];
        total += weight;
    }
    for (double& value : mean) value /= total;
    return mean;
}

/// The forces of umap_optimiser.h on one point among others that stand still.
void move_once(const Placing& placing,
               const std::uint32_t* neighbors,
               const float* weights,
               std::size_t k,
               double step,
               Random& random,
               Point& point) {
    const auto [a, b] = placing.curve;
    Point force{};
    double stiffness = 0;
    double degree = 0;
    for (std::size_t j = 0; j < k; ++j) {
        const Point other = standing(placing, neighbors[j]);
        const double square = squared_distance(point, other);
        const double pull = static_cast<double>(weights[j]) * 2 * a * b * std::pow(square, b - 1) /
                            (1 + a * std::pow(square, b));
        for (std::size_t c = 0; c < point.size(); ++c) force[c] += pull * (other[c] - point[c]);
        stiffness += pull;
        degree += static_cast<double>(weights[j]);
    }
    for (int s = 0; s < n_negatives; ++s) {
        const Point other =
            standing(placing, static_cast<std::uint32_t>(random.below(placing.layout.n_rows)));
        const double square = squared_distance(point, other);
        const double push = 2 * b / ((1e-3 + square) * (1 + a * std::pow(square, b)));
        const double held = std::min(push, largest_push / std::sqrt(square));
        for (std::size_t c = 0; c < point.size(); ++c)
            force[c] += placing.repulsion * degree * held * (point[c] - other[c]);
        stiffness += caution * placing.repulsion * degree * held;
    }
    const double way = (1 - std::exp(-step * stiffness)) / std::max(stiffness, 1e-6);
    for (std::size_t c = 0; c < point.size(); ++c) point[c] += way * force[c];
}

Point place_row(const Placing& placing,
                const Neighbors& neighbors,
                const Memberships& memberships,
                std::size_t row) {
    const std::size_t k = memberships.n_neighbors;
    const std::uint32_t* indices = neighbors.indices.data() + row * neighbors.n_neighbors;
    const float* weights = memberships.weights.data() + row * k;
    // The numbers drawn must not depend on where the row stands in its batch.
    std::uint64_t key = placing.seed;
    for (std::size_t j = 0; j < k; ++j) key = (key ^ indices[j]) * 0x9E3779B97F4A7C15ULL;
    Random random(key);
    // A row equal to one of the layout belongs where that one is.
    if (placing.zero_is_same && neighbors.distances[row * neighbors.n_neighbors] == 0)
        return standing(placing, indices[0]);
    Point point = weighted_mean(placing, indices, weights, k);
    for (int epoch = 0; epoch < n_epochs; ++epoch) {
        const double rest = 1 - static_cast<double>(epoch) / n_epochs;
        move_once(placing, indices, weights, k, 0.1 * rest, random, point);
    }
    return point;
}

}  // namespace

Matrix umap_place(const Neighbors& neighbors,
                  MatrixView layout,
                  const UmapOptions& options,
                  ThreadPool& pool,
                  std::stop_token stop) {
    check_options(options);
    const std::size_t dims = layout.n_columns;
    if (layout.n_rows == 0 || (dims != 2 && dims != 3)) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("a layout of {} x {} can take no new rows: it needs at least one "
                                "row and 2 or 3 columns",
                                layout.n_rows,
                                dims));
    }
    if (neighbors.n_rows > 0 && neighbors.n_neighbors == 0) {
        throw Error(ErrorCode::invalid_argument,
                    "the new rows have no neighbours: at least one of each is needed");
    }
    const Placing placing{layout,
                          fit_umap_curve(options.min_dist, options.spread),
                          1 / options.spread,
                          umap_schedule(layout.n_rows).repulsion / n_negatives,
                          options.seed,
                          options.metric != Metric::dot};
    const std::size_t k =
        std::min(static_cast<std::size_t>(options.n_neighbors), neighbors.n_neighbors);
    // One row at a time has the mean distance of that row alone, so that no row's width depends on
    // the rest of its batch.
    const Memberships memberships = memberships_of(neighbors,
                                                   k,
                                                   std::max<double>(2, static_cast<double>(k)),
                                                   LocalConnectivity::none,
                                                   pool,
                                                   stop);
    Matrix places(neighbors.n_rows, dims);
    parallel_for(
        pool,
        neighbors.n_rows,
        rows_per_chunk,
        [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) {
                const Point point = place_row(placing, neighbors, memberships, i);
                for (std::size_t c = 0; c < dims; ++c)
                    places.row(i)[c] = static_cast<float>(point[c] / placing.per_spread);
            }
        },
        stop);
    return places;
}

}  // namespace oort
