// SPDX-License-Identifier: Apache-2.0
// A computation's courier: a thread that carries frames, checkpoints and progress to the server and
// brings back what persons want, so that whoever computes never waits for a network.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "jobs/worker_link.h"

namespace oort {

struct CourierOptions {
    int n_threads = 1;  ///< that compute: sending may cost a share of their time
    std::chrono::milliseconds beat_every{250};
    std::chrono::milliseconds frame_every{50};          ///< at least
    std::chrono::milliseconds checkpoint_every{2'000};  ///< at least
    double max_share = 0.03;  ///< of the computing time that sending may cost
};

/// What a checkpoint is sent with.
struct CourierCheckpoint {
    WorkerProgress progress;
    std::vector<std::byte> content;  ///< layout and state
};

/// From construction to destruction. Thread-safe.
class Courier {
  public:
    /// stopper  asked to stop as soon as the computation is not wanted any more.
    Courier(const WorkerServer& server,
            LeasedTask task,
            const CourierOptions& options,
            std::stop_source stopper);
    ~Courier();
    Courier(const Courier&) = delete;
    Courier& operator=(const Courier&) = delete;

    /// How far the computation is now; the courier counts its seconds on until it is told again.
    void tell(const WorkerProgress& progress);

    /// Whether somebody watches and the last frame was long enough ago.
    bool wants_frame() const;
    bool wants_checkpoint() const;

    /// making_seconds  that the computation stood still to copy it.
    void give_frame(Frame frame, double making_seconds);
    void give_checkpoint(CourierCheckpoint checkpoint, double making_seconds);

    /// "running", "paused", "stopped", or "lost" once nothing more is taken under the lease.
    std::string state() const;

    /// Waits while the state is "paused", for at most that long. Returns the state then.
    std::string wait_while_paused(std::chrono::milliseconds at_most);

    /// Waits until all that was given is sent, or the lease is lost. Throws what the link threw.
    void flush();

  private:
    using Clock = std::chrono::steady_clock;

    void run();
    bool carry_one();
    WorkerProgress progress_now() const;
    void obey(const WorkerOrders& orders);
    Clock::duration pause_for(double cost_seconds, Clock::duration at_least) const;

    WorkerLink link_;
    const LeasedTask task_;
    const CourierOptions options_;
    std::stop_source stopper_;
    mutable std::mutex mutex_;
    std::condition_variable given_;    ///< something is to be sent
    std::condition_variable changed_;  ///< the state, or everything was sent
    WorkerProgress progress_;
    Clock::time_point told_at_;
    std::optional<Frame> frame_;
    std::optional<CourierCheckpoint> checkpoint_;
    double making_seconds_ = 0;  ///< of the frame that waits
    bool is_carrying_ = false;
    bool ending_ = false;
    std::string state_ = "running";
    std::size_t n_watchers_ = 0;
    Clock::time_point next_beat_;
    Clock::time_point next_frame_;
    Clock::time_point next_checkpoint_;
    std::exception_ptr failure_;
    std::thread thread_;
};

}  // namespace oort
