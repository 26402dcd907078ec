// SPDX-License-Identifier: Apache-2.0
#include "cli/worker.h"

#include <fmt/format.h>
#include <pthread.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/discovery.h"

namespace oort {

namespace {

std::string read_token(const std::filesystem::path& file) {
    std::string token = read_file(file);
    while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
    return token;
}

// A secret on the command line could be read by everybody on the machine, so there is no option for
// it.
std::string find_token(const WorkerCommand& command) {
    if (!command.token_file.empty()) return read_token(command.token_file);
    if (const char* token = std::getenv("OORT_WORKER_TOKEN")) return token;
    return read_token(default_data_folder() / "worker_token");
}

std::string find_server(const WorkerCommand& command) {
    if (!command.worker.server.url.empty()) return command.worker.server.url;
    const auto running = find_running_server();
    if (!running) {
        throw Error(ErrorCode::not_found,
                    "no server is known on this machine: start one with `oort serve`, or name one "
                    "with --server");
    }
    return running->url;
}

}  // namespace

void describe_worker(CLI::App& program, WorkerCommand& given) {
    CLI::App* command = program.add_subcommand(
        "worker", "Compute projections for a server; `oort serve` starts such processes itself");
    WorkerOptions& worker = given.worker;
    ProcessLimits& limits = given.limits;
    command->add_option(
        "--server", worker.server.url, "its address; default: the one that runs here");
    command->add_option("--token-file",
                        given.token_file,
                        "holds the workers' secret; default: $OORT_WORKER_TOKEN, else the file "
                        "worker_token in the data folder");
    command->add_option("--name", worker.name, "for the log")->capture_default_str();
    command->add_option("--threads", worker.n_threads, "0: as many as the machine has")
        ->capture_default_str();
    command->add_option_function<std::uint64_t>(
        "--memory",
        [&limits](const std::uint64_t& mib) { limits.memory_bytes = mib << 20; },
        "MiB that it may use; 0: no limit");
    command->add_option("--nice", limits.nice, "how much more polite than others it is")
        ->capture_default_str();
    command->add_option_function<double>(
        "--idle",
        [&worker](const double& seconds) {
            worker.idle_end = std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
        },
        "seconds without work after which it ends; 0: never");
    command->add_option("--supervisor", worker.supervisor)->group("");
    command->add_option("--parent", given.parent)->group("");
}

int run_worker_command(const WorkerCommand& command) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    // Before any thread starts, so that all inherit it.
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    if (command.parent > 0) end_with_parent(command.parent);
    warm_up_worker(command.worker.n_threads);
    for (const std::string& fault : limit_process(command.limits)) {
        log_warning("worker {}: {}", command.worker.name, fault);
    }
    WorkerOptions options = command.worker;
    options.memory_bytes = command.limits.memory_bytes;
    options.server.token = find_token(command);
    options.server.url = find_server(command);
    std::stop_source stopper;
    std::jthread listener([&](const std::stop_token& ended) {
        const timespec now_and_then{.tv_sec = 0, .tv_nsec = 100'000'000};
        while (!ended.stop_requested()) {
            if (sigtimedwait(&signals, nullptr, &now_and_then) < 0) continue;
            stopper.request_stop();
            // A second signal ends it at once.
            std::signal(SIGTERM, SIG_DFL);
            std::signal(SIGINT, SIG_DFL);
            pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
            return;
        }
    });
    run_worker(options, stopper.get_token());
    return EXIT_SUCCESS;
}

}  // namespace oort
