// SPDX-License-Identifier: Apache-2.0
// `oort worker`: a process that computes projections for a server, which starts it itself or is on
// another machine.
#pragma once

#include <filesystem>

#include "jobs/process_limits.h"
#include "jobs/worker.h"

namespace CLI {
class App;
}

namespace oort {

struct WorkerCommand {
    WorkerOptions worker;
    ProcessLimits limits;
    pid_t parent = 0;                  ///< ends with it; 0: with nobody
    std::filesystem::path token_file;  ///< empty: $OORT_WORKER_TOKEN, else the data folder's
};

/// Adds the command and where its options go.
void describe_worker(CLI::App& program, WorkerCommand& command);

/// Computes until SIGTERM or SIGINT, or until nothing is left to do for as long as the options say.
/// Returns the exit code.
int run_worker_command(const WorkerCommand& command);

}  // namespace oort
