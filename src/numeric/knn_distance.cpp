// SPDX-License-Identifier: Apache-2.0
#include "numeric/knn_distance.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "numeric/simd/distance_kernel.h"

namespace oort {

namespace {

constexpr std::size_t chunk_rows = 512;

// Rows shorter than this have no direction: the reciprocal of their length does not fit in a float
// with all its digits.
constexpr double least_length = 1e-30;

// Half the squared difference of two directions below this is rounding error of floats.
constexpr double least_cosine_distance = 1e-14;

constexpr std::uint32_t sign_bit = 0x80000000U;

double length_of(const float* row, std::size_t d) {
    double sum = 0;
    for (std::size_t j = 0; j < d; ++j)
        sum += static_cast<double>(row[j]) * static_cast<double>(row[j]);
    return std::sqrt(sum);
}

float scale_of(const float* row, std::size_t d) {
    const double length = length_of(row, d);
    return length < least_length ? 0.0F : static_cast<float>(1 / length);
}

}  // namespace

ExactDistances::ExactDistances(PointsView points,
                               Metric metric,
                               ThreadPool& pool,
                               std::stop_token stop)
    : points_(points), metric_(metric) {
    if (metric != Metric::cosine) return;
    scales_.resize(points.n_rows);
    parallel_for(
        pool,
        points.n_rows,
        chunk_rows,
        [&](std::size_t begin, std::size_t end) {
            std::vector<float> row(points.n_columns);
            for (std::size_t i = begin; i < end; ++i) {
                points.read(i, 1, row.data());
                scales_[i] = scale_of(row.data(), points.n_columns);
            }
        },
        stop);
}

void ExactDistances::query(PointsView queries, std::size_t row, DistanceQuery& query) const {
    query.values.resize(queries.n_columns);
    queries.read(row, 1, query.values.data());
    query.is_zero = false;
    if (metric_ != Metric::cosine) return;
    const float scale = scale_of(query.values.data(), queries.n_columns);
    query.is_zero = scale == 0.0F;
    for (float& value : query.values) value *= scale;
}

void ExactDistances::measure(const DistanceQuery& query,
                             const std::uint32_t* rows,
                             std::size_t n,
                             float* out) const {
    constexpr std::size_t at_once = 256;
    double sums[at_once];
    for (std::size_t first = 0; first < n; first += at_once) {
        const std::size_t count = std::min(at_once, n - first);
        const std::uint32_t* some = rows + first;
        switch (metric_) {
            case Metric::euclidean:
                squared_differences(query.values.data(), points_, some, count, sums);
                for (std::size_t i = 0; i < count; ++i)
                    out[first + i] = static_cast<float>(std::sqrt(sums[i]));
                break;
            case Metric::cosine:
                // Half the squared distance of the directions is 1 - cos, without losing the digits
                // of a small angle.
                scaled_squared_differences(
                    query.values.data(), points_, scales_.data(), some, count, sums);
                for (std::size_t i = 0; i < count; ++i) {
                    const bool is_zero = scales_[some[i]] == 0.0F;
                    const double half = sums[i] < 2 * least_cosine_distance ? 0.0 : sums[i] / 2;
                    out[first + i] = is_zero || query.is_zero
                                         ? (is_zero && query.is_zero ? 0.0F : 1.0F)
                                         : static_cast<float>(std::min(half, 2.0));
                }
                break;
            case Metric::dot:
                dot_products(query.values.data(), points_, some, count, sums);
                for (std::size_t i = 0; i < count; ++i)
                    out[first + i] = static_cast<float>(-sums[i]);
                break;
        }
    }
}

std::uint64_t NearestRows::key_of(float distance, std::uint32_t row) noexcept {
    // Adding zero makes -0 equal to 0.
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(distance + 0.0F);
    const std::uint32_t ordered = (bits & sign_bit) != 0 ? ~bits : bits | sign_bit;
    return std::uint64_t{ordered} << 32 | row;
}

float NearestRows::distance(std::size_t i) const noexcept {
    const auto ordered = static_cast<std::uint32_t>(keys_[i] >> 32);
    return std::bit_cast<float>((ordered & sign_bit) != 0 ? ordered & ~sign_bit : ~ordered);
}

void NearestRows::shrink() {
    if (k_ == 0) {
        keys_.clear();
        limit_ = 0;
        return;
    }
    const auto last = keys_.begin() + static_cast<std::ptrdiff_t>(k_ - 1);
    std::nth_element(keys_.begin(), last, keys_.end());
    limit_ = *last;
    keys_.resize(k_);
}

void NearestRows::sort() {
    // Of a few too many it is quicker to sort all.
    if (keys_.size() > 4 * k_) shrink();
    std::sort(keys_.begin(), keys_.end());
    if (keys_.size() > k_) keys_.resize(k_);
}

}  // namespace oort
