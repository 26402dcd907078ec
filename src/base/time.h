// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

namespace oort {

/// Milliseconds since 1970-01-01 UTC: the only form of a date in rows, files and JSON.
using Milliseconds = std::int64_t;

Milliseconds now() noexcept;

/// Seconds of a monotonic clock since construction; not affected by changes of the date.
class Stopwatch {
  public:
    double seconds() const noexcept {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    }

  private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace oort
