// SPDX-License-Identifier: Apache-2.0
// Neighbours and quality of points as somebody gives them: cleaned first, answered in the rows and
// the unit that they came in. The one door to both for the command line and Python, so that they
// give the same bytes.
#pragma once

#include <cstdint>
#include <span>
#include <stop_token>

#include "numeric/matrix.h"
#include "numeric/neighbors.h"
#include "numeric/parallel.h"
#include "numeric/points.h"
#include "numeric/quality.h"

namespace oort {

/// Stands where a row has no neighbour: -1 as int32.
inline constexpr std::uint32_t no_neighbor = 0xFFFFFFFF;

/// points  n x d, of any finite or infinite values. Rows with a NaN or an infinity are nobody's
/// neighbour and have none: no_neighbor at distance NaN, and a note. Throws as find_neighbors(),
/// and Error(invalid_argument) for points without rows or columns.
Neighbors neighbors_as_given(PointsView points,
                             const NeighborsOptions& options,
                             ThreadPool& pool,
                             std::stop_token stop = {});

/// points  n x d; layout n x dims; labels n codes or empty. Rows that are not finite in both take
/// no part. Throws as quality(), and Error(invalid_argument) if the numbers of rows differ or none
/// is left.
Quality quality_as_given(PointsView points,
                         MatrixView layout,
                         std::span<const std::uint32_t> labels,
                         const QualityOptions& options,
                         ThreadPool& pool,
                         std::stop_token stop = {});

}  // namespace oort
