// SPDX-License-Identifier: Apache-2.0
#include "numeric/projection_start.h"

#include <algorithm>
#include <cmath>

#include "numeric/random.h"

namespace oort {

namespace {

// Variance that is rounding only, as a share of the first component's.
constexpr double least_variance = 1e-10;

// Spread of the random numbers, as a share of the first component's.
constexpr double random_share = 0.01;

bool is_filled(const Reduced& reduced, std::size_t component) {
    if (component >= reduced.coordinates.n_columns()) return false;
    const double first = reduced.explained_variance[0];
    return first > 0 && reduced.explained_variance[component] > least_variance * first;
}

}  // namespace

Matrix principal_start(const Reduced& reduced, std::size_t n_components) {
    const Matrix& from = reduced.coordinates;
    Matrix start(from.n_rows(), n_components);
    for (std::size_t c = 0; c < n_components; ++c) {
        if (!is_filled(reduced, c)) continue;
        for (std::size_t i = 0; i < from.n_rows(); ++i) start.row(i)[c] = from.row(i)[c];
    }
    return start;
}

Matrix spread_start(const Reduced& reduced, std::size_t n_components, std::uint64_t seed) {
    Matrix start = principal_start(reduced, n_components);
    const bool has_first = is_filled(reduced, 0);
    const double spread = has_first ? random_share * std::sqrt(reduced.explained_variance[0]) : 1.0;
    Random random(seed);
    for (std::size_t c = 0; c < n_components; ++c) {
        if (is_filled(reduced, c)) continue;
        for (std::size_t i = 0; i < start.n_rows(); ++i) {
            start.row(i)[c] = static_cast<float>(spread * random.normal());
        }
    }
    return start;
}

}  // namespace oort
