// SPDX-License-Identifier: Apache-2.0
// The last stages of PCA: from eigenvectors to components, and from components to coordinates.
#pragma once

#include <cstdint>
#include <stop_token>
#include <vector>

#include "numeric/column_stats.h"
#include "numeric/eigen.h"
#include "numeric/matrix.h"
#include "numeric/parallel.h"
#include "numeric/pca.h"

namespace oort {

/// From the eigenvectors of gram_of_rows (k x n) to components (k x d, orthonormal): the centred
/// points, transposed, times each. A vector without variance gives no direction; some direction at
/// right angles to the others then stands for it. Time n d k. Throws Error(cancelled).
std::vector<double> components_of_rows(MatrixView points,
                                       const std::vector<std::uint32_t>& rows,
                                       const Centring& centring,
                                       const EigenPairs& pairs,
                                       ThreadPool& pool,
                                       std::stop_token stop = {});

/// Turns each row of `vectors` (k x d) so that its element of largest magnitude, the first of
/// equals, is positive: an eigenvector has no sign of its own.
void fix_signs(std::vector<double>& vectors, std::size_t d);

/// Fills result.coordinates: the centred `rows` of the points times `components` (k x d). Adds a
/// note and divides all by a power of two if they are too large for float. Throws Error(cancelled).
void project(MatrixView points,
             const std::vector<std::uint32_t>& rows,
             const Centring& centring,
             const std::vector<double>& components,
             PcaResult& result,
             ThreadPool& pool,
             std::stop_token stop = {});

}  // namespace oort
