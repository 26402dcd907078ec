// SPDX-License-Identifier: Apache-2.0
#include "numeric/principal.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "base/error.h"
#include "numeric/components.h"
#include "numeric/eigen.h"
#include "numeric/gram.h"
#include "numeric/krylov_points.h"
#include "numeric/row_reader.h"
#include "numeric/thin_products.h"

namespace oort {

namespace {

// 16,384^2 sums take 1 GB and the whole matrix 2 GB more.
constexpr std::size_t max_gram = 16384;

void check_points(PointsView points) {
    if (points.n_rows == 0 || points.n_columns == 0) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("points are {} x {}: at least one row and one column are needed",
                                points.n_rows,
                                points.n_columns));
    }
    if (points.n_rows > std::numeric_limits<std::uint32_t>::max()) {
        throw Error(ErrorCode::too_large,
                    fmt::format("{} rows are too many: at most 4294967295", points.n_rows));
    }
}

void check_gram(std::size_t n, std::size_t d) {
    if (std::min(n, d) <= max_gram) return;
    throw Error(
        ErrorCode::too_large,
        fmt::format("{} rows of {} dimensions are too many for so many components of PCA, or "
                    "too much alike in all directions: one of the two can be at most {}",
                    n,
                    d,
                    max_gram));
}

struct Fit {
    EigenPairs pairs;  // vectors are the components, k x d
    double total = 0;  // sum of all eigenvalues
};

double trace(const SymmetricMatrix& matrix) {
    double sum = 0;
    for (std::size_t i = 0; i < matrix.size; ++i) sum += matrix.values[i * matrix.size + i];
    return sum;
}

/// `vectors` over some columns, as vectors over all d, zero elsewhere.
std::vector<double> spread(const std::vector<double>& vectors,
                           const std::vector<std::uint32_t>& columns,
                           std::size_t d) {
    const std::size_t m = columns.size();
    std::vector<double> whole(vectors.size() / m * d, 0.0);
    for (std::size_t i = 0; i < vectors.size(); ++i) whole[i / m * d + columns[i % m]] = vectors[i];
    return whole;
}

Fit fit_tall(PointsView points,
             const ColumnStats& stats,
             const Centring& all_columns,
             std::size_t k,
             ThreadPool& pool,
             const std::stop_token& stop) {
    // Constant columns have no part in any direction, unless more are wanted than there are others.
    std::vector<std::uint32_t> columns = varying_columns(stats);
    if (columns.size() < k) {
        columns.resize(points.n_columns);
        for (std::size_t j = 0; j < columns.size(); ++j) columns[j] = static_cast<std::uint32_t>(j);
    }
    const Centring centring = all_columns.of(columns);
    const RowReader reader(points, columns);
    SymmetricMatrix gram = gram_of_columns(reader, stats.finite_rows, centring, pool, stop);
    const std::size_t m = gram.size;
    std::vector<double> weights(m);
    for (std::size_t i = 0; i < m; ++i)
        weights[i] = centring.common_scale / static_cast<double>(centring.scale[i]);
    for (std::size_t i = 0; i < m; ++i) {
        for (std::size_t j = 0; j < m; ++j) gram.values[i * m + j] *= weights[i] * weights[j];
    }
    Fit fit;
    fit.total = trace(gram);
    fit.pairs = largest_eigenpairs(std::move(gram), k, pool, stop);
    if (m < points.n_columns)
        fit.pairs.vectors = spread(fit.pairs.vectors, columns, points.n_columns);
    return fit;
}

Fit fit_wide(PointsView points,
             const ColumnStats& stats,
             const Centring& centring,
             std::size_t k,
             ThreadPool& pool,
             const std::stop_token& stop) {
    const RowReader reader(points);
    SymmetricMatrix gram = gram_of_rows(reader, stats.finite_rows, centring, pool, stop);
    Fit fit;
    fit.total = trace(gram);
    const EigenPairs pairs = largest_eigenpairs(std::move(gram), k, pool, stop);
    fit.pairs.values = pairs.values;
    fit.pairs.vectors = components_of_rows(reader, stats.finite_rows, centring, pairs, pool, stop);
    return fit;
}

/// Whether products with the points themselves cost less than the matrix of all their products.
bool is_krylov_cheaper(std::size_t n, std::size_t d, std::size_t k) {
    const std::size_t m = std::min(n, d);
    return m > 1500 && 24 * (k + 14) < m;
}

std::optional<Fit> fit_by_products(PointsView points,
                                   const ColumnStats& stats,
                                   const Centring& centring,
                                   std::size_t k,
                                   ThreadPool& pool,
                                   const std::stop_token& stop) {
    const RowReader reader(points);
    const ThinProducts products(reader, stats.finite_rows, centring, pool, stop);
    const std::size_t d = points.n_columns;
    std::optional<EigenPairs> pairs = krylov_eigenpairs_of_points(products, d, k, pool, stop);
    if (!pairs) return std::nullopt;
    orthonormalise(pairs->vectors, k, d);
    return Fit{*std::move(pairs), products.sum_of_squares()};
}

}  // namespace

Principal principal_directions(PointsView points,
                               std::size_t n_components,
                               ThreadPool& pool,
                               std::stop_token stop) {
    check_points(points);
    const std::size_t d = points.n_columns;
    Principal principal;
    principal.stats = column_stats(points, pool, stop);
    const std::size_t n_used = principal.stats.finite_rows.size();
    const std::size_t k = std::min({n_components, n_used, d});
    principal.n_components = k;
    if (k == 0) return principal;
    Centring& centring = principal.centring;
    std::optional<Fit> fit;
    if (is_krylov_cheaper(n_used, d, k)) {
        centring = centring_alike(principal.stats);
        fit = fit_by_products(points, principal.stats, centring, k, pool, stop);
    }
    if (!fit) {
        check_gram(n_used, d);
        const bool is_tall = n_used >= d;
        centring = is_tall ? centring_by_column(principal.stats) : centring_alike(principal.stats);
        fit = is_tall ? fit_tall(points, principal.stats, centring, k, pool, stop)
                      : fit_wide(points, principal.stats, centring, k, pool, stop);
    }
    fix_signs(fit->pairs.vectors, d);
    const double n_free = n_used > 1 ? static_cast<double>(n_used - 1) : 1.0;
    const double unit = centring.common_scale * centring.common_scale * n_free;
    for (const double value : fit->pairs.values)
        principal.explained_variance.push_back(std::max(0.0, value) / unit);
    principal.total_variance = fit->total / unit;
    principal.components = std::move(fit->pairs.vectors);
    return principal;
}

}  // namespace oort
