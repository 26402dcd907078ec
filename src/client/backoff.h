// SPDX-License-Identifier: Apache-2.0
// How long to wait before trying again: full jitter, so that many clients of one server that went
// away do not come back as one. Source: M. Brooker, "Exponential Backoff And Jitter", AWS
// Architecture Blog 2015.
#pragma once

#include <algorithm>
#include <cmath>
#include <random>

namespace oort {

/// Draws waits uniformly between `least_s` and a ceiling that doubles with each failure, from 2 *
/// least_s up to most_s. Not thread-safe.
class Backoff {
  public:
    explicit Backoff(std::uint64_t seed, double least_s = 0.5, double most_s = 60)
        : random_(seed), least_s_(least_s), most_s_(most_s) {}

    /// The next wait, in seconds.
    double next() {
        ++n_failures_;
        const double ceiling = std::min(most_s_, least_s_ * std::exp2(std::min(n_failures_, 30)));
        return std::uniform_real_distribution<double>(least_s_, ceiling)(random_);
    }

    void reset() { n_failures_ = 0; }

  private:
    std::mt19937_64 random_;
    double least_s_;
    double most_s_;
    int n_failures_ = 0;
};

}  // namespace oort
