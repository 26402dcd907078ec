// SPDX-License-Identifier: Apache-2.0
#include "numeric/as_given.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/options.h"
#include "numeric/clean_points.h"

namespace oort {

namespace {

// What a distance between clean points has to be multiplied by.
double unit_of(Metric metric, double scale) {
    switch (metric) {
        case Metric::euclidean: return 1 / scale;
        case Metric::cosine: return 1;
        case Metric::dot: return 1 / scale / scale;
    }
    return 1;
}

void check_layout(PointsView points, MatrixView layout, std::span<const std::uint32_t> labels) {
    if (layout.n_rows != points.n_rows) {
        throw Error(
            ErrorCode::invalid_argument,
            fmt::format(
                "the layout has {} rows but the points have {}", layout.n_rows, points.n_rows));
    }
    if (!labels.empty() && labels.size() != points.n_rows) {
        throw Error(
            ErrorCode::invalid_argument,
            fmt::format("labels has {} items but the points have {} rows: one label per row",
                        labels.size(),
                        points.n_rows));
    }
}

bool is_finite(MatrixView layout, std::size_t row) {
    const float* values = layout.row(row);
    return std::all_of(
        values, values + layout.n_columns, [](float value) { return std::isfinite(value); });
}

std::vector<std::uint32_t> rows_with_place(MatrixView layout) {
    std::vector<std::uint32_t> rows;
    for (std::size_t i = 0; i < layout.n_rows; ++i) {
        if (is_finite(layout, i)) rows.push_back(static_cast<std::uint32_t>(i));
    }
    return rows;
}

}  // namespace

Neighbors neighbors_as_given(PointsView points,
                             const NeighborsOptions& options,
                             ThreadPool& pool,
                             std::stop_token stop) {
    check_options(options);
    const CleanPoints clean = clean_points(points, {}, pool, stop);
    Neighbors found;
    if (clean.view().n_rows > 0) found = find_neighbors(clean.view(), options, pool, stop);
    found.notes.insert(found.notes.begin(), clean.notes().begin(), clean.notes().end());
    const double unit = unit_of(options.metric, clean.scale());
    if (unit != 1) {
        for (float& distance : found.distances) {
            distance = static_cast<float>(static_cast<double>(distance) * unit);
        }
    }
    if (clean.n_left_out() == 0) return found;
    const std::size_t k = found.n_neighbors;
    std::vector<std::uint32_t> indices(points.n_rows * k, no_neighbor);
    std::vector<float> distances(points.n_rows * k, std::numeric_limits<float>::quiet_NaN());
    for (std::size_t i = 0; i < found.n_rows; ++i) {
        const std::size_t row = clean.rows()[i];
        for (std::size_t j = 0; j < k; ++j) {
            indices[row * k + j] = clean.rows()[found.indices[i * k + j]];
        }
        std::copy_n(found.distances.data() + i * k, k, distances.data() + row * k);
    }
    found.n_rows = points.n_rows;
    found.indices = std::move(indices);
    found.distances = std::move(distances);
    return found;
}

Quality quality_as_given(PointsView points,
                         MatrixView layout,
                         std::span<const std::uint32_t> labels,
                         const QualityOptions& options,
                         ThreadPool& pool,
                         std::stop_token stop) {
    check_options(options);
    check_layout(points, layout, labels);
    const std::vector<std::uint32_t> placed = rows_with_place(layout);
    if (placed.empty()) {
        throw Error(ErrorCode::invalid_argument, "the layout has no row of finite numbers");
    }
    const bool are_all = placed.size() == points.n_rows;
    const CleanPoints clean = clean_points(
        points, are_all ? std::span<const std::uint32_t>() : std::span(placed), pool, stop);
    const std::vector<std::uint32_t>& rows = clean.rows();
    if (rows.empty()) {
        throw Error(ErrorCode::invalid_argument, "the points have no row of finite numbers");
    }
    if (rows.size() == points.n_rows) {
        return quality(clean.view(), layout, labels, options, pool, stop);
    }
    Matrix places(rows.size(), layout.n_columns);
    std::vector<std::uint32_t> codes;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        std::copy_n(layout.row(rows[i]), layout.n_columns, places.row(i));
        if (!labels.empty()) codes.push_back(labels[rows[i]]);
    }
    Quality result = quality(clean.view(), places.view(), codes, options, pool, stop);
    for (std::uint32_t& row : result.rows) row = rows[row];
    return result;
}

}  // namespace oort
