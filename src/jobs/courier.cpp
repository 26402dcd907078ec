// SPDX-License-Identifier: Apache-2.0
#include "jobs/courier.h"

#include <time.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/time.h"

namespace oort {

namespace {

double thread_seconds() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

}  // namespace

Courier::Courier(const WorkerServer& server,
                 LeasedTask task,
                 const CourierOptions& options,
                 std::stop_source stopper)
    : link_(server),
      task_(std::move(task)),
      options_(options),
      stopper_(std::move(stopper)),
      told_at_(Clock::now()),
      next_beat_(Clock::now()),
      next_frame_(Clock::now()),
      next_checkpoint_(Clock::now() + options.checkpoint_every),
      thread_([this] { run(); }) {}

Courier::~Courier() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    given_.notify_all();
    thread_.join();
}

void Courier::tell(const WorkerProgress& progress) {
    const std::lock_guard lock(mutex_);
    progress_ = progress;
    told_at_ = Clock::now();
}

// Under the lock.
WorkerProgress Courier::progress_now() const {
    WorkerProgress progress = progress_;
    if (state_ != "running") return progress;
    const double since = std::chrono::duration<double>(Clock::now() - told_at_).count();
    progress.seconds_elapsed += since;
    if (progress.seconds_left) {
        progress.seconds_left = std::max(0.0, *progress.seconds_left - since);
    }
    return progress;
}

bool Courier::wants_frame() const {
    const std::lock_guard lock(mutex_);
    return n_watchers_ > 0 && !frame_ && Clock::now() >= next_frame_;
}

bool Courier::wants_checkpoint() const {
    const std::lock_guard lock(mutex_);
    return !checkpoint_ && Clock::now() >= next_checkpoint_;
}

void Courier::give_frame(Frame frame, double making_seconds) {
    {
        const std::lock_guard lock(mutex_);
        frame_ = std::move(frame);
        making_seconds_ = making_seconds;
        next_frame_ = Clock::now() + options_.frame_every;
    }
    given_.notify_all();
}

void Courier::give_checkpoint(CourierCheckpoint checkpoint, double making_seconds) {
    {
        const std::lock_guard lock(mutex_);
        checkpoint_ = std::move(checkpoint);
        const double cost = making_seconds * options_.n_threads;
        next_checkpoint_ = Clock::now() + pause_for(cost, options_.checkpoint_every);
    }
    given_.notify_all();
}

std::string Courier::state() const {
    const std::lock_guard lock(mutex_);
    return state_;
}

std::string Courier::wait_while_paused(std::chrono::milliseconds at_most) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, at_most, [&] { return state_ != "paused"; });
    return state_;
}

void Courier::flush() {
    std::unique_lock lock(mutex_);
    next_beat_ = Clock::now();
    given_.notify_all();
    changed_.wait(lock, [&] {
        return state_ == "lost" ||
               (!frame_ && !checkpoint_ && !is_carrying_ && next_beat_ > Clock::now());
    });
    if (failure_) std::rethrow_exception(failure_);
}

// How long to wait after something that cost so much processor time, so that it stays a small share
// of what the computing threads do meanwhile.
Courier::Clock::duration Courier::pause_for(double cost_seconds, Clock::duration at_least) const {
    const double pause_s = cost_seconds / (options_.max_share * options_.n_threads);
    return std::max(
        at_least,
        std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(pause_s)));
}

void Courier::obey(const WorkerOrders& orders) {
    {
        const std::lock_guard lock(mutex_);
        state_ = orders.state;
        n_watchers_ = orders.n_watchers;
    }
    if (orders.state == "stopped") stopper_.request_stop();
    changed_.notify_all();
}

// Sends what is most urgent. False if there was nothing.
bool Courier::carry_one() {
    std::optional<Frame> frame;
    std::optional<CourierCheckpoint> checkpoint;
    WorkerProgress progress;
    double making = 0;
    {
        const std::lock_guard lock(mutex_);
        if (Clock::now() >= next_beat_) {
            next_beat_ = Clock::now() + options_.beat_every;
            progress = progress_now();
        } else if (frame_) {
            frame = std::exchange(frame_, std::nullopt);
            making = making_seconds_;
        } else if (checkpoint_) {
            checkpoint = std::exchange(checkpoint_, std::nullopt);
        } else {
            return false;
        }
        is_carrying_ = true;
    }
    const double before = thread_seconds();
    if (frame) {
        const FrameAnswer answer = link_.send_frame(task_, *frame);
        const double cost =
            thread_seconds() - before + answer.cost_seconds + making * options_.n_threads;
        const std::lock_guard lock(mutex_);
        next_frame_ = Clock::now() + pause_for(cost, options_.frame_every);
        n_watchers_ = answer.orders.n_watchers;
        if (answer.orders.state == state_) return true;
        next_beat_ = Clock::now();  // Which brings the same news, and obeys.
    } else if (checkpoint) {
        link_.send_checkpoint(task_, checkpoint->progress, checkpoint->content);
        const double cost = 2 * (thread_seconds() - before);  // The server's about as much.
        const std::lock_guard lock(mutex_);
        next_checkpoint_ =
            std::max(next_checkpoint_, Clock::now() + pause_for(cost, options_.checkpoint_every));
    } else {
        obey(link_.beat(task_, progress));
    }
    return true;
}

void Courier::run() {
    while (true) {
        {
            std::unique_lock lock(mutex_);
            is_carrying_ = false;
            changed_.notify_all();
            given_.wait_until(lock, next_beat_, [&] {
                return ending_ || frame_ || checkpoint_ || Clock::now() >= next_beat_;
            });
            if (ending_) return;
        }
        try {
            carry_one();
            continue;
        } catch (const LostLease&) {
            log_info("the lease of projection {} has ended", task_.key.substr(0, 12));
        } catch (const std::exception& error) {
            log_warning("the server is lost: {}", error.what());
            const std::lock_guard lock(mutex_);
            failure_ = std::current_exception();
        }
        {
            const std::lock_guard lock(mutex_);
            state_ = "lost";
        }
        stopper_.request_stop();
        changed_.notify_all();
        return;
    }
}

}  // namespace oort
