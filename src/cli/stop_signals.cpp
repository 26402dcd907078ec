// SPDX-License-Identifier: Apache-2.0
#include "cli/stop_signals.h"

#include <pthread.h>
#include <unistd.h>

#include <ctime>

#include "base/error.h"

namespace oort {

StopSignals::StopSignals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals_, &before_);
    watcher_ = std::jthread([this](const std::stop_token& ended) {
        constexpr timespec tenth{.tv_sec = 0, .tv_nsec = 100'000'000};
        while (!ended.stop_requested()) {
            if (sigtimedwait(&signals_, nullptr, &tenth) < 0) continue;
            if (stopper_.stop_requested()) ::_exit(error_info(ErrorCode::cancelled).exit_code);
            stopper_.request_stop();
        }
    });
}

StopSignals::~StopSignals() {
    watcher_ = {};  // asks it to end and waits
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace oort
