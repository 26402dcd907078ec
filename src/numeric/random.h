// SPDX-License-Identifier: Apache-2.0
// Random numbers that are the same on every machine and with every standard library, which the
// distributions of <random> do not promise.
// Source: xoshiro256** 1.0 and splitmix64, Blackman and Vigna 2018 (arXiv:1805.01407); bounded
// integers by Lemire 2018 (arXiv:1805.10941) section 4.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace oort {

/// A stream of random numbers, decided by its seed alone. Not thread-safe: give each its own.
class Random {
  public:
    explicit Random(std::uint64_t seed) noexcept;

    /// Uniform over all 2^64 values.
    std::uint64_t next() noexcept;

    /// Uniform in [0, bound), without bias. bound 0 gives 0.
    std::uint64_t below(std::uint64_t bound) noexcept;

    /// Uniform in [0, 1), a multiple of 2^-53.
    double uniform() noexcept;

    /// Normal with mean 0 and variance 1 (Box and Muller; the last bits are libm's).
    double normal() noexcept;

  private:
    std::array<std::uint64_t, 4> state_;
};

/// The numbers 0..n-1 in random order (Fisher and Yates), every order equally likely; the same for
/// the same seed for ever, because it is stored as the draw order of points. O(n). Throws
/// Error(too_large) if n exceeds 2^32 - 1.
std::vector<std::uint32_t> random_permutation(std::size_t n, std::uint64_t seed);

}  // namespace oort
