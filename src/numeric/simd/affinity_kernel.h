// SPDX-License-Identifier: Apache-2.0
// The Gaussian weights of one point's neighbours, compiled for each instruction set and chosen at
// run time.
#pragma once

#include <cstddef>

namespace oort {

/// Floats of scratch that perplexity_row needs for k neighbours.
constexpr std::size_t affinity_scratch(std::size_t k) noexcept {
    return 2 * ((k + 15) / 16 * 16);
}

/// weights[j] = exp(-beta distances[j]^2) divided by their sum, with the beta at which the entropy
/// of the weights is the logarithm of `perplexity`; where there is none (too many neighbours at the
/// same distance), the nearest to it.
void perplexity_row(const float* distances,
                    std::size_t k,
                    float perplexity,
                    float* weights,
                    float* scratch) noexcept;

}  // namespace oort
