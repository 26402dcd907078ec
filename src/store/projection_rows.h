// SPDX-License-Identifier: Apache-2.0
// Projections as rows: what was asked for, who computes it, how far it is and where the result
// lies. A row moves through its states here and nowhere else; every function takes a connection, as
// those of rows.h do.
//
//     queued ─ lease ─▶ running ─ finish ─▶ done
//        ▲                 │ fail ────────▶ failed
//        └─ lease lost ────┘ (at most max_attempts times without a checkpoint in between)
//
// paused and stopped are a person's wish: the lease, if any, ends soon after. cancelled forgets all
// but the request.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/sha256.h"
#include "base/time.h"
#include "store/sqlite.h"

namespace oort {

/// The points that a projection is of: a blob, or the part of one that holds them.
struct ProjectedPoints {
    Digest blob{};  ///< little-endian float32, row-major
    std::size_t n_rows = 0;
    std::size_t n_dims = 0;
    std::uint64_t order_seed = 0;  ///< of the draw order
};

/// What is asked for, as it is kept.
struct ProjectionTask {
    std::string key;      ///< 64 hexadecimal digits
    std::string request;  ///< JSON text of a ProjectionRequest
    ProjectedPoints points;
    std::optional<Digest> rows;    ///< blob of little-endian uint32, ascending; nothing: all rows
    std::size_t n_rows = 0;        ///< of the layout
    std::optional<Digest> labels;  ///< blob of a little-endian uint32 per row of the points
    std::string supervise_by;      ///< the labels' column; empty: none
    double estimated_seconds = 0;
    std::int64_t estimated_bytes = 0;
};

struct ProjectionError {
    std::string code;
    std::string message;
};

/// How far a computation is, as its worker tells.
struct WorkerProgress {
    std::string stage = "clean";
    std::int64_t iteration = 0;
    std::int64_t n_iterations = 0;
    double seconds_elapsed = 0;
    std::optional<double> seconds_left = std::nullopt;
    std::vector<std::string> notes = {};

    bool operator==(const WorkerProgress&) const = default;
};

JsonObject to_json(const WorkerProgress& progress);

/// Throws Error(invalid_argument) for a member that is absent or of another type.
WorkerProgress progress_from_json(const Json& json);

/// Of what a computation is held by. The id is a fencing number: whoever comes with another one has
/// lost the lease, and nothing that he sends is taken any more.
struct ProjectionLease {
    std::string id;
    std::string worker;      ///< a name for the log
    std::string supervisor;  ///< id of the server process that started the worker; empty: none did
    Milliseconds expires_at = 0;
};

struct ProjectionRow {
    std::int64_t id = 0;
    ProjectionTask task;
    std::string state;
    std::int64_t n_attempts = 0;  ///< leases since it was asked for or the last checkpoint
    std::optional<ProjectionLease> lease;
    WorkerProgress progress;   ///< when it was last written down
    std::optional<Digest> layout;  ///< blob of float32, n_rows x n_components, when done
    std::string report;            ///< JSON text, when done
    std::optional<ProjectionError> error;
};

inline constexpr std::int64_t max_projection_attempts = 3;

std::optional<ProjectionRow> find_projection(Connection& connection, std::string_view key);

std::optional<ProjectionRow> find_leased_projection(Connection& connection,
                                                    std::string_view lease_id);

/// How many queued ones come before that row, itself counted: 1 is next.
std::int64_t queue_position(Connection& connection, const ProjectionRow& row);

/// How many wait to be leased.
std::int64_t count_queued(Connection& connection);

/// Queues the task, unless a row of its key is there in any state but failed and cancelled. True if
/// it did.
bool queue_projection(Connection& connection, const ProjectionTask& task, Milliseconds at);

/// Gives the longest waiting one to a worker; nothing if none waits. A worker that holds some
/// points at hand gets no preference: first come, first served.
std::optional<ProjectionRow> lease_projection(Connection& connection, const ProjectionLease& lease);

/// False if that lease is no more.
bool renew_lease(Connection& connection, std::string_view lease_id, Milliseconds expires_at);

/// What a person asks: true if it changed the state. A row that is queued, running or paused can be
/// stopped, one that is queued or running paused, one that is paused or stopped continued: as
/// running while its lease lasts, else queued again.
bool pause_projection(Connection& connection, std::string_view key, Milliseconds at);
bool stop_projection(Connection& connection, std::string_view key, Milliseconds at);
bool continue_projection(Connection& connection, std::string_view key, Milliseconds at);

/// Ends whatever has not ended. True if it changed the state.
bool cancel_projection(Connection& connection, std::string_view key, Milliseconds at);

/// Writes down progress with a checkpoint, from which the attempts count anew. False if that lease
/// is no more.
bool keep_projection_progress(Connection& connection,
                              std::string_view lease_id,
                              const WorkerProgress& progress);

/// Ends the lease: a running row is queued again in its old place, others keep their state. The
/// attempt is not counted: its worker left in good order.
void release_projection(Connection& connection, std::string_view lease_id);
void release_leases_of_supervisor(Connection& connection, std::string_view supervisor);

/// The same for a worker that vanished: the attempt counts, and the last one fails the row with
/// `reason` in its sentence. Returns the rows' keys.
bool has_expired_leases(Connection& connection, Milliseconds at);
std::vector<std::string> drop_expired_leases(Connection& connection, Milliseconds at);
std::vector<std::string> drop_leases_of_worker(Connection& connection,
                                               std::string_view worker,
                                               std::string_view reason);

/// Those of workers that some other server process started, and which ended with it.
std::vector<std::string> drop_leases_of_other_supervisors(Connection& connection,
                                                          std::string_view supervisor);

/// Done: the layout and its report are kept. False if that lease is no more.
bool finish_projection(Connection& connection,
                       std::string_view lease_id,
                       const Digest& layout,
                       std::string_view report,
                       const WorkerProgress& progress);

/// False if that lease is no more.
bool fail_projection(Connection& connection,
                     std::string_view lease_id,
                     const ProjectionError& error);

}  // namespace oort
