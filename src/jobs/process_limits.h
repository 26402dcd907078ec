// SPDX-License-Identifier: Apache-2.0
// What a worker process takes from itself, so that no computation can harm the server beside it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace oort {

/// This process ends when `parent` does. Throws Error(unavailable) if that has ended already.
void end_with_parent(pid_t parent);

struct ProcessLimits {
    std::uint64_t memory_bytes = 0;  ///< private and writable, beside what is allocated now; 0: any
    int nice = 0;
};

/// Limits this process for good. What could not be limited is said, a sentence each.
std::vector<std::string> limit_process(const ProcessLimits& limits);

}  // namespace oort
