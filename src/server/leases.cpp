// SPDX-License-Identifier: Apache-2.0
// What worker processes ask and tell (jobs/worker.h). Only the worker's secret opens these routes,
// and it opens no other.
#include <fmt/format.h>
#include <time.h>

#include <charconv>
#include <cstring>

#include "jobs/projection_plan.h"
#include "server/handlers.h"

namespace oort {

namespace {

JsonObject object_of(const Request& request) {
    Json body = parse_json(request.body, "the body");
    if (!body.is_object()) throw Error(ErrorCode::invalid_argument, "the body must be an object");
    return std::move(body.get_object());
}

std::uint32_t query_number(const Request& request, std::string_view name) {
    const std::string text = request.query_member(name).value_or("");
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
        throw Error(ErrorCode::invalid_argument, fmt::format("{} must be a whole number", name));
    }
    return value;
}

std::size_t n_components_of(const ProjectionRow& row) {
    const Json request = parse_json(row.task.request, "the request");
    return static_cast<std::size_t>(integer_member(request.as_object(), "n_components"));
}

std::uint64_t layout_bytes(const ProjectionRow& row) {
    return row.task.n_rows * n_components_of(row) * sizeof(float);
}

Response empty_response() {
    Response response;
    response.status = 204;
    return response;
}

JsonObject to_json(const WorkerOrders& orders) {
    return {{"state", orders.state}, {"n_watchers", orders.n_watchers}};
}

// About what a byte costs through a loopback socket, at both of its ends together: processor time
// that no thread here sees, and that a computation on the same machine misses all the same.
constexpr double socket_bytes_per_s = 5e8;

// Processor time of this thread.
double thread_seconds() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// The first `length` bytes of a blob; checked on the way if they are all of it.
Response blob_response(App& app, const Digest& digest, std::uint64_t length) {
    File file = app.store.blobs().open(digest);
    const std::uint64_t size = file.size();
    if (size < length) throw Error(ErrorCode::corrupt, "a stored file is shorter than it was");
    Response response;
    response.set("Content-Type", "application/octet-stream");
    response.body = FileBody{.file = std::move(file),
                             .offset = 0,
                             .length = length,
                             .digest = size == length ? std::optional(digest) : std::nullopt};
    return response;
}

/// A checkpoint on its way to its file.
class CheckpointSink : public BodySink {
  public:
    explicit CheckpointSink(std::unique_ptr<Checkpoints::Writer> writer)
        : writer_(std::move(writer)) {}

    void append(std::span<const std::byte> bytes) override { writer_->append(bytes); }

    void finish() { writer_->finish(); }

  private:
    std::unique_ptr<Checkpoints::Writer> writer_;
};

/// A finished layout on its way to its blob.
class LayoutSink : public BodySink {
  public:
    LayoutSink(BlobStore& blobs, const Digest& digest, std::uint64_t length) {
        // A worker whose answer was lost sends it again.
        if (!blobs.size(digest)) upload_ = blobs.upload(digest, 0, length);
    }

    void append(std::span<const std::byte> bytes) override {
        if (upload_) upload_->append(bytes);
    }

    void finish() {
        if (upload_) upload_->finish();
    }

  private:
    std::unique_ptr<BlobUpload> upload_;
};

}  // namespace

Response post_leases(App& app, const Request& request) {
    const JsonObject body = object_of(request);
    const auto row = app.queue.lease(std::string(string_member(body, "worker")),
                                     std::string(string_member(body, "supervisor")));
    if (!row) return empty_response();
    const ProjectionTask& task = row->task;
    return json_response(JsonObject{{"lease", row->lease->id},
                                    {"key", task.key},
                                    {"request", parse_json(task.request, "the request")},
                                    {"points",
                                     JsonObject{{"sha256", to_hex(task.points.blob)},
                                                {"n_rows", task.points.n_rows},
                                                {"n_dims", task.points.n_dims}}},
                                    {"n_rows", task.n_rows},
                                    {"has_rows", task.rows.has_value()},
                                    {"has_labels", task.labels.has_value()},
                                    {"estimated_seconds", task.estimated_seconds},
                                    {"seconds_elapsed", row->progress.seconds_elapsed}});
}

Response get_lease_points(App& app, const Request& request) {
    const ProjectedPoints points = app.queue.leased(request.parameter("lease")).task.points;
    return blob_response(app, points.blob, points.n_rows * points.n_dims * sizeof(float));
}

Response get_lease_rows(App& app, const Request& request) {
    const ProjectionTask task = app.queue.leased(request.parameter("lease")).task;
    if (!task.rows) throw Error(ErrorCode::not_found, "all rows are asked for");
    return blob_response(app, *task.rows, task.n_rows * sizeof(std::uint32_t));
}

Response get_lease_labels(App& app, const Request& request) {
    const ProjectionTask task = app.queue.leased(request.parameter("lease")).task;
    if (!task.labels) throw Error(ErrorCode::not_found, "no labels are given");
    return blob_response(app, *task.labels, task.points.n_rows * sizeof(std::uint32_t));
}

Response get_lease_checkpoint(App& app, const Request& request) {
    auto file = app.queue.checkpoint(request.parameter("lease"));
    if (!file) throw Error(ErrorCode::not_found, "there is no checkpoint");
    Response response;
    response.set("Content-Type", "application/octet-stream");
    const std::uint64_t size = file->size();
    response.body =
        FileBody{.file = std::move(*file), .offset = 0, .length = size, .digest = std::nullopt};
    return response;
}

std::unique_ptr<BodySink> open_checkpoint_sink(App& app, const Request& request) {
    return std::make_unique<CheckpointSink>(app.queue.begin_checkpoint(request.parameter("lease")));
}

Response put_lease_checkpoint(App& app, const Request& request) {
    static_cast<CheckpointSink&>(*request.sink).finish();
    app.queue.keep_progress(
        request.parameter("lease"),
        progress_from_json(parse_json(request.query_member("progress").value_or(""), "progress")));
    return empty_response();
}

Response put_lease_frame(App& app, const Request& request) {
    const double before = thread_seconds();
    const std::string& lease = request.parameter("lease");
    const ProjectionRow row = app.queue.leased(lease);
    if (request.body.size() != layout_bytes(row) ||
        query_number(request, "n_components") != n_components_of(row)) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("a frame of this projection has {} bytes", layout_bytes(row)));
    }
    Frame frame{.values = std::vector<float>(request.body.size() / sizeof(float)),
                .n_components = query_number(request, "n_components"),
                .iteration = query_number(request, "iteration"),
                .n_iterations = query_number(request, "n_iterations")};
    std::memcpy(frame.values.data(), request.body.data(), frame.values.size() * sizeof(float));
    const TakenFrame taken = app.queue.take_frame(lease, std::move(frame));
    JsonObject answer = to_json(taken.orders);
    answer["cost_seconds"] =
        thread_seconds() - before +
        static_cast<double>(request.body.size() + taken.n_bytes_out) / socket_bytes_per_s;
    return json_response(answer);
}

Response post_lease_progress(App& app, const Request& request) {
    return json_response(to_json(
        app.queue.beat(request.parameter("lease"), progress_from_json(object_of(request)))));
}

std::unique_ptr<BodySink> open_layout_sink(App& app, const Request& request) {
    const ProjectionRow row = app.queue.leased(request.parameter("lease"));
    const auto digest = parse_digest(request.query_member("sha256").value_or(""));
    if (!digest) throw Error(ErrorCode::invalid_argument, "sha256 must be 64 hexadecimal digits");
    return std::make_unique<LayoutSink>(app.store.blobs(), *digest, layout_bytes(row));
}

Response put_lease_layout(App&, const Request& request) {
    static_cast<LayoutSink&>(*request.sink).finish();
    return empty_response();
}

Response post_lease_end(App& app, const Request& request) {
    const std::string& lease = request.parameter("lease");
    const JsonObject body = object_of(request);
    const std::string_view outcome = string_member(body, "outcome");
    if (outcome == "done") {
        const auto digest = parse_digest(string_member(body, "layout"));
        const Json* report = body.if_contains("report");
        if (!digest || !report || !report->is_object()) {
            throw Error(ErrorCode::invalid_argument,
                        "\"layout\" must be a SHA-256 and \"report\" an object");
        }
        const Json* progress = body.if_contains("progress");
        app.queue.finish(lease,
                         *digest,
                         report->get_object(),
                         progress_from_json(progress ? *progress : Json(nullptr)));
    } else if (outcome == "failed") {
        app.queue.fail(lease,
                       {.code = std::string(string_member(body, "code")),
                        .message = std::string(string_member(body, "message"))});
    } else if (outcome == "released") {
        app.queue.release(lease);
    } else {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("outcome \"{}\" is none of done, failed, released", outcome));
    }
    return empty_response();
}

}  // namespace oort
