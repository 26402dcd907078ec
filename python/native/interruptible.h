// SPDX-License-Identifier: Apache-2.0
// Long computations that Ctrl-C ends.
#pragma once

#include <nanobind/nanobind.h>

#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <type_traits>
#include <utility>

/// Calls compute(stop) on a thread of its own, without the GIL, and gives its result. Meanwhile
/// takes the GIL fifty times a second so that signal handlers run; if one raises, asks the
/// computation to stop, waits until it has, and raises that. Whatever compute() throws is thrown
/// here.
template <class Compute>
auto interruptible(Compute compute) {
    using Result = std::invoke_result_t<Compute, std::stop_token>;
    std::optional<Result> result;
    std::exception_ptr thrown;
    std::mutex mutex;
    std::condition_variable changed;
    bool is_done = false;
    bool is_interrupted = false;
    {
        const nanobind::gil_scoped_release release;
        std::jthread worker([&](std::stop_token stop) {
            try {
                result.emplace(compute(std::move(stop)));
            } catch (...) {
                thrown = std::current_exception();
            }
            const std::lock_guard lock(mutex);
            is_done = true;
            changed.notify_one();
        });
        constexpr std::chrono::milliseconds pause(20);
        std::unique_lock lock(mutex);
        while (!changed.wait_for(lock, pause, [&] { return is_done; }) && !is_interrupted) {
            lock.unlock();
            {
                const nanobind::gil_scoped_acquire acquire;
                is_interrupted = PyErr_CheckSignals() != 0;
            }
            if (is_interrupted) worker.request_stop();
            lock.lock();
        }
        lock.unlock();
        worker.join();
    }
    if (is_interrupted) throw nanobind::python_error();
    if (thrown) std::rethrow_exception(thrown);
    return std::move(*result);
}
