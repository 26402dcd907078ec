// SPDX-License-Identifier: Apache-2.0
#include "numeric/clean_points.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "base/error.h"
#include "numeric/simd/convert_kernel.h"

namespace oort {

namespace {

constexpr std::size_t chunk_bytes = 1 << 18;  // as floats: stays in a core's own cache
constexpr std::uint32_t infinity_bits = 0x7f800000;
constexpr int lowest_exponent = -20;
constexpr int highest_exponent = 40;

void check(PointsView points, std::span<const std::uint32_t> rows) {
    if (points.n_rows == 0 || points.n_columns == 0) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("points are {} x {}: at least one row and one column are needed",
                                points.n_rows,
                                points.n_columns));
    }
    if (points.n_rows > std::numeric_limits<std::uint32_t>::max()) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("{} rows are too many: at most 4294967295", points.n_rows));
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (rows[i] >= points.n_rows) {
            throw Error(ErrorCode::invalid_argument,
                        fmt::format("row {} is beyond the last of {}", rows[i], points.n_rows));
        }
        if (i > 0 && rows[i] <= rows[i - 1]) {
            throw Error(ErrorCode::invalid_argument,
                        fmt::format("row {} comes after row {}: rows must ascend, each once",
                                    rows[i],
                                    rows[i - 1]));
        }
    }
}

std::vector<std::uint32_t> rows_asked_for(PointsView points, std::span<const std::uint32_t> rows) {
    if (!rows.empty()) return {rows.begin(), rows.end()};
    std::vector<std::uint32_t> all(points.n_rows);
    std::iota(all.begin(), all.end(), 0U);
    return all;
}

std::size_t rows_per_chunk(PointsView points) {
    return std::max<std::size_t>(1, chunk_bytes / sizeof(float) / points.n_columns);
}

/// Of each row the bits of its largest magnitude.
std::vector<std::uint32_t> magnitudes(PointsView points,
                                      const std::vector<std::uint32_t>& rows,
                                      ThreadPool& pool,
                                      const std::stop_token& stop) {
    std::vector<std::uint32_t> bits(rows.size());
    parallel_for(
        pool,
        rows.size(),
        rows_per_chunk(points),
        [&](std::size_t begin, std::size_t end) {
            std::vector<float> row(points.n_columns);
            for (std::size_t i = begin; i < end; ++i) {
                points.read(rows[i], 1, row.data());
                bits[i] = largest_magnitude_bits(row.data(), row.size());
            }
        },
        stop);
    return bits;
}

/// The power of two that brings `magnitude` into 1..2, or 0 if it is within bounds as it is.
int wanted_exponent(float magnitude) {
    if (magnitude == 0) return 0;
    const bool is_within = magnitude >= std::ldexp(1.0F, lowest_exponent) &&
                           magnitude <= std::ldexp(1.0F, highest_exponent);
    return is_within ? 0 : -std::ilogb(magnitude);
}

/// The rows one after the other; as floats times 2^exponent if that is not 0.
std::vector<std::byte> copy_of(PointsView points,
                               const std::vector<std::uint32_t>& rows,
                               int exponent,
                               ThreadPool& pool,
                               const std::stop_token& stop) {
    const std::size_t element = exponent == 0 ? size_bytes(points.type) : sizeof(float);
    const std::size_t stride = points.n_columns * element;
    std::vector<std::byte> copy(rows.size() * stride);
    parallel_for(
        pool,
        rows.size(),
        rows_per_chunk(points),
        [&](std::size_t begin, std::size_t end) {
            std::vector<float> row(points.n_columns);
            const double factor = std::ldexp(1.0, exponent);
            for (std::size_t i = begin; i < end; ++i) {
                if (exponent == 0) {
                    std::memcpy(&copy[i * stride],
                                static_cast<const std::byte*>(points.data) + rows[i] * stride,
                                stride);
                    continue;
                }
                points.read(rows[i], 1, row.data());
                for (float& value : row)
                    value = static_cast<float>(static_cast<double>(value) * factor);
                std::memcpy(&copy[i * stride], row.data(), stride);
            }
        },
        stop);
    return copy;
}

}  // namespace

CleanPoints clean_points(PointsView points,
                         std::span<const std::uint32_t> rows,
                         ThreadPool& pool,
                         std::stop_token stop) {
    check(points, rows);
    const std::vector<std::uint32_t> asked = rows_asked_for(points, rows);
    const std::vector<std::uint32_t> bits = magnitudes(points, asked, pool, stop);
    CleanPoints clean;
    std::uint32_t largest = 0;
    for (std::size_t i = 0; i < asked.size(); ++i) {
        if (bits[i] >= infinity_bits) continue;
        clean.rows_.push_back(asked[i]);
        largest = std::max(largest, bits[i]);
    }
    clean.n_left_out_ = asked.size() - clean.rows_.size();
    if (clean.n_left_out_ > 0) {
        clean.notes_.push_back(fmt::format("{} of {} rows hold NaN or infinity and were left out",
                                           clean.n_left_out_,
                                           asked.size()));
    }
    const int exponent = wanted_exponent(std::bit_cast<float>(largest));
    if (exponent != 0) {
        clean.scale_ = std::ldexp(1.0, exponent);
        clean.notes_.push_back(
            fmt::format("the values reach {:.3g} and were multiplied by 2^{} to compute with",
                        static_cast<double>(std::bit_cast<float>(largest)),
                        exponent));
    }
    const std::size_t n = clean.rows_.size();
    clean.view_ = {points.data, n, points.n_columns, points.type};
    if (n == 0) return clean;
    const bool is_one_piece = clean.rows_.back() - clean.rows_.front() == n - 1;
    if (exponent == 0 && is_one_piece) {
        const std::size_t stride = points.n_columns * size_bytes(points.type);
        clean.view_.data =
            static_cast<const std::byte*>(points.data) + clean.rows_.front() * stride;
        return clean;
    }
    clean.owned_ = copy_of(points, clean.rows_, exponent, pool, stop);
    clean.view_.data = clean.owned_.data();
    if (exponent != 0) clean.view_.type = ElementType::float32;
    return clean;
}

}  // namespace oort
