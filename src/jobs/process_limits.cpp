// SPDX-License-Identifier: Apache-2.0
#include "jobs/process_limits.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>

#include "base/error.h"

namespace oort {

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
// Their shadow alone is larger than any limit.
constexpr bool can_limit_memory = false;
#else
constexpr bool can_limit_memory = true;
#endif

// What the kernel counts against RLIMIT_DATA.
std::uint64_t data_bytes() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
        std::uint64_t kib = 0;
        if (word == "VmData:" && status >> kib) return kib << 10;
    }
    return 0;
}

}  // namespace

void end_with_parent(pid_t parent) {
    const bool done = ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0;
    // The parent may have ended before the call, or the call be forbidden.
    if (!done || ::getppid() != parent) {
        throw Error(ErrorCode::unavailable, "the server that started this worker has ended");
    }
}

std::vector<std::string> limit_process(const ProcessLimits& limits) {
    std::vector<std::string> faults;
    const auto check = [&](bool done, const char* what) {
        if (!done) faults.push_back(fmt::format("cannot {}: {}", what, std::strerror(errno)));
    };
    check(::setpriority(PRIO_PROCESS, 0, limits.nice) == 0, "set the priority");
    const rlimit no_core{0, 0};
    check(::setrlimit(RLIMIT_CORE, &no_core) == 0, "switch core files off");
    if (limits.memory_bytes > 0 && can_limit_memory) {
        // Not RLIMIT_AS: that also counts what is only reserved, such as the arenas of malloc and
        // the stacks of threads. This counts private memory that can be written to.
        const std::uint64_t most = data_bytes() + limits.memory_bytes;
        const rlimit data{most, most};
        check(::setrlimit(RLIMIT_DATA, &data) == 0, "limit the memory");
    }
    // If the machine runs out all the same, the kernel ends this process and not the server.
    std::ofstream score("/proc/self/oom_score_adj");
    score << 1000 << std::flush;
    check(static_cast<bool>(score), "offer itself to the kernel when memory runs out");
    return faults;
}

}  // namespace oort
