// SPDX-License-Identifier: Apache-2.0
#include "numeric/parallel.h"

#include <fmt/format.h>
#include <tbb/blocked_range.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "base/check.h"
#include "base/error.h"
#include "numeric/instruction_set.h"

namespace oort {

namespace {

#ifdef __SANITIZE_THREAD__
// ThreadSanitizer cannot see how oneTBB, which is not built with it, orders tasks, and would report
// every one of them. Plain threads with the same contract stand in for it there.
void run_on_threads(int n_threads,
                    std::size_t n_tasks,
                    const std::function<void(std::size_t)>& body) {
    std::atomic<std::size_t> next = 0;
    std::mutex mutex;
    std::exception_ptr first;
    const auto work = [&] {
        for (std::size_t i = next++; i < n_tasks; i = next++) {
            try {
                body(i);
            } catch (...) {
                const std::scoped_lock lock(mutex);
                if (!first) first = std::current_exception();
                next = n_tasks;
            }
        }
    };
    const std::size_t n_helpers = std::min(n_tasks, static_cast<std::size_t>(n_threads)) - 1;
    {
        std::vector<std::jthread> helpers;
        for (std::size_t i = 0; i < n_helpers; ++i) helpers.emplace_back(work);
        work();
    }
    if (first) std::rethrow_exception(first);
}
#endif

}  // namespace

struct ThreadPool::Arena {
    tbb::task_arena arena;
};

ThreadPool::ThreadPool(int n_threads) : n_threads_(n_threads) {
    if (n_threads < 0 || n_threads > 1024) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("n_threads {} is out of range: 0..1024", n_threads));
    }
    instruction_set();  // whoever computes has a pool: OORT_CPU is obeyed before any kernel runs
    if (n_threads_ == 0) n_threads_ = std::max(1, tbb::info::default_concurrency());
    arena_ = std::make_unique<Arena>(Arena{tbb::task_arena(n_threads_)});
}

ThreadPool::~ThreadPool() = default;

void ThreadPool::run_tasks(std::size_t n_tasks, const std::function<void(std::size_t)>& body) {
    if (n_threads_ == 1 || n_tasks < 2) {
        for (std::size_t i = 0; i < n_tasks; ++i) body(i);
        return;
    }
#ifdef __SANITIZE_THREAD__
    run_on_threads(n_threads_, n_tasks, body);
#else
    arena_->arena.execute([&] {
        // One task per index: the callers have already made their chunks as large as they should
        // be.
        tbb::parallel_for(
            tbb::blocked_range<std::size_t>(0, n_tasks, 1),
            [&](const tbb::blocked_range<std::size_t>& range) {
                for (std::size_t i = range.begin(); i < range.end(); ++i) body(i);
            },
            tbb::simple_partitioner());
    });
#endif
}

void parallel_for(ThreadPool& pool,
                  std::size_t n,
                  std::size_t grain,
                  const std::function<void(std::size_t, std::size_t)>& body,
                  std::stop_token stop) {
    CHECK(grain > 0);
    throw_if_stopped(stop);
    pool.run_tasks(n_chunks(n, grain), [&](std::size_t chunk) {
        throw_if_stopped(stop);
        body(chunk * grain, std::min(n, (chunk + 1) * grain));
    });
}

void throw_if_stopped(const std::stop_token& stop) {
    if (stop.stop_requested()) throw Error(ErrorCode::cancelled, "the computation was cancelled");
}

}  // namespace oort
