// SPDX-License-Identifier: Apache-2.0
// A worker: leases projections from a server over HTTP, computes them step by step, and tells how
// far it is. It knows nothing of stores and databases, so one on another machine is the same
// worker.
#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>

#include "jobs/courier.h"

namespace oort {

struct WorkerOptions {
    WorkerServer server;
    std::string name = "worker";  ///< in the server's log
    std::string supervisor =
        {};             ///< given by the server that started this process; empty: none did
    int n_threads = 0;  ///< 0: as many as the machine has

    /// That this process may use; 0: no limit is known. For the sentence when it is not enough.
    std::uint64_t memory_bytes = 0;

    /// After how long without work it ends; 0: never.
    std::chrono::milliseconds idle_end{0};

    /// How long everything is kept in memory while a person pauses.
    std::chrono::milliseconds max_pause{60'000};

    std::chrono::milliseconds ask_every{200};
    CourierOptions courier = {};
};

/// Computes something tiny, so that libraries allocate what they keep for good. To be called before
/// memory is limited: OpenBLAS asks again and again for a buffer that it is refused.
void warm_up_worker(int n_threads);

/// Works until `stop` is requested or idle_end has passed; what is under way is then handed back
/// with a checkpoint. Throws LostServer.
void run_worker(const WorkerOptions& options, std::stop_token stop);

}  // namespace oort
