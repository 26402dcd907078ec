// SPDX-License-Identifier: Apache-2.0
// Work on many cores whose result does not depend on how many there are. Work is cut into chunks by
// its size alone; a chunk never knows which thread runs it. Whoever sums over chunks keeps one sum
// per chunk and adds them up in order.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <stop_token>

namespace oort {

/// Threads to compute on (a oneTBB arena). May be shared: several threads may call parallel_for on
/// one pool at the same time, and then share its n_threads().
class ThreadPool {
  public:
    /// n_threads  how many compute at once, the caller among them; 0 = as many as the machine has.
    /// Throws Error(invalid_argument) if n_threads is negative or above 1024.
    explicit ThreadPool(int n_threads = 0);
    ~ThreadPool();
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;

    int n_threads() const noexcept { return n_threads_; }

    /// Calls body(i) once for every i in [0, n_tasks), in any order, on any of the threads; returns
    /// when all are done. The first exception of a body is rethrown here, and tasks not yet begun
    /// are then dropped.
    void run_tasks(std::size_t n_tasks, const std::function<void(std::size_t)>& body);

  private:
    struct Arena;
    int n_threads_;
    std::unique_ptr<Arena> arena_;
};

/// Number of chunks that parallel_for makes of n items: ceil(n / grain).
inline std::size_t n_chunks(std::size_t n, std::size_t grain) noexcept {
    return (n + grain - 1) / grain;
}

/// Calls body(begin, end) for the chunks [0, grain), [grain, 2 grain), … of [0, n). begin / grain
/// is the chunk's number. Throws Error(cancelled) once `stop` is requested (seen between chunks),
/// and the first exception of a body.
void parallel_for(ThreadPool& pool,
                  std::size_t n,
                  std::size_t grain,
                  const std::function<void(std::size_t begin, std::size_t end)>& body,
                  std::stop_token stop = {});

/// Throws Error(cancelled) if a stop is requested.
void throw_if_stopped(const std::stop_token& stop);

}  // namespace oort
