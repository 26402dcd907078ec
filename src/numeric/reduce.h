// SPDX-License-Identifier: Apache-2.0
// Clean points in fewer dimensions: their first principal coordinates as rows, for the stages that
// search and start from them. The same arithmetic as pca() (pca.h), without what a person looks at.
#pragma once

#include <cstddef>
#include <stop_token>
#include <vector>

#include "numeric/matrix.h"
#include "numeric/parallel.h"
#include "numeric/points.h"

namespace oort {

struct Reduced {
    Matrix coordinates;                      ///< n x k, row-major, in the points' unit
    std::vector<double> explained_variance;  ///< k, falling
    double total_variance = 0;
    std::vector<float> components;  ///< k x d, orthonormal rows: with mean, places new points
    std::vector<float> mean;        ///< d
};

/// points  n x d, clean (clean_points.h). k = min(n_components, n, d).
/// Bit for bit the same on any number of threads. Throws Error(cancelled).
Reduced reduce(PointsView points,
               std::size_t n_components,
               ThreadPool& pool,
               std::stop_token stop = {});

/// New rows in the coordinates of `reduced`, each independent of the others: n x k.
Matrix place(PointsView points,
             const Reduced& reduced,
             ThreadPool& pool,
             std::stop_token stop = {});

}  // namespace oort
