// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "base/file.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/discovery.h"

namespace oort {

namespace {

// Before any thread starts, so that all inherit it and the signal waits for sigwait.
sigset_t block_stop_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
    return signals;
}

void welcome(Server& server) {
    const App& app = server.app();
    log_info("serving {} from {}", server.url(), app.store.folder().string());
    if (!::isatty(STDOUT_FILENO)) return;
    const Secret code = server.app().store.access().make_code();
    fmt::print(
        "\n  Open in a browser (works once, within ten minutes; `oort open` prints another):\n\n"
        "    {}/#code={}\n\n  Stop with Ctrl-C.\n\n",
        server.url(),
        code.text);
    std::fflush(stdout);
}

}  // namespace

int serve(const ServeOptions& options) {
    const sigset_t signals = block_stop_signals();
    ServerOptions given = options.server;
    // Workers are this very program, also if its file was replaced meanwhile.
    given.worker_program = "/proc/self/exe";
    Server server(given);
    const std::string& token = server.app().store.access().api_token();
    const DiscoveryFile discovery(server.url(), token);
    welcome(server);
    if (!options.ready_file.empty()) {
        write_file_durably(options.ready_file,
                           to_text(JsonObject{{"url", server.url()}, {"token", token}}) + "\n");
    }
    int signal = 0;
    sigwait(&signals, &signal);
    log_info("stopping: requests under way may finish");
    std::signal(SIGTERM, SIG_DFL);
    std::signal(SIGINT, SIG_DFL);
    pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
    server.stop();
    log_info("stopped");
    return EXIT_SUCCESS;
}

}  // namespace oort
