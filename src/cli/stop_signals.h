// SPDX-License-Identifier: Apache-2.0
// Ctrl-C as a wish that a computation sees, not as the end of the process.
#pragma once

#include <csignal>
#include <stop_token>
#include <thread>

namespace oort {

/// While it lives, SIGINT and SIGTERM request a stop. A second one ends the process at once. Must
/// be made before other threads are, because they inherit which signals wait.
class StopSignals {
  public:
    StopSignals();
    ~StopSignals();
    StopSignals(const StopSignals&) = delete;
    StopSignals& operator=(const StopSignals&) = delete;

    std::stop_token token() const noexcept { return stopper_.get_token(); }

  private:
    sigset_t signals_{};
    sigset_t before_{};
    std::stop_source stopper_;
    std::jthread watcher_;
};

}  // namespace oort
