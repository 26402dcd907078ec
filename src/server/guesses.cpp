// SPDX-License-Identifier: Apache-2.0
#include "server/guesses.h"

namespace oort {

std::chrono::milliseconds Guesses::delay_of_wrong(const std::string& address,
                                                  Clock::time_point at) {
    const std::lock_guard lock(mutex_);
    if (!counts_.contains(address) && counts_.size() >= max_addresses) {
        std::erase_if(counts_, [&](const auto& kept) { return at - kept.second.began >= window; });
        if (counts_.size() >= max_addresses) return delay_;
    }
    Count& count = counts_[address];
    if (count.n == 0 || at - count.began >= window) count = {.began = at, .n = 0};
    return ++count.n > max_prompt ? delay_ : std::chrono::milliseconds(0);
}

}  // namespace oort
