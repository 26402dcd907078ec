// SPDX-License-Identifier: Apache-2.0
#include "numeric/components.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "numeric/thin_products.h"

namespace oort {

namespace {

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

/// The components with the centring's scales taken back: d x k.
std::vector<double> projection_weights(const Principal& principal) {
    const std::size_t k = principal.n_components;
    const std::size_t d = principal.components.size() / k;
    const Centring& centring = principal.centring;
    std::vector<double> weights(d * k);
    for (std::size_t j = 0; j < d; ++j) {
        const double unscale = centring.common_scale / static_cast<double>(centring.scale[j]);
        for (std::size_t c = 0; c < k; ++c)
            weights[j * k + c] = principal.components[c * d + j] * unscale;
    }
    return weights;
}

}  // namespace

std::vector<double> components_of_rows(const RowReader& points,
                                       const std::vector<std::uint32_t>& rows,
                                       const Centring& centring,
                                       const EigenPairs& pairs,
                                       ThreadPool& pool,
                                       std::stop_token stop) {
    const std::size_t n = rows.size();
    const std::size_t d = points.n_columns();
    const std::size_t k = pairs.values.size();
    std::vector<double> u(n * k);
    for (std::size_t c = 0; c < k; ++c) {
        for (std::size_t i = 0; i < n; ++i) u[i * k + c] = pairs.vectors[c * n + i];
    }
    const ThinProducts products(points, rows, centring, pool, stop);
    const std::vector<double> columns = products.transposed_times(u, k);
    std::vector<double> components(k * d);
    for (std::size_t c = 0; c < k; ++c) {
        for (std::size_t j = 0; j < d; ++j) components[c * d + j] = columns[j * k + c];
    }
    orthonormalise(components, k, d);
    return components;
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

int project(PointsView points,
            const Principal& principal,
            const Destination& destination,
            ThreadPool& pool,
            std::stop_token stop) {
    const std::vector<std::uint32_t>& rows = principal.stats.finite_rows;
    const std::size_t k = principal.n_components;
    const RowReader reader(points);
    const ThinProducts products(reader, rows, principal.centring, pool, stop);
    const std::vector<double> weights = projection_weights(principal);
    const int power = -std::ilogb(principal.centring.common_scale);
    std::vector<double> largest(n_chunks(rows.size(), product_group));
    const auto write = [&](int exponent) {
        const double factor = std::ldexp(1.0, exponent);
        constexpr double limit = std::numeric_limits<float>::max();
        const auto take =
            [&](std::size_t first, std::size_t count, const double* values, std::size_t stride) {
                double largest_here = 0;
                for (std::size_t c = 0; c < k; ++c) {
                    float* out = destination.data + c * destination.component_step;
                    for (std::size_t i = 0; i < count; ++i) {
                        const double value = values[i * stride + c] * factor;
                        largest_here = std::max(largest_here, std::abs(value));
                        out[rows[first + i] * destination.row_step] =
                            static_cast<float>(std::clamp(value, -limit, limit));
                    }
                }
                largest[first / product_group] = largest_here;
            };
        products.times(weights, k, take);
        return *std::max_element(largest.begin(), largest.end());
    };
    const double reach = write(power);
    const int excess = reach > 0 ? std::max(0, std::ilogb(reach) - 127) : 0;
    if (excess > 0) write(power - excess);
    return excess;
}

}  // namespace oort
