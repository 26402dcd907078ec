// SPDX-License-Identifier: Apache-2.0
#include "numeric/quality.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/error.h"
#include "base/options.h"
#include "numeric/quality_scan.h"
#include "numeric/random.h"
#include "numeric/tsne.h"

namespace oort {

namespace {

void check(PointsView points, MatrixView layout, std::span<const std::uint32_t> labels) {
    if (points.n_rows == 0 || points.n_columns == 0 || layout.n_columns == 0) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("points are {} x {} and the layout has {} dimensions: at least one "
                                "row and one column are needed",
                                points.n_rows,
                                points.n_columns,
                                layout.n_columns));
    }
    if (layout.n_rows != points.n_rows) {
        throw Error(
            ErrorCode::invalid_argument,
            fmt::format("the layout has {} rows for {} points", layout.n_rows, points.n_rows));
    }
    if (!labels.empty() && labels.size() != points.n_rows) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("there are {} labels for {} points", labels.size(), points.n_rows));
    }
}

std::vector<std::uint32_t> measured_rows(std::size_t n, const QualityOptions& options) {
    std::vector<std::uint32_t> rows(n);
    if (options.n_sample >= n) {
        std::iota(rows.begin(), rows.end(), 0U);
        return rows;
    }
    rows = random_permutation(n, options.seed);
    rows.resize(options.n_sample);
    rows.shrink_to_fit();
    std::sort(rows.begin(), rows.end());
    return rows;
}

/// Per row 1 - 2 / (k (2 n - 3 k - 1)) times the sum, over its k points, of how far the rank of
/// each lies beyond k.
std::vector<float> shares_in_rank(const std::vector<std::uint32_t>& n_nearer,
                                  std::size_t k,
                                  std::size_t n) {
    const double worst = static_cast<double>(k) * static_cast<double>(2 * n - 3 * k - 1) / 2;
    std::vector<float> shares;
    for (std::size_t at = 0; at < n_nearer.size(); at += k) {
        double beyond = 0;
        for (std::size_t t = 0; t < k; ++t)
            beyond += n_nearer[at + t] < k ? 0.0 : static_cast<double>(n_nearer[at + t] + 1 - k);
        shares.push_back(static_cast<float>(1 - beyond / worst));
    }
    return shares;
}

std::vector<float> overlaps(const std::vector<std::uint32_t>& n_nearer, std::size_t k) {
    std::vector<float> shares;
    for (std::size_t at = 0; at < n_nearer.size(); at += k) {
        const auto first = n_nearer.begin() + static_cast<std::ptrdiff_t>(at);
        const auto n_true = std::count_if(first,
                                          first + static_cast<std::ptrdiff_t>(k),
                                          [k](std::uint32_t count) { return count < k; });
        shares.push_back(static_cast<float>(static_cast<double>(n_true) / static_cast<double>(k)));
    }
    return shares;
}

std::vector<float> label_hits(const std::vector<std::uint32_t>& rows,
                              const std::vector<std::uint32_t>& nearest,
                              std::span<const std::uint32_t> labels,
                              std::size_t k) {
    std::vector<float> hits;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const std::uint32_t own = labels[rows[i]];
        std::size_t n_same = 0;
        for (std::size_t t = 0; t < k; ++t) n_same += labels[nearest[i * k + t]] == own ? 1U : 0U;
        hits.push_back(own == missing_label ? std::numeric_limits<float>::quiet_NaN()
                                            : static_cast<float>(static_cast<double>(n_same) /
                                                                 static_cast<double>(k)));
    }
    return hits;
}

/// Of those that are numbers; nothing if none is.
std::optional<double> mean(const std::vector<float>& values) {
    double sum = 0;
    std::size_t n = 0;
    for (const float value : values) {
        if (std::isnan(value)) continue;
        sum += static_cast<double>(value);
        ++n;
    }
    if (n == 0) return std::nullopt;
    return sum / static_cast<double>(n);
}

}  // namespace

Quality quality(PointsView points,
                MatrixView layout,
                std::span<const std::uint32_t> labels,
                const QualityOptions& options,
                ThreadPool& pool,
                std::stop_token stop) {
    check_options(options);
    check(points, layout, labels);
    const std::size_t n = points.n_rows;
    const std::size_t k = std::min(static_cast<std::size_t>(options.n_neighbors), (n - 1) / 2);
    Quality result;
    result.rows = measured_rows(n, options);
    result.is_sampled = result.rows.size() < n;
    result.n_neighbors = k;
    if (k == 0) {
        // One or two points have no neighbourhood that could be torn.
        const std::vector<float> perfect(result.rows.size(), 1.0F);
        result.trustworthiness_by_row = result.continuity_by_row = result.overlap_by_row = perfect;
        result.trustworthiness = result.continuity = result.overlap = 1;
        if (!labels.empty()) {
            result.label_hit_by_row.assign(n, std::numeric_limits<float>::quiet_NaN());
            result.label_hit_by_row.resize(result.rows.size());
        }
        return result;
    }
    const Metric flat = Metric::euclidean;
    const Scan in_layout = scan_points(layout, flat, result.rows, k, {}, pool, stop);
    const Scan in_points =
        scan_points(points, options.metric, result.rows, k, in_layout.nearest, pool, stop);
    const Scan back = scan_points(layout, flat, result.rows, 0, in_points.nearest, pool, stop);
    result.trustworthiness_by_row = shares_in_rank(in_points.n_nearer, k, n);
    result.continuity_by_row = shares_in_rank(back.n_nearer, k, n);
    result.overlap_by_row = overlaps(in_points.n_nearer, k);
    result.trustworthiness = mean(result.trustworthiness_by_row).value();
    result.continuity = mean(result.continuity_by_row).value();
    result.overlap = mean(result.overlap_by_row).value();
    if (!labels.empty()) {
        result.label_hit_by_row = label_hits(result.rows, in_layout.nearest, labels, k);
        result.label_hit = mean(result.label_hit_by_row);
    }
    return result;
}

}  // namespace oort
