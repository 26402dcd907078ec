// SPDX-License-Identifier: Apache-2.0
#include "store/projection_rows.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/json.h"

namespace oort {

namespace {

constexpr std::string_view columns =
    "id, key, state, request, points, n_points, n_dims, order_seed, selected_rows, n_rows, labels, "
    "supervise_by, estimated_seconds, estimated_bytes, n_attempts, lease, worker, supervisor, "
    "lease_expires_at, progress, layout, report, error_code, error_message";

std::string progress_text(const WorkerProgress& progress) {
    return to_text(to_json(progress));
}

ProjectionRow row_of(const Statement& row) {
    ProjectionRow found;
    found.id = row.integer(0);
    found.task.key = row.text(1);
    found.state = row.text(2);
    found.task.request = row.text(3);
    found.task.points = {.blob = row.digest(4).value_or(Digest{}),
                         .n_rows = static_cast<std::size_t>(row.integer(5)),
                         .n_dims = static_cast<std::size_t>(row.integer(6)),
                         .order_seed = static_cast<std::uint64_t>(row.integer(7))};
    found.task.rows = row.digest(8);
    found.task.n_rows = static_cast<std::size_t>(row.integer(9));
    found.task.labels = row.digest(10);
    found.task.supervise_by = row.text(11);
    found.task.estimated_seconds = row.real(12);
    found.task.estimated_bytes = row.integer(13);
    found.n_attempts = row.integer(14);
    if (const auto lease = row.optional_text(15)) {
        found.lease = ProjectionLease{.id = *lease,
                                      .worker = row.text(16),
                                      .supervisor = row.text(17),
                                      .expires_at = row.integer(18)};
    }
    found.progress = progress_from_json(parse_json(row.text(19), "the progress"));
    found.layout = row.digest(20);
    found.report = row.text(21);
    if (const auto code = row.optional_text(22)) {
        found.error = ProjectionError{.code = *code, .message = row.text(23)};
    }
    return found;
}

std::optional<ProjectionRow> find_where(Connection& connection,
                                        std::string_view condition,
                                        std::string_view value) {
    Statement row = connection.query(
        fmt::format("SELECT {} FROM projections WHERE {} = $1", columns, condition), {value});
    return row.step() ? std::optional(row_of(row)) : std::nullopt;
}

std::int64_t next_place(Connection& connection) {
    Statement row = connection.query("SELECT coalesce(max(place), 0) + 1 FROM projections");
    row.step();
    return row.integer(0);
}

// What became of a row whose worker vanished.
void drop_lease(Connection& connection, const ProjectionRow& row, std::string_view reason) {
    connection.run(
        "UPDATE projections SET lease = NULL, worker = NULL, supervisor = NULL, "
        "lease_expires_at = NULL, "
        "state = CASE state WHEN 'running' THEN 'queued' ELSE state END WHERE id = $1",
        {row.id});
    if (row.state != "running" || row.n_attempts < max_projection_attempts) return;
    connection.run(
        "UPDATE projections SET state = 'failed', error_code = $2, error_message = $3 "
        "WHERE id = $1",
        {row.id,
         "unavailable",
         fmt::format("the computation was begun {} times and ended its worker each time, last in "
                     "stage {}: {}",
                     row.n_attempts,
                     row.progress.stage,
                     reason)});
}

std::vector<std::string> drop_where(Connection& connection,
                                    std::string_view condition,
                                    const SqlParameter& value,
                                    std::string_view reason) {
    std::vector<ProjectionRow> found;
    {
        Statement rows = connection.query(
            fmt::format(
                "SELECT {} FROM projections WHERE lease IS NOT NULL AND {}", columns, condition),
            {value});
        while (rows.step()) found.push_back(row_of(rows));
    }
    std::vector<std::string> keys;
    for (const ProjectionRow& row : found) {
        drop_lease(connection, row, reason);
        keys.push_back(row.task.key);
    }
    return keys;
}

void release_where(Connection& connection, std::string_view column, std::string_view value) {
    connection.run(
        fmt::format("UPDATE projections SET lease = NULL, worker = NULL, supervisor = NULL, "
                    "lease_expires_at = NULL, n_attempts = max(n_attempts - 1, 0), "
                    "state = CASE state WHEN 'running' THEN 'queued' ELSE state END "
                    "WHERE {} = $1",
                    column),
        {value});
}

}  // namespace

JsonObject to_json(const WorkerProgress& progress) {
    return {{"stage", progress.stage},
            {"iteration", progress.iteration},
            {"n_iterations", progress.n_iterations},
            {"seconds_elapsed", progress.seconds_elapsed},
            {"seconds_left", or_null(progress.seconds_left)},
            {"notes", JsonArray(progress.notes.begin(), progress.notes.end())}};
}

WorkerProgress progress_from_json(const Json& json) {
    const auto* object = json.if_object();
    if (!object) throw Error(ErrorCode::invalid_argument, "the progress must be an object");
    const auto member = [&](std::string_view name) -> const Json& {
        const Json* found = object->if_contains(name);
        if (found) return *found;
        throw Error(ErrorCode::invalid_argument, fmt::format("\"{}\" is missing", name));
    };
    const Json& elapsed = member("seconds_elapsed");
    const Json& left = member("seconds_left");
    const Json& notes = member("notes");
    if (!elapsed.is_number() || !(left.is_number() || left.is_null()) || !notes.is_array()) {
        throw Error(ErrorCode::invalid_argument, "the progress has a member of the wrong type");
    }
    WorkerProgress progress{.stage = std::string(string_member(*object, "stage")),
                                .iteration = integer_member(*object, "iteration"),
                                .n_iterations = integer_member(*object, "n_iterations"),
                                .seconds_elapsed = elapsed.to_number<double>(),
                                .seconds_left = std::nullopt};
    if (left.is_number()) progress.seconds_left = left.to_number<double>();
    for (const Json& note : notes.get_array()) {
        if (!note.is_string()) throw Error(ErrorCode::invalid_argument, "a note must be text");
        progress.notes.emplace_back(std::string_view(note.get_string()));
    }
    return progress;
}

std::optional<ProjectionRow> find_projection(Connection& connection, std::string_view key) {
    return find_where(connection, "key", key);
}

std::optional<ProjectionRow> find_leased_projection(Connection& connection,
                                                    std::string_view lease_id) {
    return find_where(connection, "lease", lease_id);
}

std::int64_t queue_position(Connection& connection, const ProjectionRow& row) {
    Statement count = connection.query(
        "SELECT count(*) FROM projections WHERE state = 'queued' AND "
        "place <= (SELECT place FROM projections WHERE id = $1)",
        {row.id});
    count.step();
    return count.integer(0);
}

std::int64_t count_queued(Connection& connection) {
    Statement count = connection.query("SELECT count(*) FROM projections WHERE state = 'queued'");
    count.step();
    return count.integer(0);
}

bool queue_projection(Connection& connection, const ProjectionTask& task, Milliseconds at) {
    const ProjectedPoints& points = task.points;
    return connection.run(
               "INSERT INTO projections (key, state, request, points, n_points, n_dims, "
               "order_seed, selected_rows, n_rows, labels, supervise_by, estimated_seconds, "
               "estimated_bytes, place, n_attempts, progress, report, created_at, updated_at) "
               "VALUES ($1, 'queued', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, $14, "
               "'', $15, $15) "
               "ON CONFLICT (key) DO UPDATE SET state = 'queued', place = excluded.place, "
               "n_attempts = 0, progress = excluded.progress, error_code = NULL, "
               "error_message = NULL, supervise_by = excluded.supervise_by, "
               "updated_at = excluded.updated_at "
               "WHERE projections.state IN ('failed', 'cancelled')",
               {task.key,
                task.request,
                points.blob,
                static_cast<std::int64_t>(points.n_rows),
                static_cast<std::int64_t>(points.n_dims),
                static_cast<std::int64_t>(points.order_seed),
                task.rows,
                static_cast<std::int64_t>(task.n_rows),
                task.labels,
                task.supervise_by,
                task.estimated_seconds,
                task.estimated_bytes,
                next_place(connection),
                progress_text({}),
                at}) == 1;
}

std::optional<ProjectionRow> lease_projection(Connection& connection,
                                              const ProjectionLease& lease) {
    const std::int64_t n_changed = connection.run(
        "UPDATE projections SET state = 'running', lease = $1, worker = $2, supervisor = $3, "
        "lease_expires_at = $4, n_attempts = n_attempts + 1 WHERE id = "
        "(SELECT id FROM projections WHERE state = 'queued' ORDER BY place LIMIT 1)",
        {lease.id, lease.worker, lease.supervisor, lease.expires_at});
    if (n_changed == 0) return std::nullopt;
    return find_leased_projection(connection, lease.id);
}

bool renew_lease(Connection& connection, std::string_view lease_id, Milliseconds expires_at) {
    return connection.run("UPDATE projections SET lease_expires_at = $2 WHERE lease = $1",
                          {lease_id, expires_at}) == 1;
}

bool pause_projection(Connection& connection, std::string_view key, Milliseconds at) {
    return connection.run(
               "UPDATE projections SET state = 'paused', updated_at = $2 "
               "WHERE key = $1 AND state IN ('queued', 'running')",
               {key, at}) == 1;
}

bool stop_projection(Connection& connection, std::string_view key, Milliseconds at) {
    return connection.run(
               "UPDATE projections SET state = 'stopped', updated_at = $2 "
               "WHERE key = $1 AND state IN ('queued', 'running', 'paused')",
               {key, at}) == 1;
}

bool continue_projection(Connection& connection, std::string_view key, Milliseconds at) {
    return connection.run(
               "UPDATE projections SET updated_at = $2, "
               "state = CASE WHEN lease IS NULL THEN 'queued' ELSE 'running' END, "
               "place = CASE WHEN lease IS NULL THEN $3 ELSE place END, "
               "n_attempts = CASE WHEN lease IS NULL THEN 0 ELSE n_attempts END "
               "WHERE key = $1 AND state IN ('paused', 'stopped')",
               {key, at, next_place(connection)}) == 1;
}

bool cancel_projection(Connection& connection, std::string_view key, Milliseconds at) {
    return connection.run(
               "UPDATE projections SET state = 'cancelled', lease = NULL, worker = NULL, "
               "supervisor = NULL, lease_expires_at = NULL, progress = $3, updated_at = $2 "
               "WHERE key = $1 AND state IN ('queued', 'running', 'paused', 'stopped')",
               {key, at, progress_text({})}) == 1;
}

bool keep_projection_progress(Connection& connection,
                              std::string_view lease_id,
                              const WorkerProgress& progress) {
    return connection.run("UPDATE projections SET progress = $2, n_attempts = 1 WHERE lease = $1",
                          {lease_id, progress_text(progress)}) == 1;
}

void release_projection(Connection& connection, std::string_view lease_id) {
    release_where(connection, "lease", lease_id);
}

void release_leases_of_supervisor(Connection& connection, std::string_view supervisor) {
    release_where(connection, "supervisor", supervisor);
}

bool has_expired_leases(Connection& connection, Milliseconds at) {
    return connection.query("SELECT 1 FROM projections WHERE lease_expires_at <= $1", {at}).step();
}

std::vector<std::string> drop_expired_leases(Connection& connection, Milliseconds at) {
    return drop_where(connection, "lease_expires_at <= $1", at, "nothing was heard of it any more");
}

std::vector<std::string> drop_leases_of_worker(Connection& connection,
                                               std::string_view worker,
                                               std::string_view reason) {
    return drop_where(connection, "worker = $1", worker, reason);
}

std::vector<std::string> drop_leases_of_other_supervisors(Connection& connection,
                                                          std::string_view supervisor) {
    return drop_where(connection,
                      "supervisor <> '' AND supervisor <> $1",
                      supervisor,
                      "the server ended with it");
}

bool finish_projection(Connection& connection,
                       std::string_view lease_id,
                       const Digest& layout,
                       std::string_view report,
                       const WorkerProgress& progress) {
    return connection.run(
               "UPDATE projections SET state = 'done', layout = $2, report = $3, progress = $4, "
               "lease = NULL, worker = NULL, supervisor = NULL, lease_expires_at = NULL "
               "WHERE lease = $1",
               {lease_id, layout, report, progress_text(progress)}) == 1;
}

bool fail_projection(Connection& connection,
                     std::string_view lease_id,
                     const ProjectionError& error) {
    return connection.run(
               "UPDATE projections SET state = 'failed', error_code = $2, error_message = $3, "
               "lease = NULL, worker = NULL, supervisor = NULL, lease_expires_at = NULL "
               "WHERE lease = $1",
               {lease_id, error.code, error.message}) == 1;
}

}  // namespace oort
