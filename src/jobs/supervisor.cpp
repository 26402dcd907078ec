// SPDX-License-Identifier: Apache-2.0
#include "jobs/supervisor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "base/options.h"

namespace oort {

namespace {

using std::chrono::milliseconds;

constexpr auto look_every = milliseconds(50);
constexpr auto look_for_expired_every = milliseconds(1000);
constexpr auto min_life = milliseconds(2000);  // of a worker that is no failure
constexpr auto max_pause = milliseconds(30'000);
constexpr auto time_to_end = milliseconds(2000);

std::string reason_of(int status) {
    if (WIFSIGNALED(status)) {
        const int number = WTERMSIG(status);
        const std::string name = fmt::format("signal {} ({})", number, ::strsignal(number));
        return number == SIGKILL ? name + ", perhaps because the machine ran out of memory" : name;
    }
    return fmt::format("exit code {}", WEXITSTATUS(status));
}

}  // namespace

void check_workers(const WorkersOptions& options) {
    check_options(options);
    if (options.worker_memory == 0 || options.worker_memory >= min_worker_memory) return;
    throw Error(ErrorCode::invalid_argument,
                fmt::format("worker_memory {} is too little for a worker to start: 0, or {} MiB "
                            "and more",
                            options.worker_memory,
                            min_worker_memory));
}

int WorkersOptions::n_threads_of_each() const {
    if (worker_threads > 0) return worker_threads;
    const int n = static_cast<int>(std::thread::hardware_concurrency());
    return std::max(1, n / std::max(1, workers));
}

std::uint64_t WorkersOptions::memory_bytes_of_each() const {
    if (worker_memory > 0) return static_cast<std::uint64_t>(worker_memory) << 20;
    const auto machine = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
                         static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    return machine / 4 * 3 / static_cast<std::uint64_t>(std::max(1, workers));
}

Supervisor::Supervisor(ProjectionQueue& queue, const WorkersOptions& options, WorkerProgram program)
    : queue_(queue), options_(options), program_(std::move(program)) {
    queue_.when_queued([this] {
        {
            const std::lock_guard lock(mutex_);
            wanted_ = true;
        }
        changed_.notify_all();
    });
    thread_ = std::thread([this] { run(); });
}

Supervisor::~Supervisor() {
    stop();
}

void Supervisor::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
    queue_.when_queued({});
}

std::vector<pid_t> Supervisor::worker_pids() const {
    const std::lock_guard lock(mutex_);
    std::vector<pid_t> pids;
    for (const Child& child : children_) pids.push_back(child.pid);
    return pids;
}

// All children are started and waited for here: PR_SET_PDEATHSIG is about the thread that started
// a process, so that thread must live as long as they shall.
void Supervisor::run() {
    auto expired_at = Clock::now();
    while (true) {
        {
            std::unique_lock lock(mutex_);
            const auto pause = children_.empty() ? look_for_expired_every : look_every;
            changed_.wait_for(
                lock, pause, [&] { return stopping_ || (wanted_ && Clock::now() >= not_before_); });
            if (stopping_) break;
        }
        try {
            look_after_children();
            if (Clock::now() - expired_at >= look_for_expired_every) {
                expired_at = Clock::now();
                queue_.drop_expired();
            }
            start_if_wanted();
        } catch (const std::exception& error) {
            log_error("the supervisor of the workers met an error: {}", error.what());
        }
    }
    end_children();
}

void Supervisor::look_after_children() {
    std::vector<std::pair<Child, int>> ended;
    {
        const std::lock_guard lock(mutex_);
        std::erase_if(children_, [&](const Child& child) {
            int status = 0;
            if (::waitpid(child.pid, &status, WNOHANG) != child.pid) return false;
            ended.emplace_back(child, status);
            return true;
        });
        if (!ended.empty()) wanted_ = true;
    }
    for (const auto& [child, status] : ended) {
        const bool in_order = WIFEXITED(status) && WEXITSTATUS(status) == 0;
        if (!in_order) log_warning("worker {} ended: {}", child.name, reason_of(status));
        // Also after a good end: a lease that it forgot would wait until it runs out.
        queue_.worker_ended(child.name, reason_of(status));
        const std::lock_guard lock(mutex_);
        n_failures_ = !in_order && Clock::now() - child.began < min_life ? n_failures_ + 1 : 0;
        if (n_failures_ == 0) continue;
        const auto pause = milliseconds(100) * (1 << std::min(n_failures_ - 1, 10));
        not_before_ = Clock::now() + std::min<milliseconds>(pause, max_pause);
    }
}

void Supervisor::start_if_wanted() {
    std::size_t n_running = 0;
    {
        const std::lock_guard lock(mutex_);
        if (!wanted_ || Clock::now() < not_before_) return;
        wanted_ = false;
        n_running = children_.size();
    }
    if (program_.program.empty()) return;
    // An idle worker takes one of those that wait; another is started only for the rest, and ends
    // by itself when it finds nothing.
    const auto n_queued = static_cast<std::size_t>(queue_.n_queued());
    const auto n_max = static_cast<std::size_t>(options_.workers);
    for (std::size_t i = 0; i < n_queued && n_running < n_max; ++i, ++n_running) start_one();
}

void Supervisor::start_one() {
    const std::string name = fmt::format("{}-{}", queue_.supervisor().substr(20), ++n_started_);
    const std::vector<std::string> words{
        "oort",         "worker",
        "--server",     program_.server_url,
        "--token-file", program_.token_file.string(),
        "--name",       name,
        "--supervisor", queue_.supervisor(),
        "--parent",     std::to_string(::getpid()),
        "--threads",    std::to_string(options_.n_threads_of_each()),
        "--memory",     std::to_string(options_.memory_bytes_of_each() >> 20),
        "--nice",       std::to_string(options_.worker_nice),
        "--idle",       "60"};
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);

    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addclosefrom_np(&files, 3);
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
    // A group of its own: Ctrl-C is for the server, which ends its workers itself.
    ::posix_spawnattr_setpgroup(&attributes, 0);
    ::posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    pid_t pid = 0;
    const int failed = ::posix_spawn(
        &pid, program_.program.c_str(), &files, &attributes, arguments.data(), ::environ);
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&files);
    const std::lock_guard lock(mutex_);
    if (failed != 0) {
        log_error("a worker cannot be started: {}", std::strerror(failed));
        wanted_ = true;
        not_before_ = Clock::now() + max_pause;
        return;
    }
    log_info("worker {} is process {}", name, pid);
    children_.push_back({.pid = pid, .name = name, .began = Clock::now()});
}

void Supervisor::end_children() {
    try {
        queue_.release_supervised();
    } catch (const std::exception& error) {
        log_warning("running projections could not be queued again: {}", error.what());
    }
    const std::lock_guard lock(mutex_);
    for (const Child& child : children_) ::kill(child.pid, SIGTERM);
    const auto deadline = Clock::now() + time_to_end;
    for (const Child& child : children_) {
        int status = 0;
        while (::waitpid(child.pid, &status, WNOHANG) == 0) {
            if (Clock::now() >= deadline) ::kill(child.pid, SIGKILL);
            std::this_thread::sleep_for(milliseconds(5));
        }
    }
    children_.clear();
}

}  // namespace oort
