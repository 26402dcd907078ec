// SPDX-License-Identifier: Apache-2.0
#include "jobs/projection_queue.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/error.h"
#include "base/id.h"
#include "base/log.h"

namespace oort {

namespace {

Error no_such_projection() {
    return {ErrorCode::not_found, "there is no such projection"};
}

Error lost_lease() {
    return {ErrorCode::conflict, "this lease has ended: somebody cancelled, or it ran out"};
}

std::size_t n_components_of(const ProjectionRow& row) {
    const Json request = parse_json(row.task.request, "the request");
    return static_cast<std::size_t>(integer_member(request.as_object(), "n_components"));
}

// The bytes of a blob as values, checked against its digest.
template <class T>
std::vector<T> read_values(const BlobStore& blobs, const Digest& digest) {
    const std::string bytes = read_file(blobs.path(digest));
    if (sha256(bytes) != digest) {
        throw Error(ErrorCode::corrupt, "the stored bytes no longer match their digest");
    }
    std::vector<T> values(bytes.size() / sizeof(T));
    std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
    return values;
}

}  // namespace

ProjectionQueue::ProjectionQueue(Store& store, const QueueOptions& options)
    : store_(store),
      options_(options),
      checkpoints_(store.cache_folder() / "checkpoints"),
      hub_(options.max_watchers),
      supervisor_(new_id()) {
    store_.database().write(
        [&](Connection& connection) { drop_leases_of_other_supervisors(connection, supervisor_); });
}

bool ProjectionQueue::ask(const ProjectionTask& task) {
    const bool queued = store_.database().write(
        [&](Connection& connection) { return queue_projection(connection, task, now()); });
    if (queued) {
        tell(task.key);
        tell_queued();
    }
    return queued;
}

ProjectionStatus ProjectionQueue::with_live(Connection& connection, ProjectionRow row) const {
    ProjectionStatus status{.row = std::move(row)};
    if (status.row.state == "queued") {
        status.queue_position = queue_position(connection, status.row);
    }
    if (!status.row.lease) return status;
    const std::lock_guard lock(mutex_);
    const auto found = live_.find(status.row.lease->id);
    if (found != live_.end()) status.row.progress = found->second.progress;
    return status;
}

std::optional<ProjectionStatus> ProjectionQueue::find(const std::string& key) const {
    if (!parse_digest(key)) return std::nullopt;
    return store_.database().read([&](Connection& connection) -> std::optional<ProjectionStatus> {
        auto row = find_projection(connection, key);
        if (!row) return std::nullopt;
        return with_live(connection, std::move(*row));
    });
}

ProjectionStatus ProjectionQueue::status(const std::string& key) const {
    auto found = find(key);
    if (!found) throw no_such_projection();
    return std::move(*found);
}

ProjectionStatus ProjectionQueue::act(const std::string& key, ProjectionAction action) {
    const auto change = [&](Connection& connection) {
        switch (action) {
            case ProjectionAction::pause: return pause_projection(connection, key, now());
            case ProjectionAction::continue_: return continue_projection(connection, key, now());
            case ProjectionAction::stop: return stop_projection(connection, key, now());
        }
        return false;
    };
    status(key);
    const bool changed = store_.database().write(change);
    ProjectionStatus after = status(key);
    const std::string& state = after.row.state;
    if (!changed) {
        const bool is_so = action == ProjectionAction::pause ? state == "paused"
                           : action == ProjectionAction::stop
                               ? state == "stopped"
                               : state == "queued" || state == "running";
        if (is_so) return after;
        throw Error(ErrorCode::conflict,
                    fmt::format("the projection is {}: \"{}\" is not possible",
                                state,
                                names_of(action)[static_cast<std::size_t>(action)]));
    }
    if (after.row.lease) {
        const std::lock_guard lock(mutex_);
        const auto found = live_.find(after.row.lease->id);
        if (found != live_.end()) found->second.state = state;
    }
    tell(key);
    if (state == "queued") tell_queued();
    return after;
}

ProjectionStatus ProjectionQueue::cancel(const std::string& key) {
    status(key);
    const bool changed = store_.database().write(
        [&](Connection& connection) { return cancel_projection(connection, key, now()); });
    ProjectionStatus after = status(key);
    if (!changed && after.row.state == "done") {
        throw Error(ErrorCode::conflict, "the projection is done: nothing is left to cancel");
    }
    if (changed) {
        forget(key);
        checkpoints_.remove(key);
        tell(key);
    }
    return after;
}

ProjectionQueue::Places ProjectionQueue::places_of(const ProjectionRow& row) const {
    std::vector<std::uint32_t> rows;
    if (row.task.rows) rows = read_values<std::uint32_t>(store_.blobs(), *row.task.rows);
    return std::make_shared<const std::vector<std::uint32_t>>(
        draw_places(row.task.points.n_rows, row.task.points.order_seed, rows));
}

std::shared_ptr<const Frame> ProjectionQueue::last_frame(const ProjectionRow& row) const {
    if (row.lease) {
        const std::lock_guard lock(mutex_);
        const auto found = live_.find(row.lease->id);
        if (found != live_.end() && found->second.frame) return found->second.frame;
    }
    auto frame = std::make_shared<Frame>();
    frame->n_components = n_components_of(row);
    frame->iteration = static_cast<std::uint32_t>(row.progress.iteration);
    frame->n_iterations = static_cast<std::uint32_t>(row.progress.n_iterations);
    if (row.layout) {
        frame->values = read_values<float>(store_.blobs(), *row.layout);
        return frame;
    }
    auto kept = checkpoints_.layout(row.task.key, row.task.n_rows * frame->n_components);
    if (!kept) return nullptr;
    frame->values = std::move(*kept);
    return frame;
}

ShownLayout ProjectionQueue::layout(const std::string& key) const {
    const ProjectionRow row = status(key).row;
    const auto frame = last_frame(row);
    if (!frame) {
        throw Error(ErrorCode::not_found,
                    fmt::format("there is no layout yet: the projection is {}", row.state));
    }
    return {.bytes = in_draw_order(frame->layout(), *places_of(row)),
            .tag = row.state == "done" ? key : fmt::format("{}-{}", key, frame->iteration)};
}

std::unique_ptr<FrameHub::Watcher> ProjectionQueue::watch(const std::string& key,
                                                          FrameEncoding encoding,
                                                          std::function<void()> wake) {
    status(key);
    auto watcher = hub_.watch(key, encoding, std::move(wake));
    // Asked after the watcher is there: nothing that changes meanwhile is missed.
    const ProjectionStatus known = status(key);
    if (!known.has_ended()) hub_.send_text(*watcher, to_text(to_json(known)));
    if (const auto frame = last_frame(known.row)) {
        hub_.send_frame(*watcher, *frame, *places_of(known.row));
    }
    if (known.has_ended()) {
        hub_.send_text(*watcher, to_text(to_json(known)));
        hub_.end(*watcher);
    }
    return watcher;
}

std::int64_t ProjectionQueue::n_queued() const {
    return store_.database().read([](Connection& connection) { return count_queued(connection); });
}

void ProjectionQueue::when_queued(std::function<void()> tell) {
    const std::lock_guard lock(mutex_);
    tell_queued_ = std::move(tell);
}

void ProjectionQueue::tell_queued() const {
    std::function<void()> tell;
    {
        const std::lock_guard lock(mutex_);
        tell = tell_queued_;
    }
    if (tell) tell();
}

void ProjectionQueue::tell(const std::string& key) {
    if (hub_.n_watchers(key) == 0) return;
    const auto known = find(key);
    if (!known) return;
    hub_.send_text(key, to_text(to_json(*known)));
    if (known->has_ended()) hub_.end(key);
}

void ProjectionQueue::forget(const std::string& key) {
    const std::lock_guard lock(mutex_);
    std::erase_if(live_, [&](const auto& live) { return live.second.key == key; });
}

std::optional<ProjectionRow> ProjectionQueue::lease(const std::string& worker,
                                                    const std::string& supervisor) {
    const ProjectionLease lease{.id = new_id(),
                                .worker = worker,
                                .supervisor = supervisor,
                                .expires_at = now() + options_.lease_ms};
    // Most who ask find nothing: they need not wait for the writer.
    if (n_queued() == 0) return std::nullopt;
    auto row = store_.database().write(
        [&](Connection& connection) { return lease_projection(connection, lease); });
    if (row) {
        log_info("projection {} goes to worker {}", row->task.key.substr(0, 12), worker);
        tell(row->task.key);
    }
    return row;
}

ProjectionRow ProjectionQueue::leased(const std::string& lease_id) const {
    auto row = store_.database().read([&](Connection& connection) {
        return is_id(lease_id) ? find_leased_projection(connection, lease_id) : std::nullopt;
    });
    if (!row) throw lost_lease();
    return std::move(*row);
}

// Under the lock. The rows are asked only after a restart of this process, or for a new lease.
ProjectionQueue::Live& ProjectionQueue::live_of(const std::string& lease_id) {
    const auto found = live_.find(lease_id);
    if (found != live_.end()) return found->second;
    const ProjectionRow row = leased(lease_id);
    return live_[lease_id] = Live{.key = row.task.key,
                                  .state = row.state,
                                  .progress = row.progress,
                                  .expires_at = row.lease->expires_at,
                                  .places = nullptr,
                                  .frame = nullptr};
}

// Writes the new end of the lease down now and then, not each time: a row changed four times a
// second would be four fsyncs a second.
void ProjectionQueue::heard_of(const std::string& lease_id) {
    const Milliseconds end = now() + options_.lease_ms;
    {
        const std::lock_guard lock(mutex_);
        Live& live = live_of(lease_id);
        if (end - live.expires_at < options_.lease_ms / 3) return;
        live.expires_at = end;
    }
    const bool renewed = store_.database().write(
        [&](Connection& connection) { return renew_lease(connection, lease_id, end); });
    if (renewed) return;
    const std::lock_guard lock(mutex_);
    live_.erase(lease_id);
    throw lost_lease();
}

WorkerOrders ProjectionQueue::orders_of(const std::string& lease_id) {
    std::string key;
    std::string state;
    {
        const std::lock_guard lock(mutex_);
        const Live& live = live_of(lease_id);
        key = live.key;
        state = live.state;
    }
    return {.state = std::move(state), .n_watchers = hub_.n_watchers(key)};
}

WorkerOrders ProjectionQueue::beat(const std::string& lease_id, const WorkerProgress& progress) {
    heard_of(lease_id);
    std::string key;
    bool changed = false;
    {
        const std::lock_guard lock(mutex_);
        Live& live = live_of(lease_id);
        changed = live.progress != progress;
        live.progress = progress;
        key = live.key;
    }
    if (changed) tell(key);
    return orders_of(lease_id);
}

TakenFrame ProjectionQueue::take_frame(const std::string& lease_id, Frame frame) {
    heard_of(lease_id);
    Places places;
    std::string key;
    {
        const std::lock_guard lock(mutex_);
        const Live& live = live_of(lease_id);
        places = live.places;
        key = live.key;
    }
    if (!places || places->empty()) {
        const ProjectionRow row = leased(lease_id);
        places = places_of(row);
    }
    const auto shared = std::make_shared<const Frame>(std::move(frame));
    {
        const std::lock_guard lock(mutex_);
        Live& live = live_of(lease_id);
        live.places = places;
        live.frame = shared;
    }
    const std::size_t n_bytes = hub_.send_frame(key, *shared, *places);
    return {.orders = orders_of(lease_id), .n_bytes_out = n_bytes};
}

std::unique_ptr<Checkpoints::Writer> ProjectionQueue::begin_checkpoint(
    const std::string& lease_id) const {
    return std::make_unique<Checkpoints::Writer>(checkpoints_, leased(lease_id).task.key);
}

void ProjectionQueue::keep_progress(const std::string& lease_id, const WorkerProgress& progress) {
    const bool kept = store_.database().write([&](Connection& connection) {
        return keep_projection_progress(connection, lease_id, progress);
    });
    if (!kept) throw lost_lease();
}

std::optional<File> ProjectionQueue::checkpoint(const std::string& lease_id) const {
    return checkpoints_.open(leased(lease_id).task.key);
}

void ProjectionQueue::finish(const std::string& lease_id,
                             const Digest& layout,
                             const JsonObject& report,
                             const WorkerProgress& progress) {
    const ProjectionRow row = leased(lease_id);
    const std::uint64_t size = row.task.n_rows * n_components_of(row) * sizeof(float);
    if (store_.blobs().size(layout) != size) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("the layout is not here, or has not {} bytes", size));
    }
    const bool done = store_.database().write([&](Connection& connection) {
        return finish_projection(connection, lease_id, layout, to_text(report), progress);
    });
    if (!done) throw lost_lease();
    const std::string& key = row.task.key;
    forget(key);
    checkpoints_.remove(key);
    log_info("projection {} is done", key.substr(0, 12));
    if (hub_.n_watchers(key) > 0) {
        const ProjectionRow finished = status(key).row;
        hub_.send_frame(key, *last_frame(finished), *places_of(finished));
    }
    tell(key);
}

void ProjectionQueue::fail(const std::string& lease_id, const ProjectionError& error) {
    const std::string key = leased(lease_id).task.key;
    const bool failed = store_.database().write(
        [&](Connection& connection) { return fail_projection(connection, lease_id, error); });
    if (!failed) throw lost_lease();
    log_warning("projection {} failed: {}", key.substr(0, 12), error.message);
    forget(key);
    checkpoints_.remove(key);
    tell(key);
}

void ProjectionQueue::release(const std::string& lease_id) {
    const std::string key = leased(lease_id).task.key;
    store_.database().write(
        [&](Connection& connection) { release_projection(connection, lease_id); });
    after_drop({key});
}

void ProjectionQueue::after_drop(const std::vector<std::string>& keys) {
    for (const std::string& key : keys) {
        forget(key);
        tell(key);
    }
    if (!keys.empty()) tell_queued();
}

void ProjectionQueue::worker_ended(const std::string& worker, const std::string& reason) {
    after_drop(store_.database().write(
        [&](Connection& connection) { return drop_leases_of_worker(connection, worker, reason); }));
}

void ProjectionQueue::drop_expired() {
    const auto find_expired = [&](Connection& connection) {
        return drop_expired_leases(connection, now());
    };
    // What is only read is not worth a transaction of the writer once a second.
    const bool any = store_.database().read(
        [&](Connection& connection) { return has_expired_leases(connection, now()); });
    if (any) after_drop(store_.database().write(find_expired));
}

void ProjectionQueue::release_supervised() {
    store_.database().write(
        [&](Connection& connection) { release_leases_of_supervisor(connection, supervisor_); });
    const std::lock_guard lock(mutex_);
    live_.clear();
}

}  // namespace oort
