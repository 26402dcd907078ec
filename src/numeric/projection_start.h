// SPDX-License-Identifier: Apache-2.0
// Where a layout starts: the first principal coordinates of the points.
#pragma once

#include <cstddef>
#include <cstdint>

#include "numeric/matrix.h"
#include "numeric/reduce.h"

namespace oort {

/// The first n_components coordinates of each row. Columns that the points do not fill (fewer
/// dimensions, or no variance in them) are zero.
Matrix principal_start(const Reduced& reduced, std::size_t n_components);

/// The same, but with columns that the points do not fill made of small random numbers: along a
/// line of points, or where all are equal, a layout could otherwise never spread.
Matrix spread_start(const Reduced& reduced, std::size_t n_components, std::uint64_t seed);

}  // namespace oort
