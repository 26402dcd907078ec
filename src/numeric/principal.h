// SPDX-License-Identifier: Apache-2.0
// What pca() and reduce() have in common: the principal directions of points, by whichever way
// costs least for their shape.
#pragma once

#include <cstddef>
#include <stop_token>
#include <vector>

#include "numeric/column_stats.h"
#include "numeric/parallel.h"
#include "numeric/points.h"

namespace oort {

struct Principal {
    ColumnStats stats;
    Centring centring;
    std::size_t n_components = 0;            ///< k; 0 if no row is finite
    std::vector<double> components;          ///< k x d, orthonormal, signs fixed
    std::vector<double> explained_variance;  ///< k, falling
    double total_variance = 0;
};

/// k = min(n_components, finite rows, d). Throws as pca() does.
Principal principal_directions(PointsView points,
                               std::size_t n_components,
                               ThreadPool& pool,
                               std::stop_token stop = {});

}  // namespace oort
