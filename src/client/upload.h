// SPDX-License-Identifier: Apache-2.0
// `oort upload`: sends what scripts left behind.
#pragma once

#include <filesystem>
#include <vector>

#include "client/server_address.h"

namespace oort {

struct UploadOptions {
    /// Folders of spools. Empty: all under `$OORT_HOME/spool`.
    std::vector<std::filesystem::path> spools = {};

    ServerChoice server = {};

    /// How long a spool may wait, in seconds, while nothing gets through.
    double patience_s = 30;
};

/// Sends each spool that no living process holds and removes it once everything in it is
/// acknowledged, saying on standard error what it does. Returns 0 if nothing is left to send, else
/// the exit code of Error(unavailable). Throws Error(invalid_argument) for a folder that is no
/// spool and Error(unavailable) if no server is known.
int upload_spools(const UploadOptions& options);

}  // namespace oort
