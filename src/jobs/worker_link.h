// SPDX-License-Identifier: Apache-2.0
// What a worker says to its server over HTTP, in words of ours.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/sha256.h"
#include "client/http.h"
#include "jobs/projection_queue.h"
#include "numeric/projection.h"

namespace oort {

/// What a worker has leased.
struct LeasedTask {
    std::string lease;
    std::string key;
    ProjectionRequest request;
    std::string points_sha256;
    std::size_t n_points = 0;
    std::size_t n_dims = 0;
    std::size_t n_rows = 0;  ///< of the layout
    bool has_rows = false;
    bool has_labels = false;
    double estimated_seconds = 0;
    double seconds_before = 0;  ///< that earlier leases computed up to the checkpoint

    std::size_t layout_bytes() const noexcept {
        return n_rows * static_cast<std::size_t>(request.n_components) * sizeof(float);
    }
};

/// Where a worker's server is.
struct WorkerServer {
    std::string url;
    std::string token;       ///< the secret of the server's workers
    double patience_s = 60;  ///< how long a server that does not answer is waited for
};

/// Thrown when the server takes nothing more under this lease.
struct LostLease {};

/// Thrown when the server cannot be reached for longer than the patience, or refuses the secret.
class LostServer : public Error {
  public:
    using Error::Error;
};

/// Orders, and what it cost the server to take a frame.
struct FrameAnswer {
    WorkerOrders orders;
    double cost_seconds = 0;  ///< of processors, on its side
};

/// One connection. Not thread-safe. Everything but lease() throws LostLease; all throw LostServer.
class WorkerLink {
  public:
    explicit WorkerLink(WorkerServer server);

    /// Nothing if nothing waits.
    std::optional<LeasedTask> lease(const std::string& worker, const std::string& supervisor);

    /// "points", "rows" or "labels", of exactly that size.
    void fetch(const LeasedTask& task, std::string_view what, std::span<std::byte> into);

    /// What Projection::restore() takes; nothing if there is no sound checkpoint.
    std::optional<std::vector<std::byte>> checkpoint(const LeasedTask& task);

    WorkerOrders beat(const LeasedTask& task, const WorkerProgress& progress);
    FrameAnswer send_frame(const LeasedTask& task, const Frame& frame);

    /// content  the layout and what Projection::checkpoint() gave, one behind the other.
    void send_checkpoint(const LeasedTask& task,
                         const WorkerProgress& progress,
                         std::span<const std::byte> content);

    void finish(const LeasedTask& task,
                std::span<const std::byte> layout,
                const JsonObject& report,
                const WorkerProgress& progress);
    void fail(const LeasedTask& task, std::string_view code, std::string_view message);
    void release(const LeasedTask& task);

  private:
    HttpResponse send(const HttpRequest& request);
    HttpResponse send_json(const LeasedTask& task, std::string_view what, const JsonObject& body);
    std::string url_of(const LeasedTask& task, std::string_view what) const;

    WorkerServer server_;
    HttpClient client_;
};

}  // namespace oort
