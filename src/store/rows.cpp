// SPDX-License-Identifier: Apache-2.0
#include "store/rows.h"

#include <fmt/format.h>

#include <limits>

#include "base/error.h"

namespace oort {

namespace {

constexpr std::string_view experiment_columns =
    "SELECT e.id, e.key, w.name, p.name, e.name, e.state, e.created_at, e.updated_at, e.ended_at,"
    " e.step, e.epoch,"
    " (SELECT count(*) FROM assets a WHERE a.experiment_id = e.id),"
    " (SELECT count(*) FROM assets a WHERE a.experiment_id = e.id AND a.type = 'embeddings')"
    " FROM experiments e JOIN projects p ON p.id = e.project_id"
    " JOIN workspaces w ON w.id = p.workspace_id ";

constexpr std::string_view asset_columns =
    "SELECT id, name, type, size, sha256, content_type, step, epoch, context, group_name, metadata,"
    " created_at, updated_at FROM assets ";

ExperimentRow experiment_from(Connection& connection, const Statement& row) {
    ExperimentRow experiment{.row_id = row.integer(0),
                             .key = row.text(1),
                             .workspace = row.text(2),
                             .project = row.text(3),
                             .name = row.optional_text(4),
                             .state = row.text(5),
                             .created_at = row.integer(6),
                             .updated_at = row.integer(7),
                             .ended_at = row.optional_integer(8),
                             .step = row.optional_integer(9),
                             .epoch = row.optional_integer(10),
                             .tags = {},
                             .n_assets = row.integer(11),
                             .n_templates = row.integer(12)};
    Statement tags = connection.query("SELECT tag FROM tags WHERE experiment_id = $1 ORDER BY tag",
                                      {experiment.row_id});
    while (tags.step()) experiment.tags.push_back(tags.text(0));
    return experiment;
}

AssetRow asset_from(const Statement& row) {
    const auto digest = row.digest(4);
    if (!digest) throw Error(ErrorCode::corrupt, "an asset's row has no digest");
    return {.id = row.text(0),
            .name = row.text(1),
            .type = row.text(2),
            .size = row.integer(3),
            .sha256 = *digest,
            .content_type = row.text(5),
            .step = row.optional_integer(6),
            .epoch = row.optional_integer(7),
            .context = row.optional_text(8),
            .group = row.optional_text(9),
            .metadata = row.optional_text(10),
            .created_at = row.integer(11),
            .updated_at = row.integer(12)};
}

MetricRow metric_from(const Statement& row) {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    return {.row_id = row.integer(0),
            .name = row.text(1),
            .context = row.text(2),
            .n_points = row.integer(3),
            .last = row.optional_real(4).value_or(nan),
            .minimum = row.optional_real(5).value_or(nan),
            .maximum = row.optional_real(6).value_or(nan),
            .last_step = row.optional_integer(7)};
}

constexpr std::string_view metric_columns =
    "SELECT id, name, context, n_points, last, minimum, maximum, last_step FROM metrics ";

std::int64_t experiment_id(Connection& connection, std::string_view key) {
    Statement statement = connection.query("SELECT id FROM experiments WHERE key = $1", {key});
    if (!statement.step()) throw Error(ErrorCode::not_found, "there is no such experiment");
    return statement.integer(0);
}

std::int64_t project_id(Connection& connection,
                        std::string_view workspace,
                        std::string_view project) {
    Statement statement = connection.query(
        "SELECT p.id FROM projects p JOIN workspaces w ON w.id = p.workspace_id"
        " WHERE w.name = $1 AND p.name = $2",
        {workspace, project});
    if (!statement.step()) throw Error(ErrorCode::not_found, "there is no such project");
    return statement.integer(0);
}

PanelsRow panels_from(Statement statement) {
    if (!statement.step()) return {};
    return {.panels = statement.text(0), .revision = statement.integer(1)};
}

void check_kept(std::int64_t n_changed) {
    if (n_changed == 0) {
        throw Error(ErrorCode::conflict, "the panels were changed elsewhere: read them again");
    }
}

}  // namespace

std::vector<WorkspaceRow> list_workspaces(Connection& connection) {
    std::vector<WorkspaceRow> workspaces;
    Statement rows = connection.query(
        "SELECT w.name, p.name, p.updated_at,"
        " (SELECT count(*) FROM experiments e WHERE e.project_id = p.id)"
        " FROM workspaces w JOIN projects p ON p.workspace_id = w.id ORDER BY w.name, p.name");
    while (rows.step()) {
        std::string name = rows.text(0);
        if (workspaces.empty() || workspaces.back().name != name) {
            workspaces.push_back({.name = std::move(name), .projects = {}});
        }
        workspaces.back().projects.push_back({.name = rows.text(1),
                                              .n_experiments = rows.integer(3),
                                              .updated_at = rows.integer(2)});
    }
    return workspaces;
}

std::vector<ExperimentRow> list_experiments(Connection& connection,
                                            const ExperimentFilter& filter) {
    constexpr auto latest = std::numeric_limits<std::int64_t>::max();
    const auto [before_at, before_id] = filter.before.value_or(std::pair{latest, latest});
    std::vector<ExperimentRow> experiments;
    Statement rows = connection.query(
        fmt::format(
            "{}WHERE ($1 IS NULL OR w.name = $1) AND ($2 IS NULL OR p.name = $2)"
            " AND (e.created_at, e.id) < ($3, $4) ORDER BY e.created_at DESC, e.id DESC LIMIT $5",
            experiment_columns),
        {filter.workspace, filter.project, before_at, before_id, filter.limit});
    while (rows.step()) experiments.push_back(experiment_from(connection, rows));
    return experiments;
}

ExperimentRow find_experiment(Connection& connection, std::string_view key) {
    Statement row = connection.query(fmt::format("{}WHERE e.key = $1", experiment_columns), {key});
    if (!row.step()) throw Error(ErrorCode::not_found, "there is no such experiment");
    return experiment_from(connection, row);
}

std::vector<AssetRow> list_assets(Connection& connection,
                                  std::string_view experiment_key,
                                  const std::optional<std::string>& type) {
    std::vector<AssetRow> assets;
    Statement rows = connection.query(
        fmt::format("{}WHERE experiment_id = $1 AND ($2 IS NULL OR type = $2) ORDER BY row_id",
                    asset_columns),
        {experiment_id(connection, experiment_key), type});
    while (rows.step()) assets.push_back(asset_from(rows));
    return assets;
}

std::optional<AssetRow> find_asset(Connection& connection,
                                   std::string_view experiment_key,
                                   std::string_view id) {
    Statement row = connection.query(
        fmt::format("{}WHERE experiment_id = (SELECT e.id FROM experiments e WHERE e.key = $1)"
                    " AND id = $2",
                    asset_columns),
        {experiment_key, id});
    return row.step() ? std::optional(asset_from(row)) : std::nullopt;
}

std::vector<MetricRow> list_metrics(Connection& connection, std::string_view experiment_key) {
    std::vector<MetricRow> metrics;
    Statement rows = connection.query(
        fmt::format("{}WHERE experiment_id = $1 ORDER BY name, context", metric_columns),
        {experiment_id(connection, experiment_key)});
    while (rows.step()) metrics.push_back(metric_from(rows));
    return metrics;
}

MetricRow find_metric(Connection& connection,
                      std::string_view experiment_key,
                      std::string_view name,
                      std::string_view context) {
    Statement row = connection.query(
        fmt::format("{}WHERE experiment_id = $1 AND name = $2 AND context = $3", metric_columns),
        {experiment_id(connection, experiment_key), name, context});
    if (!row.step()) throw Error(ErrorCode::not_found, "there is no such metric");
    return metric_from(row);
}

std::vector<MetricPoint> list_points(Connection& connection,
                                     const MetricRow& metric,
                                     std::int64_t max_points) {
    // One place is kept for the last point, which a curve must not lose.
    const std::int64_t stride =
        metric.n_points <= max_points ? 1 : (metric.n_points + max_points - 2) / (max_points - 1);
    std::vector<MetricPoint> points;
    Statement rows = connection.query(
        "SELECT step, epoch, logged_at, value FROM metric_points"
        " WHERE metric_id = $1 AND (number % $2 = 0 OR number = $3) ORDER BY number",
        {metric.row_id, stride, metric.n_points - 1});
    while (rows.step()) {
        points.push_back(
            {.step = rows.optional_integer(0),
             .epoch = rows.optional_integer(1),
             .logged_at = rows.integer(2),
             .value = rows.optional_real(3).value_or(std::numeric_limits<double>::quiet_NaN())});
    }
    return points;
}

std::vector<ValueRow> list_values(Connection& connection,
                                  ValueKind kind,
                                  std::string_view experiment_key) {
    const std::string_view sql = kind == ValueKind::parameter
                                     ? "SELECT name, value, step, logged_at FROM parameters WHERE "
                                       "experiment_id = $1 ORDER BY name"
                                     : "SELECT name, value, step, logged_at FROM other WHERE "
                                       "experiment_id = $1 ORDER BY name";
    std::vector<ValueRow> values;
    Statement rows = connection.query(sql, {experiment_id(connection, experiment_key)});
    while (rows.step()) {
        values.push_back({.name = rows.text(0),
                          .value = rows.text(1),
                          .step = rows.optional_integer(2),
                          .logged_at = rows.integer(3)});
    }
    return values;
}

PanelsRow find_experiment_panels(Connection& connection, std::string_view experiment_key) {
    return panels_from(
        connection.query("SELECT panels, revision FROM experiment_panels WHERE experiment_id = $1",
                         {experiment_id(connection, experiment_key)}));
}

PanelsRow find_project_panels(Connection& connection,
                              std::string_view workspace,
                              std::string_view project) {
    return panels_from(
        connection.query("SELECT panels, revision FROM project_panels WHERE project_id = $1",
                         {project_id(connection, workspace, project)}));
}

std::int64_t keep_experiment_panels(Connection& connection,
                                    std::string_view experiment_key,
                                    const PanelsRow& panels) {
    const std::int64_t id = experiment_id(connection, experiment_key);
    connection.run("INSERT INTO experiment_panels VALUES ($1, 0, '[]') ON CONFLICT DO NOTHING",
                   {id});
    check_kept(
        connection.run("UPDATE experiment_panels SET panels = $1, revision = revision + 1"
                       " WHERE experiment_id = $2 AND revision = $3",
                       {panels.panels, id, panels.revision}));
    return panels.revision + 1;
}

std::int64_t keep_project_panels(Connection& connection,
                                 std::string_view workspace,
                                 std::string_view project,
                                 const PanelsRow& panels) {
    const std::int64_t id = project_id(connection, workspace, project);
    connection.run("INSERT INTO project_panels VALUES ($1, 0, '[]') ON CONFLICT DO NOTHING", {id});
    check_kept(
        connection.run("UPDATE project_panels SET panels = $1, revision = revision + 1"
                       " WHERE project_id = $2 AND revision = $3",
                       {panels.panels, id, panels.revision}));
    return panels.revision + 1;
}

}  // namespace oort
