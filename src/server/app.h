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
#include "jobs/projections.h"
#include "server/guesses.h"
#include "server/message.h"
#include "store/store.h"

namespace oort {

inline constexpr std::string_view program_version = OORT_VERSION;

struct App {
    App(const std::filesystem::path& data_folder, std::chrono::milliseconds guess_delay)
        : store(data_folder),
          datasets(store),
          projections(store.cache_folder()),
          guesses(guess_delay) {}

    Store store;
    Datasets datasets;
    Projections projections;
    Guesses guesses;
    std::vector<std::string> allow_hosts;  ///< beside the loopback names; lower case
    std::uint16_t port = 0;                ///< known once the server listens, as the next two are
    std::vector<std::string> addresses;    ///< with the port
    std::string url;                       ///< of the first of them
    Milliseconds started_at = now();
    std::atomic<bool> stopping = false;
};

}  // namespace oort
