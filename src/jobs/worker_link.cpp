// SPDX-License-Identifier: Apache-2.0
#include "jobs/worker_link.h"

#include <fmt/format.h>

#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include "base/error.h"
#include "base/time.h"

namespace oort {

namespace {

constexpr auto retry_after = std::chrono::milliseconds(200);
constexpr double answer_within_s = 30;

WorkerOrders orders_from(const JsonObject& object) {
    return {.state = std::string(string_member(object, "state")),
            .n_watchers = static_cast<std::size_t>(integer_member(object, "n_watchers"))};
}

JsonObject object_from(const HttpResponse& response) {
    Json json = parse_json(response.body, "the server's answer");
    if (!json.is_object()) throw Error(ErrorCode::internal, "the server's answer is no object");
    return std::move(json.get_object());
}

// As a member of a query: JSON text has characters that stand for others there.
std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                           (c >= 'a' && c <= 'z') || c == '.' || c == '-' || c == '_';
        out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

}  // namespace

WorkerLink::WorkerLink(WorkerServer server) : server_(std::move(server)) {}

std::string WorkerLink::url_of(const LeasedTask& task, std::string_view what) const {
    return fmt::format("{}/api/v1/leases/{}/{}", server_.url, task.lease, what);
}

// Every request may be sent again: what it says is true the second time too.
HttpResponse WorkerLink::send(const HttpRequest& given) {
    HttpRequest request = given;
    request.headers.push_back("Authorization: Bearer " + server_.token);
    const Stopwatch watch;
    while (true) {
        HttpResponse response = client_.send(request);
        switch (response.status) {
            case 200:
            case 204: return response;
            case 409: throw LostLease{};
            case 401:
                throw LostServer(ErrorCode::unauthenticated,
                                 "the server does not know this worker's secret");
            case 404: return response;
            case 0:
            case 429:
            case 503: break;
            default:
                throw Error(ErrorCode::internal,
                            fmt::format("the server answered {} to {} {}: {}",
                                        response.status,
                                        request.method,
                                        request.url,
                                        response.body.substr(0, 300)));
        }
        if (watch.seconds() >= server_.patience_s) {
            throw Error(
                ErrorCode::unavailable,
                fmt::format("the server {} cannot be reached: {}", server_.url, response.failure));
        }
        std::this_thread::sleep_for(retry_after);
    }
}

HttpResponse WorkerLink::send_json(const LeasedTask& task,
                                   std::string_view what,
                                   const JsonObject& body) {
    const std::string text = to_text(body);
    return send({.method = "POST",
                 .url = url_of(task, what),
                 .headers = {"Content-Type: application/json"},
                 .body = std::as_bytes(std::span(text)),
                 .timeout_s = answer_within_s});
}

std::optional<LeasedTask> WorkerLink::lease(const std::string& worker,
                                            const std::string& supervisor) {
    const std::string body = to_text(JsonObject{{"worker", worker}, {"supervisor", supervisor}});
    const HttpResponse response = send({.method = "POST",
                                        .url = server_.url + "/api/v1/leases",
                                        .headers = {"Content-Type: application/json"},
                                        .body = std::as_bytes(std::span(body)),
                                        .timeout_s = answer_within_s});
    if (response.status == 204) return std::nullopt;
    const JsonObject object = object_from(response);
    const JsonObject& points = object.at("points").as_object();
    return LeasedTask{.lease = std::string(string_member(object, "lease")),
                      .key = std::string(string_member(object, "key")),
                      .request = projection_request_from_json(object.at("request").as_object()),
                      .points_sha256 = std::string(string_member(points, "sha256")),
                      .n_points = static_cast<std::size_t>(integer_member(points, "n_rows")),
                      .n_dims = static_cast<std::size_t>(integer_member(points, "n_dims")),
                      .n_rows = static_cast<std::size_t>(integer_member(object, "n_rows")),
                      .has_rows = object.at("has_rows").as_bool(),
                      .has_labels = object.at("has_labels").as_bool(),
                      .estimated_seconds = object.at("estimated_seconds").to_number<double>(),
                      .seconds_before = object.at("seconds_elapsed").to_number<double>()};
}

void WorkerLink::fetch(const LeasedTask& task, std::string_view what, std::span<std::byte> into) {
    std::size_t n_taken = 0;
    const HttpResponse response =
        send({.method = "GET",
              .url = url_of(task, what),
              .on_body = [&](std::span<const std::byte> piece) {
                  if (piece.size() > into.size() - n_taken) {
                      n_taken = 0;  // Begun anew after a failure.
                  }
                  if (piece.size() > into.size()) return;
                  std::memcpy(into.data() + n_taken, piece.data(), piece.size());
                  n_taken += piece.size();
              }});
    if (response.status == 200 && n_taken == into.size()) return;
    throw Error(
        ErrorCode::corrupt,
        fmt::format("the server sent {} of the {} bytes of the {}", n_taken, into.size(), what));
}

std::optional<std::vector<std::byte>> WorkerLink::checkpoint(const LeasedTask& task) {
    std::vector<std::byte> file;
    const HttpResponse response = send({.method = "GET",
                                        .url = url_of(task, "checkpoint"),
                                        .on_body = [&](std::span<const std::byte> piece) {
                                            file.insert(file.end(), piece.begin(), piece.end());
                                        }});
    if (response.status != 200) return std::nullopt;
    return state_of_checkpoint(file, task.layout_bytes());
}

WorkerOrders WorkerLink::beat(const LeasedTask& task, const WorkerProgress& progress) {
    return orders_from(object_from(send_json(task, "progress", to_json(progress))));
}

FrameAnswer WorkerLink::send_frame(const LeasedTask& task, const Frame& frame) {
    const std::string query = fmt::format("frame?n_components={}&iteration={}&n_iterations={}",
                                          frame.n_components,
                                          frame.iteration,
                                          frame.n_iterations);
    const JsonObject answer =
        object_from(send({.method = "PUT",
                          .url = url_of(task, query),
                          .headers = {"Content-Type: application/octet-stream"},
                          .body = std::as_bytes(std::span(frame.values)),
                          .timeout_s = answer_within_s}));
    return {.orders = orders_from(answer),
            .cost_seconds = answer.at("cost_seconds").to_number<double>()};
}

void WorkerLink::send_checkpoint(const LeasedTask& task,
                                 const WorkerProgress& progress,
                                 std::span<const std::byte> content) {
    send({.method = "PUT",
          .url = url_of(task, "checkpoint?progress=" + escaped(to_text(to_json(progress)))),
          .headers = {"Content-Type: application/octet-stream"},
          .body = content});
}

void WorkerLink::finish(const LeasedTask& task,
                        std::span<const std::byte> layout,
                        const JsonObject& report,
                        const WorkerProgress& progress) {
    const std::string digest = to_hex(sha256(layout));
    send({.method = "PUT",
          .url = url_of(task, "layout?sha256=" + digest),
          .headers = {"Content-Type: application/octet-stream"},
          .body = layout});
    send_json(task,
              "end",
              {{"outcome", "done"},
               {"layout", digest},
               {"report", report},
               {"progress", to_json(progress)}});
}

void WorkerLink::fail(const LeasedTask& task, std::string_view code, std::string_view message) {
    send_json(task, "end", {{"outcome", "failed"}, {"code", code}, {"message", message}});
}

void WorkerLink::release(const LeasedTask& task) {
    send_json(task, "end", {{"outcome", "released"}});
}

}  // namespace oort
