// SPDX-License-Identifier: Apache-2.0
#include "numeric/column_stats.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "numeric/row_reader.h"

namespace oort {

namespace {

// Of 70,000 x 784 floats a chunk is 3 MB: enough work for a task, few enough partial sums to add
// up.
constexpr std::size_t chunk_rows = 1024;
constexpr std::size_t read_floats = 1 << 15;  // that are converted at once, in a core's own cache

/// The power of two that brings `reach` into 1..2, as far as floats have it.
double scale_for(double reach) {
    if (reach == 0) return 1;
    return std::ldexp(1.0, std::clamp(-std::ilogb(reach), -120, 120));
}

double reach_of(const ColumnStats& stats, std::size_t j) {
    return std::max(stats.means[j] - static_cast<double>(stats.lows[j]),
                    static_cast<double>(stats.highs[j]) - stats.means[j]);
}

Centring centring_with(const ColumnStats& stats, const std::vector<double>& scales) {
    const std::size_t d = scales.size();
    Centring centring;
    centring.scale.resize(padded_columns(d));
    centring.high.resize(padded_columns(d));
    centring.low.resize(padded_columns(d));
    for (std::size_t j = 0; j < d; ++j) {
        const double mean = stats.means[j] * scales[j];
        centring.scale[j] = static_cast<float>(scales[j]);
        centring.high[j] = static_cast<float>(mean);
        centring.low[j] = static_cast<float>(mean - static_cast<double>(centring.high[j]));
    }
    return centring;
}

double common_scale(const ColumnStats& stats) {
    double reach = 0;
    for (std::size_t j = 0; j < stats.means.size(); ++j)
        reach = std::max(reach, reach_of(stats, j));
    return scale_for(reach);
}

}  // namespace

ColumnStats column_stats(PointsView points, ThreadPool& pool, std::stop_token stop) {
    const std::size_t n = points.n_rows;
    const std::size_t d = points.n_columns;
    const std::size_t n_parts = n_chunks(n, chunk_rows);
    constexpr float infinity = std::numeric_limits<float>::infinity();
    std::vector<double> sums(n_parts * d, 0.0);
    std::vector<float> lows(n_parts * d, infinity);
    std::vector<float> highs(n_parts * d, -infinity);
    std::vector<std::uint8_t> is_finite(n);
    const RowReader reader(points);
    const std::size_t at_once = std::max<std::size_t>(8, read_floats / d);
    parallel_for(
        pool,
        n,
        chunk_rows,
        [&](std::size_t begin, std::size_t end) {
            const std::size_t at = begin / chunk_rows * d;
            RowReader::Buffer buffer;
            for (std::size_t row = begin; row < end; row += at_once) {
                const std::size_t count = std::min(at_once, end - row);
                add_column_sums(reader.rows(row, count, buffer),
                                count,
                                d,
                                {&sums[at], &lows[at], &highs[at]},
                                &is_finite[row]);
            }
        },
        stop);

    ColumnStats stats;
    for (std::size_t i = 0; i < n; ++i) {
        if (is_finite[i] != 0) stats.finite_rows.push_back(static_cast<std::uint32_t>(i));
    }
    stats.means.assign(d, 0.0);
    stats.lows.assign(d, 0.0F);
    stats.highs.assign(d, 0.0F);
    if (stats.finite_rows.empty()) return stats;
    const double n_used = static_cast<double>(stats.finite_rows.size());
    for (std::size_t j = 0; j < d; ++j) {
        double sum = 0;
        float low = infinity;
        float high = -infinity;
        for (std::size_t part = 0; part < n_parts; ++part) {
            sum += sums[part * d + j];
            low = std::min(low, lows[part * d + j]);
            high = std::max(high, highs[part * d + j]);
        }
        stats.lows[j] = low;
        stats.highs[j] = high;
        // A rounded mean of equal values would make a constant column vary.
        stats.means[j] = low == high ? static_cast<double>(low) : sum / n_used;
    }
    return stats;
}

std::vector<std::uint32_t> varying_columns(const ColumnStats& stats) {
    std::vector<std::uint32_t> columns;
    for (std::size_t j = 0; j < stats.means.size(); ++j) {
        if (stats.lows[j] < stats.highs[j]) columns.push_back(static_cast<std::uint32_t>(j));
    }
    return columns;
}

Centring Centring::of(const std::vector<std::uint32_t>& columns) const {
    const std::size_t n = padded_columns(columns.size());
    Centring some{
        std::vector<float>(n), std::vector<float>(n), std::vector<float>(n), common_scale};
    for (std::size_t j = 0; j < columns.size(); ++j) {
        some.scale[j] = scale[columns[j]];
        some.high[j] = high[columns[j]];
        some.low[j] = low[columns[j]];
    }
    return some;
}

Centring centring_by_column(const ColumnStats& stats) {
    const double common = common_scale(stats);
    std::vector<double> scales(stats.means.size());
    for (std::size_t j = 0; j < scales.size(); ++j) {
        const double reach = reach_of(stats, j);
        scales[j] = reach == 0 ? common : scale_for(reach);
    }
    Centring centring = centring_with(stats, scales);
    centring.common_scale = common;
    return centring;
}

Centring centring_alike(const ColumnStats& stats) {
    const double common = common_scale(stats);
    Centring centring = centring_with(stats, std::vector<double>(stats.means.size(), common));
    centring.common_scale = common;
    return centring;
}

}  // namespace oort
