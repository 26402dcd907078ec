// SPDX-License-Identifier: Apache-2.0
// The repulsion of t-SNE between points one by one, on 64 of them at once; compiled for each
// instruction set and chosen at run time.
#pragma once

#include <cstddef>

namespace oort {

inline constexpr std::size_t repulsion_targets = 64;

/// What repels: a point or several close together.
struct Source {
    float x;
    float y;
    float z;
    float mass;  ///< how many points
};

/// Some points and what is summed for each of them.
struct RepulsionTargets {
    alignas(64) float at[3][repulsion_targets];
    alignas(64) float force[3][repulsion_targets];  ///< sum of mass (y - source) / (1 + d^2)^2
    alignas(64) float total[repulsion_targets];     ///< sum of mass / (1 + d^2)
};

/// Adds what n sources do to the targets.
void repel(const Source* sources, std::size_t n, RepulsionTargets& targets) noexcept;

/// Adds what the first n targets do to each other.
void repel_each_other(std::size_t n, RepulsionTargets& targets) noexcept;

}  // namespace oort
