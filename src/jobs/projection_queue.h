// SPDX-License-Identifier: Apache-2.0
// The queue of projections as the server sees it: what persons ask, what workers tell, and who
// watches. Rows hold what must survive; what only matters while a worker computes (its last frame,
// how far it is) is kept in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "jobs/checkpoints.h"
#include "jobs/frames.h"
#include "store/projection_rows.h"
#include "store/store.h"

namespace oort {

/// A projection as a person is told of it.
struct ProjectionStatus {
    ProjectionRow row;  ///< its progress is the newest heard of
    std::int64_t queue_position = 0;

    bool has_ended() const;
};

/// The Projection resource of api/openapi.yaml.
JsonObject to_json(const ProjectionStatus& status);

enum class ProjectionAction : std::uint8_t { pause, continue_, stop };

constexpr std::array<std::string_view, 3> names_of(ProjectionAction) noexcept {
    return {"pause", "continue", "stop"};
}

/// What a worker is told when it is heard of.
struct WorkerOrders {
    std::string state;  ///< of the projection: running, paused or stopped
    std::size_t n_watchers = 0;
};

/// What became of a frame.
struct TakenFrame {
    WorkerOrders orders;
    std::size_t n_bytes_out = 0;  ///< to all who watch
};

/// A layout in draw order, ready to be sent.
struct ShownLayout {
    std::string bytes;
    std::string tag;  ///< same tag, same bytes
};

struct QueueOptions {
    Milliseconds lease_ms = 30'000;  ///< a worker that is not heard of so long has lost its lease
    std::size_t max_watchers = 256;  ///< of all projections together
};

/// Thread-safe.
class ProjectionQueue {
  public:
    /// Leases of workers that an earlier server process started are dropped: they ended with it.
    ProjectionQueue(Store& store, const QueueOptions& options);

    /// Told to workers that this process starts; names them in their leases.
    const std::string& supervisor() const noexcept { return supervisor_; }

    /// Queues the task unless its key is known. True if it did.
    bool ask(const ProjectionTask& task);

    /// Throws Error(not_found).
    ProjectionStatus status(const std::string& key) const;
    std::optional<ProjectionStatus> find(const std::string& key) const;

    /// Throws Error(not_found), Error(conflict) if the state does not allow it. An action that
    /// leaves the state as it is is no conflict.
    ProjectionStatus act(const std::string& key, ProjectionAction action);
    ProjectionStatus cancel(const std::string& key);

    /// When done, or else the last that is known. Throws Error(not_found) if there is none yet.
    ShownLayout layout(const std::string& key) const;

    /// The newest status and frame come at once. Throws Error(not_found), Error(unavailable).
    std::unique_ptr<FrameHub::Watcher> watch(const std::string& key,
                                             FrameEncoding encoding,
                                             std::function<void()> wake);

    std::int64_t n_queued() const;

    /// Called after something was queued, on any thread, without a lock.
    void when_queued(std::function<void()> tell);

    // What workers ask and tell. All but lease() throw Error(conflict) if the lease is no more.

    std::optional<ProjectionRow> lease(const std::string& worker, const std::string& supervisor);
    ProjectionRow leased(const std::string& lease_id) const;
    WorkerOrders beat(const std::string& lease_id, const WorkerProgress& progress);

    /// values  of the whole layout, row-major.
    TakenFrame take_frame(const std::string& lease_id, Frame frame);
    std::unique_ptr<Checkpoints::Writer> begin_checkpoint(const std::string& lease_id) const;
    void keep_progress(const std::string& lease_id, const WorkerProgress& progress);
    std::optional<File> checkpoint(const std::string& lease_id) const;
    void finish(const std::string& lease_id,
                const Digest& layout,
                const JsonObject& report,
                const WorkerProgress& progress);
    void fail(const std::string& lease_id, const ProjectionError& error);
    void release(const std::string& lease_id);

    // What the supervisor tells.

    void worker_ended(const std::string& worker, const std::string& reason);
    void drop_expired();

    /// Queues again what runs, in good order: the server is about to stop its workers.
    void release_supervised();

  private:
    using Places = std::shared_ptr<const std::vector<std::uint32_t>>;

    /// Of a projection that is leased.
    struct Live {
        std::string key;
        std::string state;
        WorkerProgress progress;
        Milliseconds expires_at = 0;
        Places places;  ///< null until a frame comes
        std::shared_ptr<const Frame> frame;
    };

    ProjectionStatus with_live(Connection& connection, ProjectionRow row) const;
    std::shared_ptr<const Frame> last_frame(const ProjectionRow& row) const;
    Places places_of(const ProjectionRow& row) const;
    Live& live_of(const std::string& lease_id);
    void heard_of(const std::string& lease_id);
    WorkerOrders orders_of(const std::string& lease_id);
    void forget(const std::string& key);
    void tell(const std::string& key);
    void tell_queued() const;
    void after_drop(const std::vector<std::string>& keys);

    Store& store_;
    QueueOptions options_;
    Checkpoints checkpoints_;
    FrameHub hub_;
    std::string supervisor_;
    mutable std::mutex mutex_;
    std::map<std::string, Live> live_;  ///< by lease
    std::function<void()> tell_queued_;
};

}  // namespace oort
