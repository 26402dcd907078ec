// SPDX-License-Identifier: Apache-2.0
// Points to and from a grid by cubic B-splines (the smooth particle mesh of Essmann et al. 1995,
// J. Chem. Phys. 103), compiled for each instruction set and chosen at run time.
#pragma once

#include <cstddef>
#include <cstdint>

namespace oort {

/// Where the nodes of a grid stand: node (r, c) at (x0 + c h, y0 + r h), its value at
/// values[r * pitch + c]. A point touches the 4 x 4 nodes around it.
struct SplineGrid {
    float x0;
    float y0;
    float inverse_h;
    float* values;
    std::size_t pitch;
};

/// Points by their two coordinates; 16 floats beyond the last are readable.
struct PointColumns {
    const float* x;
    const float* y;
    std::size_t n;
};

/// Adds a charge of one for each point.
void spread_charges(const PointColumns& points, const SplineGrid& grid) noexcept;

/// forces[2 * order[i]] and the next = -1/2 the gradient of the grid's function at point i. Returns
/// the sum of the function's values.
double gather_forces(const PointColumns& points,
                     const SplineGrid& grid,
                     const std::uint32_t* order,
                     float* forces) noexcept;

/// values[i] = 1 / (1 + dy^2 + (x0 + i step)^2) for i in [0, n).
void student_row(float dy, float x0, float step, std::size_t n, float* values) noexcept;

}  // namespace oort
