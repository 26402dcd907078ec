// SPDX-License-Identifier: Apache-2.0
// The inner loops of an exhaustive scan: distances between 32 points and 32 rows, and which of them
// are small; compiled for each instruction set and chosen at run time. A distance is made by the
// same operations wherever the pair stands in the tile, so equal pairs have equal distances.
#pragma once

#include <cstddef>
#include <cstdint>

namespace oort {

/// A tile is 32 x 32 floats: that of point p and row r at p * 32 + r.
inline constexpr std::size_t scan_width = 32;

/// tile += the squared differences between points, of n dimensions, point p from points + p *
/// stride on, and rows: dimension j of row r at rows[j * 32 + r]. Exactly 0 for equal ones.
void add_squared_distances(const float* points,
                           std::size_t stride,
                           const float* rows,
                           std::size_t n,
                           float* tile) noexcept;

/// tile -= the products of their dimensions.
void subtract_products(const float* points,
                       std::size_t stride,
                       const float* rows,
                       std::size_t n,
                       float* tile) noexcept;

/// counts[t * 32 + r] += how many points of the tile are nearer to row r than thresholds[t * 32 +
/// r], for t in [0, n).
void count_nearer(const float* tile,
                  const float* thresholds,
                  std::size_t n,
                  std::uint32_t* counts) noexcept;

/// Bit r of masks[p] = whether point p is nearer to row r than bounds[r].
void find_nearer(const float* tile, const float* bounds, std::uint32_t* masks) noexcept;

}  // namespace oort
