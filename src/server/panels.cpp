// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "server/handlers.h"
#include "store/rows.h"

namespace oort {

namespace {

constexpr std::size_t max_panels = 200;

Response panels_response(const PanelsRow& row) {
    return json_response(
        JsonObject{{"panels", parse_json(row.panels, "panels")}, {"revision", row.revision}});
}

void check_panel(const Json& json) {
    static constexpr std::array<std::string_view, 4> kinds{
        "embedding-projector", "metric", "images", "notes"};
    if (!json.is_object()) throw Error(ErrorCode::invalid_argument, "a panel must be an object");
    const JsonObject& panel = json.get_object();
    string_member(panel, "id");
    string_member(panel, "title");
    const std::string_view kind = string_member(panel, "kind");
    if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("there is no panel kind \"{}\"", kind));
    }
    const std::int64_t width = integer_member(panel, "width");
    if (width < 1 || width > 3) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("width {} is out of range: 1..3", width));
    }
    const Json* options = panel.if_contains("options");
    if (!options || !options->is_object()) {
        throw Error(ErrorCode::invalid_argument, "\"options\" of a panel must be an object");
    }
}

PanelsRow panels_of(const Request& request) {
    const Json body = parse_json(request.body, "the body");
    if (!body.is_object()) throw Error(ErrorCode::invalid_argument, "the body must be an object");
    const Json* panels = body.get_object().if_contains("panels");
    if (!panels || !panels->is_array()) {
        throw Error(ErrorCode::invalid_argument, "\"panels\" must be an array");
    }
    if (panels->get_array().size() > max_panels) {
        throw Error(ErrorCode::too_large, fmt::format("at most {} panels are kept", max_panels));
    }
    for (const Json& panel : panels->get_array()) check_panel(panel);
    return {.panels = to_text(*panels), .revision = integer_member(body.get_object(), "revision")};
}

}  // namespace

Response get_experiment_panels(App& app, const Request& request) {
    return panels_response(app.store.database().read([&](Connection& connection) {
        return find_experiment_panels(connection, request.parameter("key"));
    }));
}

Response put_experiment_panels(App& app, const Request& request) {
    PanelsRow panels = panels_of(request);
    panels.revision = app.store.database().write([&](Connection& connection) {
        return keep_experiment_panels(connection, request.parameter("key"), panels);
    });
    return panels_response(panels);
}

Response get_project_panels(App& app, const Request& request) {
    return panels_response(app.store.database().read([&](Connection& connection) {
        return find_project_panels(
            connection, request.parameter("workspace"), request.parameter("project"));
    }));
}

Response put_project_panels(App& app, const Request& request) {
    PanelsRow panels = panels_of(request);
    panels.revision = app.store.database().write([&](Connection& connection) {
        return keep_project_panels(
            connection, request.parameter("workspace"), request.parameter("project"), panels);
    });
    return panels_response(panels);
}

}  // namespace oort
