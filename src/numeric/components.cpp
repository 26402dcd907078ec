// SPDX-License-Identifier: Apache-2.0
#include "numeric/components.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "numeric/simd/row_kernel.h"

namespace oort {

namespace {

constexpr std::size_t chunk_columns = 256;
constexpr std::size_t chunk_rows = 512;

double dot(const double* a, const double* b, std::size_t d) {
    return std::inner_product(a, a + d, b, 0.0);
}

/// Takes out of v its part along the first n rows of `basis`; twice, since once leaves rounding
/// behind.
void orthogonalise(double* v, const double* basis, std::size_t n, std::size_t d) {
    for (int pass = 0; pass < 2; ++pass) {
        for (std::size_t c = 0; c < n; ++c) {
            const double along = dot(v, basis + c * d, d);
            for (std::size_t j = 0; j < d; ++j) v[j] -= along * basis[c * d + j];
        }
    }
}

/// The axis that the first n rows of `basis` hold least of: what is left of it has at least length
/// sqrt(1 - n / d).
std::size_t freest_axis(const double* basis, std::size_t n, std::size_t d) {
    std::vector<double> held(d, 0.0);
    for (std::size_t c = 0; c < n; ++c) {
        for (std::size_t j = 0; j < d; ++j) held[j] += basis[c * d + j] * basis[c * d + j];
    }
    return static_cast<std::size_t>(std::min_element(held.begin(), held.end()) - held.begin());
}

void orthonormalise(std::vector<double>& vectors, std::size_t k, std::size_t d) {
    // Below this share of the first vector's length a direction is rounding error of the float
    // products.
    const double least = 1e-6 * std::sqrt(dot(vectors.data(), vectors.data(), d));
    for (std::size_t c = 0; c < k; ++c) {
        double* v = &vectors[c * d];
        orthogonalise(v, vectors.data(), c, d);
        double length = std::sqrt(dot(v, v, d));
        if (length <= least) {
            std::fill_n(v, d, 0.0);
            v[freest_axis(vectors.data(), c, d)] = 1;
            orthogonalise(v, vectors.data(), c, d);
            length = std::sqrt(dot(v, v, d));
        }
        for (std::size_t j = 0; j < d; ++j) v[j] /= length;
    }
}

/// The components [first, first + 5) with the centring's scales taken back, zero past the last: 5 x
/// d, padded.
std::vector<float> projection_weights(const std::vector<double>& components,
                                      std::size_t d,
                                      std::size_t first,
                                      const Centring& centring) {
    const std::size_t k = components.size() / d;
    const std::size_t stride = padded_columns(d);
    std::vector<float> weights(projected_components * stride, 0.0F);
    for (std::size_t c = first; c < std::min(k, first + projected_components); ++c) {
        for (std::size_t j = 0; j < d; ++j) {
            const double unscale = centring.common_scale / static_cast<double>(centring.scale[j]);
            weights[(c - first) * stride + j] = static_cast<float>(components[c * d + j] * unscale);
        }
    }
    return weights;
}

/// Multiplies all coordinates by 2^-exponent of the common scale, and by less if they would not fit
/// in float.
void unscale(const Centring& centring, float largest, PcaResult& result, ThreadPool& pool) {
    const int power = -std::ilogb(centring.common_scale);
    const int excess = largest > 0 ? std::max(0, std::ilogb(largest) + power - 127) : 0;
    if (excess > 0) {
        result.notes.push_back(fmt::format(
            "the coordinates are too large for float32 and were divided by 2^{}", excess));
    }
    parallel_for(pool, result.coordinates.size(), 1 << 16, [&](std::size_t begin, std::size_t end) {
        const double factor = std::ldexp(1.0, power - excess);
        for (std::size_t i = begin; i < end; ++i) {
            result.coordinates[i] =
                static_cast<float>(static_cast<double>(result.coordinates[i]) * factor);
        }
    });
}

}  // namespace

std::vector<double> components_of_rows(MatrixView points,
                                       const std::vector<std::uint32_t>& rows,
                                       const Centring& centring,
                                       const EigenPairs& pairs,
                                       ThreadPool& pool,
                                       std::stop_token stop) {
    const std::size_t n = rows.size();
    const std::size_t d = points.n_columns;
    const std::size_t k = pairs.values.size();
    std::vector<double> components(k * d, 0.0);
    parallel_for(
        pool,
        d,
        chunk_columns,
        [&](std::size_t begin, std::size_t end) {
            std::vector<float> centred(end - begin);
            for (std::size_t i = 0; i < n; ++i) {
                centre_row(
                    points.row(rows[i]) + begin, centring.view(begin), end - begin, centred.data());
                for (std::size_t c = 0; c < k; ++c) {
                    const double factor = pairs.vectors[c * n + i];
                    double* out = &components[c * d + begin];
                    for (std::size_t j = 0; j < centred.size(); ++j)
                        out[j] += factor * static_cast<double>(centred[j]);
                }
            }
        },
        stop);
    orthonormalise(components, k, d);
    return components;
}

void fix_signs(std::vector<double>& vectors, std::size_t d) {
    for (std::size_t first = 0; first < vectors.size(); first += d) {
        double largest = 0;
        for (std::size_t j = first; j < first + d; ++j) {
            if (std::abs(vectors[j]) > std::abs(largest)) largest = vectors[j];
        }
        if (largest >= 0) continue;
        for (std::size_t j = first; j < first + d; ++j) vectors[j] = -vectors[j];
    }
}

void project(MatrixView points,
             const std::vector<std::uint32_t>& rows,
             const Centring& centring,
             const std::vector<double>& components,
             PcaResult& result,
             ThreadPool& pool,
             std::stop_token stop) {
    const std::size_t n = points.n_rows;
    const std::size_t d = points.n_columns;
    const std::size_t k = components.size() / d;
    result.coordinates.assign(k * n, std::numeric_limits<float>::quiet_NaN());
    std::vector<std::vector<float>> weights;
    for (std::size_t first = 0; first < k; first += projected_components) {
        weights.push_back(projection_weights(components, d, first, centring));
    }
    std::vector<float> largest(n_chunks(rows.size(), chunk_rows), 0.0F);
    parallel_for(
        pool,
        rows.size(),
        chunk_rows,
        [&](std::size_t begin, std::size_t end) {
            float& largest_here = largest[begin / chunk_rows];
            double out[projected_rows * projected_components];
            for (std::size_t row = begin; row < end; row += projected_rows) {
                // A last group that is not full takes its last row several times.
                std::size_t places[projected_rows];
                const float* group[projected_rows];
                for (std::size_t i = 0; i < projected_rows; ++i) {
                    places[i] = rows[std::min(row + i, end - 1)];
                    group[i] = points.row(places[i]);
                }
                for (std::size_t c = 0; c < k; ++c) {
                    const std::size_t part = c % projected_components;
                    if (part == 0) {
                        project_row_group(group,
                                          centring.view(),
                                          d,
                                          weights[c / projected_components].data(),
                                          out);
                    }
                    for (std::size_t i = 0; i < projected_rows; ++i) {
                        const float value =
                            static_cast<float>(out[i * projected_components + part]);
                        result.coordinates[c * n + places[i]] = value;
                        largest_here = std::max(largest_here, std::abs(value));
                    }
                }
            }
        },
        stop);
    unscale(centring,
            largest.empty() ? 0.0F : *std::max_element(largest.begin(), largest.end()),
            result,
            pool);
}

}  // namespace oort
