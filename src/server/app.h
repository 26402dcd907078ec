// SPDX-License-Identifier: Apache-2.0
// What handlers work with. A handler is a plain function of it and a request; nothing is global.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "jobs/datasets.h"
#include "jobs/projection_queue.h"
#include "jobs/projections.h"
#include "jobs/supervisor.h"
#include "server/guesses.h"
#include "server/message.h"
#include "store/store.h"

namespace oort {

inline constexpr std::string_view program_version = OORT_VERSION;

struct App {
    App(const std::filesystem::path& data_folder,
        std::chrono::milliseconds guess_delay,
        const WorkersOptions& workers_options,
        const QueueOptions& queue_options)
        : store(data_folder),
          datasets(store),
          projections(store.cache_folder()),
          queue(store, queue_options),
          workers(workers_options),
          guesses(guess_delay) {}

    Store store;
    Datasets datasets;
    Projections projections;
    ProjectionQueue queue;
    WorkersOptions workers;
    Guesses guesses;
    std::vector<std::string> allow_hosts;  ///< beside the loopback names; lower case
    std::uint16_t port = 0;                ///< known once the server listens, as the next two are
    std::vector<std::string> addresses;    ///< with the port
    std::string url;                       ///< of the first of them
    Milliseconds started_at = now();
    std::atomic<bool> stopping = false;
};

}  // namespace oort
