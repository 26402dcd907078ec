// SPDX-License-Identifier: Apache-2.0
// The least of some keys, compiled for each instruction set and chosen at run time. Works on whole
// numbers only, so the answer is the same everywhere.
#pragma once

#include <cstddef>
#include <cstdint>

namespace oort {

struct Selection {
    std::uint32_t count;  ///< how many were kept, now at the front
    std::int32_t limit;   ///< none of those dropped has a lesser key
};

/// Keeps the `wanted` least of `count` keys, or a few more but at most `at_most`, in their order,
/// and their points with them. Of keys that are equal the first are kept. Both arrays have room for
/// 16 more than count. If count <= at_most nothing is dropped and the limit is `limit`.
Selection select_least(std::int32_t* keys,
                       std::uint32_t* points,
                       std::uint32_t count,
                       std::uint32_t wanted,
                       std::uint32_t at_most,
                       std::int32_t limit) noexcept;

}  // namespace oort
