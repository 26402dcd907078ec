// SPDX-License-Identifier: Apache-2.0
// Wrong tokens and codes, counted by the address they come from. Nobody is locked out: on a machine
// that several share, that would let one neighbour shut out the other.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <string>

namespace oort {

/// Thread-safe.
class Guesses {
  public:
    using Clock = std::chrono::steady_clock;

    static constexpr std::size_t max_prompt = 10;  ///< wrong secrets a minute, answered at once
    static constexpr std::chrono::minutes window{1};
    static constexpr std::size_t max_addresses = 1024;

    /// delay  of the answers to all further ones.
    explicit Guesses(std::chrono::milliseconds delay) : delay_(delay) {}

    /// Counts one wrong secret. How long its answer is to be kept back; not at all for the first
    /// ten of a minute. While more addresses guess than are counted, the further ones wait at once.
    std::chrono::milliseconds delay_of_wrong(const std::string& address,
                                             Clock::time_point at = Clock::now());

  private:
    struct Count {
        Clock::time_point began;
        std::size_t n = 0;
    };

    std::chrono::milliseconds delay_;
    std::mutex mutex_;
    std::map<std::string, Count> counts_;
};

}  // namespace oort
