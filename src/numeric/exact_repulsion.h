// SPDX-License-Identifier: Apache-2.0
// The repulsion of t-SNE between all pairs of points, for layouts of so few that nothing is faster.
#pragma once

#include <cstddef>

#include "numeric/parallel.h"

namespace oort {

/// forces, in rows like those of the layout = sum over j of (y_i - y_j) / (1 + |y_i - y_j|^2)^2;
/// returns Z, the sum of 1 / (1 + |y_i - y_j|^2) over all pairs i != j. Rows have `stride` floats:
/// 2, or 4 with the last one 0. Time O(n^2).
double exact_repulsion(
    const float* layout, std::size_t n, std::size_t stride, float* forces, ThreadPool& pool);

}  // namespace oort
