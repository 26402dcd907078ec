// SPDX-License-Identifier: Apache-2.0
// Points sorted along a Morton curve (Morton 1966, "A computer oriented geodetic data base"), on
// which points near each other in space mostly stand near each other in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "numeric/parallel.h"

namespace oort {

class MortonOrder {
  public:
    /// n  points, at most 2^32. pool must outlive this object.
    MortonOrder(std::size_t n, ThreadPool& pool);

    /// Sorts points in rows of 2 floats, or of 4 the first three of which count. O(n).
    void sort(const float* points, std::size_t stride);

    /// Each point's code, three (two) bits for each of levels() halvings of the cube around all
    /// points, above its index in 32 bits; rising.
    const std::vector<std::uint64_t>& keys() const noexcept { return keys_; }

    static std::uint32_t index_of(std::uint64_t key) noexcept {
        return static_cast<std::uint32_t>(key);
    }

    static constexpr std::uint32_t levels(std::size_t stride) noexcept {
        return stride == 2 ? 15 : 10;
    }

    /// Side of the cube.
    float side() const noexcept { return side_; }

  private:
    void sort_by_digit(std::uint32_t shift);

    std::size_t n_;
    ThreadPool& pool_;
    float side_ = 0;
    std::vector<std::uint64_t> keys_;
    std::vector<std::uint64_t> other_keys_;
    std::vector<std::uint32_t> counts_;
};

}  // namespace oort
