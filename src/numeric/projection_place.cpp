// SPDX-License-Identifier: Apache-2.0
// New rows in a finished layout. Each is taken alone: the same units as the points, the same
// principal axes, its nearest points, and a place among theirs.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "base/error.h"
#include "numeric/projection_impl.h"

namespace oort {

namespace {

constexpr std::size_t row_grain = 64;

// What clean points promise; a new row far beyond lies in the same direction as at the border.
const float largest_clean = std::ldexp(1.0F, 40);

/// The finite rows in the unit of the clean points.
struct NewPoints {
    Matrix points;
    std::vector<std::size_t> rows;  // of the new points
};

NewPoints clean_new_points(PointsView points,
                           double scale,
                           ThreadPool& pool,
                           const std::stop_token& stop) {
    const std::size_t d = points.n_columns;
    Matrix all(points.n_rows, d);
    std::vector<std::uint8_t> is_finite(points.n_rows);
    const auto clean_rows = [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            float* row = all.row(i);
            points.read(i, 1, row);
            bool finite = true;
            for (std::size_t j = 0; j < d; ++j) {
                finite = finite && std::isfinite(row[j]);
                const auto scaled = static_cast<float>(static_cast<double>(row[j]) * scale);
                row[j] = std::clamp(scaled, -largest_clean, largest_clean);
            }
            is_finite[i] = finite ? 1 : 0;
        }
    };
    parallel_for(pool, points.n_rows, row_grain, clean_rows, stop);
    NewPoints fresh;
    for (std::size_t i = 0; i < points.n_rows; ++i) {
        if (is_finite[i] == 0) continue;
        if (fresh.rows.size() != i) std::copy_n(all.row(i), d, all.row(fresh.rows.size()));
        fresh.rows.push_back(i);
    }
    fresh.points = std::move(all);
    return fresh;
}

Matrix principal_places(MatrixView coordinates, std::size_t n_components, double unit) {
    Matrix places(coordinates.n_rows, n_components);
    const std::size_t k = std::min(n_components, coordinates.n_columns);
    for (std::size_t i = 0; i < coordinates.n_rows; ++i) {
        for (std::size_t c = 0; c < k; ++c) {
            places.row(i)[c] =
                static_cast<float>(static_cast<double>(coordinates.row(i)[c]) * unit);
        }
    }
    return places;
}

}  // namespace

Matrix Projection::Impl::place(PointsView new_points, const std::stop_token& stop) const {
    const auto width = static_cast<std::size_t>(request.n_components);
    Matrix places(new_points.n_rows, width);
    std::fill_n(places.row(0), new_points.n_rows * width, std::numeric_limits<float>::quiet_NaN());
    if (report.n_rows_used == 0) return places;
    const NewPoints fresh = clean_new_points(new_points, clean.scale(), pool, stop);
    if (fresh.rows.empty()) return places;
    const MatrixView points_used{fresh.points.row(0), fresh.rows.size(), new_points.n_columns};
    const bool is_pca = request.method == Method::pca;
    Matrix coordinates;
    if (is_pca || searches_reduced()) {
        coordinates = oort::place(points_used, reduced, pool, stop);
    }
    Matrix found;
    if (is_pca) {
        found = principal_places(coordinates.view(), width, layout_unit);
    } else {
        const bool in_reduced = searches_reduced();
        NeighborsOptions options = neighbors_options(request);
        options.n_neighbors = static_cast<int>(
            std::min(static_cast<std::size_t>(options.n_neighbors), report.n_rows_used));
        const Neighbors among =
            find_neighbors_of(in_reduced ? PointsView(coordinates.view()) : PointsView(points_used),
                              in_reduced ? PointsView(reduced.coordinates.view()) : clean.view(),
                              options,
                              pool,
                              stop);
        found = request.method == Method::tsne
                    ? tsne_place(among, optimiser->layout(), request.tsne, pool, stop)
                    : umap_place(among, optimiser->layout(), request.umap, pool, stop);
    }
    for (std::size_t i = 0; i < fresh.rows.size(); ++i) {
        std::copy_n(found.row(i), width, places.row(fresh.rows[i]));
    }
    return places;
}

Matrix Projection::place(PointsView new_points, std::stop_token stop) const {
    if (!is_done()) {
        throw Error(ErrorCode::invalid_argument,
                    "new rows can be placed only in a finished projection");
    }
    if (new_points.n_columns != impl_->points.n_columns) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("new points have {} columns but the projection's have {}",
                                new_points.n_columns,
                                impl_->points.n_columns));
    }
    if (new_points.n_rows == 0)
        return Matrix(0, static_cast<std::size_t>(impl_->request.n_components));
    return impl_->place(new_points, stop);
}

}  // namespace oort
