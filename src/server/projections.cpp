// SPDX-License-Identifier: Apache-2.0
// What persons ask about projections that workers compute (jobs/projection_queue.h).
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/options.h"
#include "jobs/projection_plan.h"
#include "server/content.h"
#include "server/handlers.h"

namespace oort {

namespace {

JsonObject object_of(const Request& request) {
    Json body = parse_json(request.body, "the body");
    if (!body.is_object()) throw Error(ErrorCode::invalid_argument, "the body must be an object");
    return std::move(body.get_object());
}

ProjectionPlan plan_of(App& app, const Request& request) {
    return plan_projection(app.datasets,
                           projection_wish_from_json(object_of(request)),
                           app.workers.n_threads_of_each());
}

/// {"action": …}
struct Wanted {
    ProjectionAction action = ProjectionAction::pause;
};

template <class Field>
void fields(Field&& field, Wanted& o) {
    field("action", o.action);
}

/// ?encoding=…
struct FramesQuery {
    FrameEncoding encoding = FrameEncoding::uint16;
};

template <class Field>
void fields(Field&& field, FramesQuery& o) {
    field("encoding", o.encoding);
}

/// One browser's socket.
class WatchedFrames : public MessageSource {
  public:
    WatchedFrames(App& app,
                  const std::string& key,
                  FrameEncoding encoding,
                  std::function<void()> wake)
        : watcher_(app.queue.watch(key, encoding, std::move(wake))) {}

    std::optional<SocketMessage> next() override {
        auto message = watcher_->next();
        if (!message) return std::nullopt;
        SocketMessage out{.kind = SocketMessage::Kind::end, .bytes = std::move(message->bytes)};
        if (message->kind == HubMessage::Kind::text) out.kind = SocketMessage::Kind::text;
        if (message->kind == HubMessage::Kind::binary) out.kind = SocketMessage::Kind::binary;
        return out;
    }

  private:
    std::unique_ptr<FrameHub::Watcher> watcher_;
};

}  // namespace

Response get_methods(App&, const Request&) {
    JsonArray methods;
    for (std::size_t i = 0; i < names_of(Method{}).size(); ++i) {
        const auto method = static_cast<Method>(i);
        methods.push_back(JsonObject{{"name", names_of(method)[i]},
                                     {"title", title_of(method)},
                                     {"n_components", JsonArray{2, 3}},
                                     {"options", options_schema_of(method)}});
    }
    return json_response(JsonObject{{"methods", std::move(methods)}});
}

Response post_projections(App& app, const Request& request) {
    const ProjectionPlan plan = plan_of(app, request);
    const auto known = app.queue.find(plan.task.key);
    const bool is_new = !known || known->row.state == "failed" || known->row.state == "cancelled";
    if (is_new) keep_inputs(app.store.blobs(), plan);
    const bool queued = is_new && app.queue.ask(plan.task);
    return json_response(to_json(app.queue.status(plan.task.key)), queued ? 202 : 200);
}

Response post_projections_estimate(App& app, const Request& request) {
    const ProjectionPlan plan = plan_of(app, request);
    const auto known = app.queue.find(plan.task.key);
    return json_response(
        JsonObject{{"key", plan.task.key},
                   {"state", known ? Json(known->row.state) : Json(nullptr)},
                   {"estimate",
                    JsonObject{{"seconds", plan.estimate.seconds},
                               {"memory_bytes", plan.estimate.memory_bytes}}},
                   {"notes", JsonArray(plan.estimate.notes.begin(), plan.estimate.notes.end())}});
}

Response get_projection(App& app, const Request& request) {
    return json_response(to_json(app.queue.status(request.parameter("key"))));
}

Response patch_projection(App& app, const Request& request) {
    const JsonObject body = object_of(request);
    string_member(body, "action");
    const auto wanted = options_from_json<Wanted>(body);
    return json_response(to_json(app.queue.act(request.parameter("key"), wanted.action)));
}

Response delete_projection(App& app, const Request& request) {
    return json_response(to_json(app.queue.cancel(request.parameter("key"))));
}

Response get_projection_layout(App& app, const Request& request) {
    ShownLayout layout = app.queue.layout(request.parameter("key"));
    return derived_response(
        request, quoted_etag(layout.tag), "application/octet-stream", std::move(layout.bytes));
}

Response get_projection_frames(App& app, const Request& request) {
    app.queue.status(request.parameter("key"));
    Response response =
        error_response(426, "invalid_argument", "this address speaks WebSocket: ask to upgrade");
    response.set("Upgrade", "websocket");
    return response;
}

std::unique_ptr<MessageSource> open_projection_frames(App& app,
                                                      const Request& request,
                                                      std::function<void()> wake) {
    JsonObject query;
    if (const auto encoding = request.query_member("encoding")) query["encoding"] = *encoding;
    const auto wanted = options_from_json<FramesQuery>(query);
    return std::make_unique<WatchedFrames>(
        app, request.parameter("key"), wanted.encoding, std::move(wake));
}

}  // namespace oort
