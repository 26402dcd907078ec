// SPDX-License-Identifier: Apache-2.0
// Waiting for an upload, with a bar for the person who waits too.
#pragma once

#include <functional>

#include "client/uploader.h"

namespace oort {

struct FlushOptions {
    double patience_s = 30;                   ///< how long nothing at all may move
    std::function<bool()> keep_waiting = {};  ///< asked ten times a second; false ends the wait
};

/// Returns whether everything was sent. If not, gives up when nothing moved for patience_s; sooner
/// when no server is known or it refuses this client. The bar is drawn on standard error if that is
/// a terminal.
bool flush(Uploader& uploader, const FlushOptions& options);

}  // namespace oort
