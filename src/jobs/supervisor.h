// SPDX-License-Identifier: Apache-2.0
// Worker processes of a server: started when something is queued, started again when they end
// before their time, ended with the server. What a computation does to its process, it does to that
// process alone.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "jobs/projection_queue.h"

namespace oort {

/// What workers of this server may use. docs/server.md says more.
struct WorkersOptions {
    /// How many processes compute at once; more wait in the queue. 0: none, so projections wait for
    /// workers that are started by hand. 0..64.
    int workers = 1;

    /// Threads of each. 0: all processors of the machine, divided among the workers.
    int worker_threads = 0;

    /// Memory that each may use, in MiB. 0: three quarters of the machine's, divided among them.
    /// Else at least min_worker_memory, which a worker without work needs about half of.
    int worker_memory = 0;

    /// How much more polite than the server each is (nice). 0..19.
    int worker_nice = 10;

    /// Threads of each worker, never 0.
    int n_threads_of_each() const;

    /// Bytes of each worker, never 0.
    std::uint64_t memory_bytes_of_each() const;
};

inline constexpr int min_worker_memory = 256;

/// Throws Error(invalid_argument).
void check_workers(const WorkersOptions& options);

template <class Field>
void fields(Field&& field, WorkersOptions& o) {
    field("workers", o.workers, 0, 64);
    field("worker_threads", o.worker_threads, 0, 1024);
    field("worker_memory", o.worker_memory, 0, 1 << 30);
    field("worker_nice", o.worker_nice, 0, 19);
}

/// How a worker process is started.
struct WorkerProgram {
    std::filesystem::path program;     ///< this program; empty: no worker is ever started
    std::filesystem::path token_file;  ///< holds the worker secret: it stands on no command line
    std::string server_url;
};

/// From construction to stop(). Thread-safe.
class Supervisor {
  public:
    Supervisor(ProjectionQueue& queue, const WorkersOptions& options, WorkerProgram program);
    ~Supervisor();
    Supervisor(const Supervisor&) = delete;
    Supervisor& operator=(const Supervisor&) = delete;

    /// Ends the workers; what they compute is queued again and goes on from its checkpoint.
    void stop();

    /// For tests and the log: those that run.
    std::vector<pid_t> worker_pids() const;

  private:
    using Clock = std::chrono::steady_clock;

    struct Child {
        pid_t pid;
        std::string name;
        Clock::time_point began;
    };

    void run();
    void look_after_children();
    void start_if_wanted();
    void start_one();
    void end_children();

    ProjectionQueue& queue_;
    WorkersOptions options_;
    WorkerProgram program_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    bool wanted_ = true;  ///< something may be queued
    bool stopping_ = false;
    std::vector<Child> children_;
    int n_failures_ = 0;              ///< workers that ended at once, one after the other
    Clock::time_point not_before_{};  ///< the next is started
    std::int64_t n_started_ = 0;
    std::thread thread_;
};

}  // namespace oort
