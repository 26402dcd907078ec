// SPDX-License-Identifier: Apache-2.0
// The width of the exponential that turns neighbours' distances into memberships, sixteen rows at a
// time, compiled for each instruction set and chosen at run time.
#pragma once

#include <cstddef>

namespace oort {

/// Rows that smooth_rows takes at once.
inline constexpr std::size_t smooth_rows_at_once = 16;

struct SmoothRows {
    const float* excess;  ///< n_neighbors x 16: distance less rho, neighbour-major
    std::size_t n_neighbors;
    float target;        ///< what each row's memberships shall add up to
    const float* floor;  ///< 16: least sigma of each row
    const float* guess;  ///< 16: where the search begins; above 0
};

/// sigma[r] such that sum over j of min(1, exp(-excess / sigma)) is the target to 1e-5, but at
/// least floor[r]; and the memberships themselves, neighbour-major (n_neighbors x 16).
void smooth_rows(const SmoothRows& rows, float* sigma, float* memberships) noexcept;

}  // namespace oort
