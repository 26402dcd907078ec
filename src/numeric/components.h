// SPDX-License-Identifier: Apache-2.0
// The last stages of PCA: from eigenvectors to components, and from components to coordinates.
#pragma once

#include <cstdint>
#include <stop_token>
#include <vector>

#include "numeric/column_stats.h"
#include "numeric/eigen.h"
#include "numeric/parallel.h"
#include "numeric/points.h"
#include "numeric/principal.h"
#include "numeric/row_reader.h"

namespace oort {

/// From the eigenvectors of gram_of_rows (k x n) to components (k x d, orthonormal): the centred
/// points, transposed, times each. A vector without variance gives no direction; some direction at
/// right angles to the others then stands for it. Time n d k. Throws Error(cancelled).
std::vector<double> components_of_rows(const RowReader& points,
                                       const std::vector<std::uint32_t>& rows,
                                       const Centring& centring,
                                       const EigenPairs& pairs,
                                       ThreadPool& pool,
                                       std::stop_token stop = {});

/// Makes the k rows of `vectors` (k x d) orthonormal, each turned as little as those before it
/// allow. A row that is short beside the first gives no direction; some direction at right angles
/// to the others then stands for it.
void orthonormalise(std::vector<double>& vectors, std::size_t k, std::size_t d);

/// Turns each row of `vectors` (k x d) so that its element of largest magnitude, the first of
/// equals, is positive: an eigenvector has no sign of its own.
void fix_signs(std::vector<double>& vectors, std::size_t d);

/// Where coordinates go: that of row i and component c to data[i * row_step + c * component_step].
struct Destination {
    float* data;
    std::size_t row_step;
    std::size_t component_step;
};

/// Writes the centred finite rows of the points times the components; what belongs to other rows is
/// not touched. If they are too large for float, all are divided by a power of two, whose exponent
/// is returned; else 0. Throws Error(cancelled).
int project(PointsView points,
            const Principal& principal,
            const Destination& destination,
            ThreadPool& pool,
            std::stop_token stop = {});

}  // namespace oort
