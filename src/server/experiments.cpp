// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <charconv>

#include "base/id.h"
#include "server/handlers.h"
#include "server/json_rows.h"
#include "store/rows.h"

namespace oort {

namespace {

constexpr std::int64_t max_page = 1000;
constexpr std::int64_t default_page = 100;
constexpr std::int64_t max_points = 10'000;

std::int64_t whole_number(std::string_view name, std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
        throw Error(ErrorCode::invalid_argument, fmt::format("{} must be a whole number", name));
    }
    return value;
}

ExperimentFilter filter_of(const Request& request) {
    ExperimentFilter filter{.workspace = request.query_member("workspace"),
                            .project = request.query_member("project"),
                            .before = std::nullopt,
                            .limit = default_page};
    if (const auto limit = request.query_member("limit")) {
        filter.limit = whole_number("limit", *limit);
        if (filter.limit < 1 || filter.limit > max_page) {
            throw Error(ErrorCode::invalid_argument,
                        fmt::format("limit {} is out of range: 1..{}", filter.limit, max_page));
        }
    }
    if (const auto before = request.query_member("before")) {
        const std::size_t dash = before->find('-');
        if (dash == std::string::npos) {
            throw Error(ErrorCode::invalid_argument, "before must be the \"next\" of a page");
        }
        filter.before = {whole_number("before", std::string_view(*before).substr(0, dash)),
                         whole_number("before", std::string_view(*before).substr(dash + 1))};
    }
    return filter;
}

Response values_response(App& app, const Request& request, ValueKind kind, std::string_view key) {
    const auto values = app.store.database().read([&](Connection& connection) {
        return list_values(connection, kind, request.parameter("key"));
    });
    JsonArray array;
    for (const ValueRow& value : values) array.push_back(to_json(value));
    return json_response(JsonObject{{key, std::move(array)}});
}

}  // namespace

Response get_workspaces(App& app, const Request&) {
    const auto workspaces = app.store.database().read(list_workspaces);
    JsonArray array;
    for (const WorkspaceRow& workspace : workspaces) {
        JsonArray projects;
        for (const ProjectRow& project : workspace.projects) {
            projects.push_back(JsonObject{{"name", project.name},
                                          {"n_experiments", project.n_experiments},
                                          {"updated_at", project.updated_at}});
        }
        array.push_back(JsonObject{{"name", workspace.name}, {"projects", std::move(projects)}});
    }
    return json_response(JsonObject{{"workspaces", std::move(array)}});
}

Response get_experiments(App& app, const Request& request) {
    ExperimentFilter filter = filter_of(request);
    const auto wanted =
        static_cast<std::size_t>(filter.limit++);  // One more tells whether there is a next.
    auto experiments = app.store.database().read(
        [&](Connection& connection) { return list_experiments(connection, filter); });
    JsonObject body;
    if (experiments.size() > wanted) {
        experiments.resize(wanted);
        body["next"] =
            fmt::format("{}-{}", experiments.back().created_at, experiments.back().row_id);
    }
    JsonArray array;
    for (const ExperimentRow& experiment : experiments) array.push_back(to_json(experiment));
    body["experiments"] = std::move(array);
    return json_response(body);
}

Response get_experiment(App& app, const Request& request) {
    return json_response(to_json(app.store.database().read([&](Connection& connection) {
        return find_experiment(connection, request.parameter("key"));
    })));
}

Response get_metrics(App& app, const Request& request) {
    const auto metrics = app.store.database().read(
        [&](Connection& connection) { return list_metrics(connection, request.parameter("key")); });
    JsonArray array;
    for (const MetricRow& metric : metrics) array.push_back(to_json(metric));
    return json_response(JsonObject{{"metrics", std::move(array)}});
}

Response get_metric_points(App& app, const Request& request) {
    const auto name = request.query_member("name");
    if (!name) throw Error(ErrorCode::invalid_argument, "name is missing in the query");
    JsonObject body;
    app.store.database().read([&](Connection& connection) {
        const MetricRow metric = find_metric(connection,
                                             request.parameter("key"),
                                             *name,
                                             request.query_member("context").value_or(""));
        JsonArray points;
        for (const MetricPoint& point : list_points(connection, metric, max_points)) {
            points.push_back(to_json(point));
        }
        body["name"] = metric.name;
        if (metric.n_points > max_points) body["thinned_from"] = metric.n_points;
        body["points"] = std::move(points);
    });
    return json_response(body);
}

Response get_parameters(App& app, const Request& request) {
    return values_response(app, request, ValueKind::parameter, "parameters");
}

Response get_other(App& app, const Request& request) {
    return values_response(app, request, ValueKind::other, "other");
}

}  // namespace oort
