// SPDX-License-Identifier: Apache-2.0
#include "numeric/instruction_set.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <vector>

#include "base/error.h"
#include "numeric/simd/target_kernel.h"

namespace oort {

namespace {

std::string lower_case(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return lower;
}

// Targets that this build has kernels for, best first: in Highway's mask a better one has a lower
// bit.
std::vector<std::int64_t> built_targets() {
    std::vector<std::int64_t> targets;
    for (std::int64_t rest = HWY_TARGETS; rest != 0; rest &= rest - 1) {
        targets.push_back(rest & -rest);
    }
    return targets;
}

std::string name_of(std::int64_t target) {
    return lower_case(hwy::TargetName(target));
}

// The names people use for more than one of Highway's.
std::string_view alias_of(std::string_view name) {
    if (name == "avx3" || name.starts_with("avx3_")) return "avx512";
    return name;
}

/// What the kernels may use. Highway's SupportedTargets() leaves the choice at all that the
/// processor has, whatever is disabled (targets.cc of 1.0.3), so it is set again.
std::int64_t usable_targets() {
    const std::int64_t targets = hwy::SupportedTargets();
    hwy::GetChosenTarget().Update(targets);
    return targets & HWY_TARGETS;
}

std::int64_t best_of(std::int64_t targets) {
    return targets & -targets;
}

void limit(std::string_view wanted) {
    const std::string name = lower_case(wanted);
    std::int64_t allowed = 0;
    std::vector<std::string> known;
    for (const std::int64_t target : built_targets()) {
        const std::string own = name_of(target);
        const std::string common(alias_of(own));
        if (std::find(known.begin(), known.end(), common) == known.end()) known.push_back(common);
        // The first is the best of those that share the common name.
        if (allowed == 0 && (own == name || common == name)) allowed = target;
    }
    if (allowed == 0) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("cpu {} is none of {}", wanted, fmt::join(known, ", ")));
    }
    const std::int64_t all = usable_targets();
    const std::int64_t best = best_of(all & ~(allowed - 1));
    const bool is_there = best == allowed || alias_of(name_of(best)) == name;
    if (!is_there) {
        throw Error(ErrorCode::unavailable,
                    fmt::format("cpu {} is not available: the best here is {}",
                                wanted,
                                alias_of(name_of(best_of(all)))));
    }
    hwy::DisableTargets(allowed - 1);
    usable_targets();
}

// Whether it is known what the process may use: from a call, or else from the environment.
std::once_flag is_decided;

void obey_environment() {
    std::call_once(is_decided, [] {
        const char* wanted = std::getenv("OORT_CPU");
        if (wanted != nullptr && *wanted != '\0') limit(wanted);
    });
}

}  // namespace

std::string instruction_set() {
    obey_environment();
    return dispatched_target();
}

void limit_instruction_set(std::string_view name) {
    std::call_once(is_decided, [] {});  // what is asked for outdoes the environment
    hwy::DisableTargets(0);
    limit(name);
}

}  // namespace oort
