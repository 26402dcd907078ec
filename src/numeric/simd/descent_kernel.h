// SPDX-License-Identifier: Apache-2.0
// One step of gradient descent with gains, compiled for each instruction set and chosen at run
// time.
#pragma once

#include <cstddef>

namespace oort {

/// How to take a step.
struct DescentStep {
    float attraction;     ///< factor on the attractive forces
    float repulsion;      ///< factor on the repulsive forces
    float learning_rate;  ///< factor on the gradient
    float momentum;       ///< share of the last movement that is kept
    float longest_step;   ///< longest movement of a point
};

/// Arrays of rows of `stride` floats (2 or 4).
struct DescentRows {
    const float* attraction;
    const float* repulsion;
    const float* layout;
    float* movement;
    float* gains;
    float* moved;  ///< where the points go
    std::size_t stride;
};

/// Moves n floats, a multiple of 16. sums: 16 floats to which the new positions are added, each to
/// that of its place modulo 16.
void descend(const DescentStep& step, const DescentRows& rows, std::size_t n, float* sums) noexcept;

/// values[i] -= mean[i % 16] for n floats, a multiple of 16; lows and highs (16) are lowered and
/// raised to the lowest and highest of each place modulo 16.
void centre_points(
    float* values, const float* mean, std::size_t n, float* lows, float* highs) noexcept;

}  // namespace oort
