// SPDX-License-Identifier: Apache-2.0
// Exact sums over pairs of rows, compiled for each instruction set and chosen at run time. Rows are
// read in their own type. Every sum runs in 16 floats, which are added up in double in a fixed
// order, so the width of the vectors does not change the result; instruction sets without a fused
// multiply-add round once more per term.
#pragma once

#include <cstddef>
#include <cstdint>

#include "numeric/points.h"

namespace oort {

/// out[i] = sum over j of (query[j] - row[j])^2, where row is row rows[i] of points.
void squared_differences(const float* query,
                         const PointsView& points,
                         const std::uint32_t* rows,
                         std::size_t n,
                         double* out) noexcept;

/// out[i] = sum over j of (query[j] - row[j] * scales[rows[i]])^2.
void scaled_squared_differences(const float* query,
                                const PointsView& points,
                                const float* scales,
                                const std::uint32_t* rows,
                                std::size_t n,
                                double* out) noexcept;

/// out[i] = sum over j of query[j] * row[j].
void dot_products(const float* query,
                  const PointsView& points,
                  const std::uint32_t* rows,
                  std::size_t n,
                  double* out) noexcept;

}  // namespace oort
