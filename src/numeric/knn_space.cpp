// SPDX-License-Identifier: Apache-2.0
#include "numeric/knn_space.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

#include "numeric/random.h"
#include "numeric/simd/rotate_kernel.h"

namespace oort {

namespace {

constexpr std::size_t chunk_rows = 1024;
constexpr std::size_t block_rows = 64;
constexpr std::size_t rotated_rows = 48;

// Rows wider than this are searched in fewer coordinates.
constexpr std::size_t widest = 128;
constexpr std::size_t most_coordinates = 96;
// Coordinates past those that hold this share of the variance are not worth their time.
constexpr double enough_variance = 0.995;

// The axes need not be those of all rows: candidates are measured again. Wide rows are cheaper by
// their products, of which a sample has few.
constexpr std::size_t sample_rows = 4096;
constexpr std::size_t sample_rows_wide = 3072;
constexpr std::size_t wide = 1536;

// A typical point must be this many int16 units from the mean for neighbours to stand apart.
constexpr double least_units = 500;

// 1.5 * 2^23: a small float added to it has its nearest whole number in the last bits.
constexpr float rounder = 12582912.0F;

std::int32_t word_of(float first, float second) {
    const auto low = std::bit_cast<std::uint32_t>(first + rounder) & 0xffffU;
    const auto high = std::bit_cast<std::uint32_t>(second + rounder) << 16;
    return std::bit_cast<std::int32_t>(low | high);
}

/// In 16 sums side by side.
double squared_length(const float* row, std::size_t n) {
    float sums[16] = {};
    std::size_t j = 0;
    for (; j + 16 <= n; j += 16) {
        for (std::size_t t = 0; t < 16; ++t) sums[t] += row[j + t] * row[j + t];
    }
    for (; j < n; ++j) sums[0] += row[j] * row[j];
    double sum = 0;
    for (const float part : sums) sum += static_cast<double>(part);
    return sum;
}

std::int32_t norm_of(const std::int32_t* words, std::size_t n) {
    std::int32_t sum = 0;
    for (std::size_t w = 0; w < n; ++w) {
        const std::int32_t high = words[w] >> 16;
        const auto low = static_cast<std::int16_t>(words[w] & 0xffff);
        sum += high * high + low * low;
    }
    return sum;
}

/// About `count` rows of the points, one drawn from each of as many equal stretches.
std::vector<std::uint32_t> spread_rows(std::size_t n, std::size_t count, std::uint64_t seed) {
    Random random(seed);
    std::vector<std::uint32_t> rows(std::min(n, count));
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const std::size_t begin = i * n / rows.size();
        const std::size_t end = (i + 1) * n / rows.size();
        rows[i] = static_cast<std::uint32_t>(begin + random.below(end - begin));
    }
    return rows;
}

}  // namespace

SearchSpace::SearchSpace(const ExactDistances& distances,
                         MatrixView coordinates,
                         std::uint64_t seed,
                         ThreadPool& pool,
                         const std::stop_token& stop)
    : distances_(distances), source_(distances.points()) {
    if (source_.n_columns > widest) {
        if (distances.metric() == Metric::euclidean && coordinates.n_rows == source_.n_rows &&
            coordinates.n_columns > 0) {
            source_ = coordinates;
        } else {
            find_axes(seed, pool, stop);
            pack_axes();
            reduced_ = reduce_rows(source_, pool, stop);
            source_ = reduced_view(reduced_.get(), source_.n_rows);
        }
    }
    n_coordinates_ = source_.n_columns;
    measure(pool, stop);
}

std::size_t SearchSpace::wanted_coordinates(std::size_t n_columns) noexcept {
    return n_columns > widest ? most_coordinates : 0;
}

void SearchSpace::find_axes(std::uint64_t seed, ThreadPool& pool, const std::stop_token& stop) {
    const PointsView points = distances_.points();
    const std::size_t d = points.n_columns;
    const auto rows =
        spread_rows(points.n_rows, d <= wide ? sample_rows : sample_rows_wide, seed ^ 0x5ca1eULL);
    Matrix floats;
    std::vector<std::byte> bytes;
    PointsView sample;
    if (distances_.metric() == Metric::cosine) {
        floats = Matrix(rows.size(), d);
        DistanceQuery direction;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            distances_.query(points, rows[i], direction);
            std::copy(direction.values.begin(), direction.values.end(), floats.row(i));
        }
        sample = floats.view();
    } else {
        const std::size_t row_bytes = d * size_bytes(points.type);
        bytes.resize(rows.size() * row_bytes);
        for (std::size_t i = 0; i < rows.size(); ++i) {
            std::memcpy(&bytes[i * row_bytes],
                        static_cast<const std::byte*>(points.data) + rows[i] * row_bytes,
                        row_bytes);
        }
        sample = PointsView(bytes.data(), rows.size(), d, points.type);
    }
    axes_ = reduce(sample, most_coordinates, pool, stop);
    axes_.coordinates = Matrix();
    double held = 0;
    std::size_t n_axes = 0;
    while (n_axes < axes_.explained_variance.size() &&
           held < enough_variance * axes_.total_variance) {
        held += axes_.explained_variance[n_axes++];
    }
    n_axes = std::max(n_axes, std::min<std::size_t>(16, axes_.explained_variance.size()));
    axes_.explained_variance.resize(n_axes);
    axes_.components.resize(n_axes * d);
    if (is_lifted()) add_mean_axis();
    // Scaled or lifted rows must keep their origin; the rest loses nothing by a mean of 0 here,
    // since the coordinates are centred once more.
    if (distances_.metric() != Metric::euclidean) axes_.mean.assign(d, 0.0F);
}

void SearchSpace::add_mean_axis() {
    // A product has a part along the mean, which the axes of what varies need not hold.
    const std::size_t d = axes_.mean.size();
    std::vector<double> rest(axes_.mean.begin(), axes_.mean.end());
    for (int pass = 0; pass < 2; ++pass) {
        for (std::size_t c = 0; c < axes_.explained_variance.size(); ++c) {
            double along = 0;
            const float* axis = &axes_.components[c * d];
            for (std::size_t j = 0; j < d; ++j) along += rest[j] * static_cast<double>(axis[j]);
            for (std::size_t j = 0; j < d; ++j) rest[j] -= along * static_cast<double>(axis[j]);
        }
    }
    double length = 0;
    for (const double value : rest) length += value * value;
    length = std::sqrt(length);
    if (length == 0) return;
    for (const double value : rest) axes_.components.push_back(static_cast<float>(value / length));
    axes_.explained_variance.push_back(0);
}

void SearchSpace::pack_axes() {
    const std::size_t d = axes_.mean.size();
    const std::size_t n_axes = axes_.explained_variance.size();
    axis_panels_.assign(n_chunks(n_axes, panel_axes) * panel_axes * d, 0.0F);
    for (std::size_t c = 0; c < n_axes; ++c) {
        float* panel = &axis_panels_[c / panel_axes * panel_axes * d + c % panel_axes];
        for (std::size_t j = 0; j < d; ++j) panel[j * panel_axes] = axes_.components[c * d + j];
    }
}

LargeArray<float> SearchSpace::reduce_rows(PointsView points,
                                           ThreadPool& pool,
                                           const std::stop_token& stop) const {
    const std::size_t d = points.n_columns;
    const std::size_t n_axes = axes_.explained_variance.size();
    const std::size_t n_panels = n_chunks(n_axes, panel_axes);
    const std::size_t stride = n_panels * panel_axes;
    auto coordinates = large_array<float>(points.n_rows * n_axes);
    parallel_for(
        pool,
        points.n_rows,
        chunk_rows,
        [&](std::size_t begin, std::size_t end) {
            std::vector<float> rows(rotated_rows * d);
            std::vector<float> rotated(rotated_rows * stride);
            for (std::size_t i = begin; i < end; i += rotated_rows) {
                const std::size_t count = std::min(rotated_rows, end - i);
                points.read(i, count, rows.data());
                for (std::size_t r = 0; r < count; ++r) {
                    for (std::size_t j = 0; j < d; ++j) rows[r * d + j] -= axes_.mean[j];
                }
                rotate_rows(
                    rows.data(), count, d, axis_panels_.data(), n_panels, rotated.data(), stride);
                for (std::size_t r = 0; r < count; ++r)
                    std::copy_n(&rotated[r * stride], n_axes, &coordinates[(i + r) * n_axes]);
            }
        },
        stop);
    return coordinates;
}

void SearchSpace::measure(ThreadPool& pool, const std::stop_token& stop) {
    const std::size_t n = source_.n_rows;
    const std::size_t d = n_coordinates_;
    const std::size_t n_parts = n_chunks(n, chunk_rows);
    mean_.assign(d, 0.0F);
    if (!is_lifted()) {
        std::vector<double> sums(n_parts * d, 0.0);
        parallel_for(
            pool,
            n,
            chunk_rows,
            [&](std::size_t begin, std::size_t end) {
                std::vector<float> rows(block_rows * d);
                double* sum = &sums[begin / chunk_rows * d];
                for (std::size_t i = begin; i < end; i += block_rows) {
                    const std::size_t count = std::min(block_rows, end - i);
                    read_centred(source_, distances_.scales(), i, count, rows.data());
                    for (std::size_t r = 0; r < count; ++r) {
                        const float* row = &rows[r * d];
                        for (std::size_t j = 0; j < d; ++j) sum[j] += static_cast<double>(row[j]);
                    }
                }
            },
            stop);
        for (std::size_t j = 0; j < d; ++j) {
            double sum = 0;
            for (std::size_t part = 0; part < n_parts; ++part) sum += sums[part * d + j];
            mean_[j] = static_cast<float>(sum / static_cast<double>(n));
        }
    }
    std::vector<double> longest(n_parts, 0.0);
    std::vector<double> squares(n_parts, 0.0);
    parallel_for(
        pool,
        n,
        chunk_rows,
        [&](std::size_t begin, std::size_t end) {
            std::vector<float> rows(block_rows * d);
            for (std::size_t i = begin; i < end; i += block_rows) {
                const std::size_t count = std::min(block_rows, end - i);
                read_centred(source_, distances_.scales(), i, count, rows.data());
                for (std::size_t r = 0; r < count; ++r) {
                    const double square = squared_length(&rows[r * d], d);
                    longest[begin / chunk_rows] = std::max(longest[begin / chunk_rows], square);
                    squares[begin / chunk_rows] += square;
                }
            }
        },
        stop);
    double sum = 0;
    for (std::size_t part = 0; part < n_parts; ++part) {
        longest_ = std::max(longest_, longest[part]);
        sum += squares[part];
    }
    // A little more than the longest, for its rounding.
    longest_ = std::sqrt(longest_) * 1.00001;
    typical_ = std::sqrt(sum / static_cast<double>(std::max<std::size_t>(n, 1)));
    const double room = longest_int16 - std::sqrt(static_cast<double>(d + 2));
    units_ = longest_ > 0 ? room / longest_ : 1;
}

bool SearchSpace::is_fine_in_int16() const noexcept {
    return n_coordinates_ < 1024 && typical_ * units_ >= least_units;
}

std::size_t SearchSpace::n_words(Arithmetic arithmetic) const noexcept {
    const std::size_t lift = is_lifted() ? 1 : 0;
    return arithmetic == Arithmetic::int16 ? (n_coordinates_ + 1) / 2 + lift
                                           : n_coordinates_ + lift;
}

void SearchSpace::read_centred(PointsView source,
                               const std::vector<float>& scales,
                               std::size_t first,
                               std::size_t count,
                               float* out) const {
    source.read(first, count, out);
    const std::size_t d = source.n_columns;
    for (std::size_t i = 0; i < count; ++i) {
        float* row = out + i * d;
        if (!scales.empty()) {
            for (std::size_t j = 0; j < d; ++j) row[j] *= scales[first + i];
        }
        for (std::size_t j = 0; j < d; ++j) row[j] -= mean_[j];
    }
}

SearchRows SearchSpace::to_words(PointsView source,
                                 const std::vector<float>& scales,
                                 Arithmetic arithmetic,
                                 std::vector<std::uint8_t>* is_outside,
                                 ThreadPool& pool,
                                 const std::stop_token& stop) const {
    const std::size_t d = n_coordinates_;
    SearchRows result(arithmetic, source.n_rows, n_words(arithmetic));
    const bool is_int16 = arithmetic == Arithmetic::int16;
    const bool is_query = is_outside != nullptr;
    const auto units = static_cast<float>(is_int16 ? units_ : 1.0);
    parallel_for(
        pool,
        result.n_rows,
        chunk_rows,
        [&](std::size_t begin, std::size_t end) {
            std::vector<float> row(d + 1, 0.0F);
            for (std::size_t i = begin; i < end; ++i) {
                read_centred(source, scales, i, 1, row.data());
                const double square = squared_length(row.data(), d);
                double lift = std::sqrt(std::max(0.0, longest_ * longest_ - square));
                std::int32_t* words = &result.words[i * result.n_words];
                result.norms[i] = 0;
                if (is_query) {
                    lift = 0;
                    (*is_outside)[i] = is_int16 && !(std::sqrt(square) <= longest_) ? 1 : 0;
                    if ((*is_outside)[i] != 0) {
                        std::fill_n(words, result.n_words, 0);
                        continue;
                    }
                }
                if (is_int16) {
                    for (std::size_t j = 0; j < d; ++j) row[j] *= units;
                    for (std::size_t w = 0; w < (d + 1) / 2; ++w)
                        words[w] = word_of(row[2 * w], row[2 * w + 1]);
                    if (is_lifted()) {
                        words[result.n_words - 1] = word_of(static_cast<float>(lift) * units, 0.0F);
                    }
                    result.norms[i] = norm_of(words, result.n_words);
                } else {
                    if (is_lifted()) row[d] = static_cast<float>(lift);
                    std::memcpy(words, row.data(), result.n_words * sizeof(float));
                }
            }
        },
        stop);
    return result;
}

SearchRows SearchSpace::rows(Arithmetic arithmetic,
                             ThreadPool& pool,
                             const std::stop_token& stop) const {
    return to_words(source_, distances_.scales(), arithmetic, nullptr, pool, stop);
}

SearchRows SearchSpace::queries(PointsView queries,
                                Arithmetic arithmetic,
                                std::vector<std::uint8_t>& is_outside,
                                ThreadPool& pool,
                                const std::stop_token& stop) const {
    is_outside.assign(queries.n_rows, 0);
    std::vector<float> scales;
    if (distances_.metric() == Metric::cosine)
        scales = ExactDistances(queries, Metric::cosine, pool, stop).scales();
    if (axes_.components.empty())
        return to_words(queries, scales, arithmetic, &is_outside, pool, stop);
    const auto reduced = reduce_rows(queries, pool, stop);
    return to_words(
        reduced_view(reduced.get(), queries.n_rows), scales, arithmetic, &is_outside, pool, stop);
}

double SearchSpace::reach(float distance,
                          Arithmetic arithmetic,
                          std::size_t n_words) const noexcept {
    // 1 - cos is half the squared distance of the directions.
    const double value = static_cast<double>(distance);
    const double length = distances_.metric() == Metric::cosine ? std::sqrt(2 * value) : value;
    // The axes are orthonormal, and coordinates and sums of floats good, to about 1e-6.
    const double rounding = 1e-6 * longest_;
    const double with_slack = length * 1.0001 + rounding;
    if (arithmetic == Arithmetic::float32) return with_slack;
    // Each of two points is off by at most half a unit in each of its coordinates.
    return with_slack * units_ + std::sqrt(static_cast<double>(2 * n_words)) + 1;
}

}  // namespace oort
