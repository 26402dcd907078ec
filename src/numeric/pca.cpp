// SPDX-License-Identifier: Apache-2.0
#include "numeric/pca.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/options.h"
#include "numeric/column_stats.h"
#include "numeric/components.h"
#include "numeric/eigen.h"
#include "numeric/gram.h"

namespace oort {

namespace {

// 16,384^2 sums take 1 GB and the whole matrix 2 GB more.
constexpr std::size_t max_gram = 16384;

void check_points(MatrixView points) {
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

struct Fit {
    EigenPairs pairs;  // vectors are the components, k x d
    double total = 0;  // sum of all eigenvalues
};

double trace(const SymmetricMatrix& matrix) {
    double sum = 0;
    for (std::size_t i = 0; i < matrix.size; ++i) sum += matrix.values[i * matrix.size + i];
    return sum;
}

Fit fit_tall(MatrixView points,
             const ColumnStats& stats,
             const Centring& centring,
             std::size_t k,
             ThreadPool& pool,
             const std::stop_token& stop) {
    SymmetricMatrix gram = gram_of_columns(points, stats.finite_rows, centring, pool, stop);
    const std::size_t d = gram.size;
    std::vector<double> weights(d);
    for (std::size_t i = 0; i < d; ++i) {
        weights[i] = centring.common_scale / static_cast<double>(centring.scale[i]);
    }
    for (std::size_t i = 0; i < d; ++i) {
        for (std::size_t j = 0; j < d; ++j) gram.values[i * d + j] *= weights[i] * weights[j];
    }
    Fit fit;
    fit.total = trace(gram);
    fit.pairs = largest_eigenpairs(std::move(gram), k, pool, stop);
    return fit;
}

Fit fit_wide(MatrixView points,
             const ColumnStats& stats,
             const Centring& centring,
             std::size_t k,
             ThreadPool& pool,
             const std::stop_token& stop) {
    SymmetricMatrix gram = gram_of_rows(points, stats.finite_rows, centring, pool, stop);
    Fit fit;
    fit.total = trace(gram);
    const EigenPairs pairs = largest_eigenpairs(std::move(gram), k, pool, stop);
    fit.pairs.values = pairs.values;
    fit.pairs.vectors = components_of_rows(points, stats.finite_rows, centring, pairs, pool, stop);
    return fit;
}

}  // namespace

PcaResult pca(MatrixView points,
              const PcaOptions& options,
              ThreadPool& pool,
              std::stop_token stop) {
    check_options(options);
    check_points(points);
    const std::size_t n = points.n_rows;
    const std::size_t d = points.n_columns;
    const ColumnStats stats = column_stats(points, pool, stop);
    const std::size_t n_used = stats.finite_rows.size();
    const std::size_t wanted = static_cast<std::size_t>(options.n_components);
    const std::size_t k = std::min({wanted, n_used, d});

    PcaResult result;
    result.n_rows = n;
    result.n_rows_used = n_used;
    result.n_components = k;
    result.mean.assign(stats.means.begin(), stats.means.end());
    if (n_used < n) {
        result.notes.push_back(
            fmt::format("{} of {} rows hold NaN or infinity and were left out", n - n_used, n));
    }
    if (k == 0) return result;
    if (std::min(n_used, d) > max_gram) {
        throw Error(
            ErrorCode::too_large,
            fmt::format(
                "{} rows of {} dimensions are too many for PCA: one of the two can be at most {}",
                n_used,
                d,
                max_gram));
    }

    const bool is_tall = n_used >= d;
    const Centring centring = is_tall ? centring_by_column(stats) : centring_alike(stats);
    Fit fit = is_tall ? fit_tall(points, stats, centring, k, pool, stop)
                      : fit_wide(points, stats, centring, k, pool, stop);
    fix_signs(fit.pairs.vectors, d);

    const double n_free = n_used > 1 ? static_cast<double>(n_used - 1) : 1.0;
    const double unit = centring.common_scale * centring.common_scale * n_free;
    for (const double value : fit.pairs.values)
        result.explained_variance.push_back(std::max(0.0, value) / unit);
    result.total_variance = fit.total / unit;
    result.components.assign(fit.pairs.vectors.begin(), fit.pairs.vectors.end());
    project(points, stats.finite_rows, centring, fit.pairs.vectors, result, pool, stop);
    return result;
}

}  // namespace oort
