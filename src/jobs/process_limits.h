// SPDX-License-Identifier: Apache-2.0
// What a worker process takes from itself, so that no computation can harm the server beside it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace oort {

struct ProcessLimits {
    std::uint64_t memory_bytes = 0;  ///< 0: none
    int nice = 0;
    pid_t parent = 0;  ///< ends with it; 0: with nobody
};

/// Limits this process for good. What could not be limited is said, a sentence each. Throws
/// Error(unavailable) if the parent has ended already.
std::vector<std::string> limit_process(const ProcessLimits& limits);

}  // namespace oort
