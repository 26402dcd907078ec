// SPDX-License-Identifier: Apache-2.0
// What is kept about experiments, as the rows that answer questions. Every function takes a
// connection, so that a caller may ask several questions about one state (Database::read) or change
// it (Database::write).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/sha256.h"
#include "base/time.h"
#include "store/sqlite.h"

namespace oort {

struct ProjectRow {
    std::string name;
    std::int64_t n_experiments = 0;
    Milliseconds updated_at = 0;
};

struct WorkspaceRow {
    std::string name;
    std::vector<ProjectRow> projects;
};

struct ExperimentRow {
    std::int64_t row_id = 0;
    std::string key;
    std::string workspace;
    std::string project;
    std::optional<std::string> name;
    std::string state;  ///< "running" or "finished"
    Milliseconds created_at = 0;
    Milliseconds updated_at = 0;
    std::optional<Milliseconds> ended_at;
    std::optional<std::int64_t> step;   ///< the highest logged
    std::optional<std::int64_t> epoch;  ///< the highest logged
    std::vector<std::string> tags;
    std::int64_t n_assets = 0;
    std::int64_t n_templates = 0;
};

struct AssetRow {
    std::string id;
    std::string name;
    std::string type;
    std::int64_t size = 0;
    Digest sha256{};
    std::string content_type;
    std::optional<std::int64_t> step;
    std::optional<std::int64_t> epoch;
    std::optional<std::string> context;
    std::optional<std::string> group;
    std::optional<std::string> metadata;  ///< JSON text
    Milliseconds created_at = 0;
    Milliseconds updated_at = 0;
};

struct MetricRow {
    std::int64_t row_id = 0;
    std::string name;
    std::string context;  ///< empty for none
    std::int64_t n_points = 0;
    double last = 0;
    double minimum = 0;  ///< of the finite and infinite values; NaN if there is none
    double maximum = 0;
    std::optional<std::int64_t> last_step;
};

struct MetricPoint {
    std::optional<std::int64_t> step;
    std::optional<std::int64_t> epoch;
    Milliseconds logged_at = 0;
    double value = 0;
};

/// A parameter, or one of "other": its value is JSON text.
struct ValueRow {
    std::string name;
    std::string value;
    std::optional<std::int64_t> step;
    Milliseconds logged_at = 0;
};

struct PanelsRow {
    std::string panels = "[]";  ///< JSON text
    std::int64_t revision = 0;
};

struct ExperimentFilter {
    std::optional<std::string> workspace;
    std::optional<std::string> project;
    /// Only those older than this (created_at, row_id): where the page before ended.
    std::optional<std::pair<Milliseconds, std::int64_t>> before;
    std::int64_t limit = 100;
};

std::vector<WorkspaceRow> list_workspaces(Connection& connection);

/// Newest first.
std::vector<ExperimentRow> list_experiments(Connection& connection, const ExperimentFilter& filter);

/// Throws Error(not_found).
ExperimentRow find_experiment(Connection& connection, std::string_view key);

/// In the order in which they were first logged. Throws Error(not_found) for an unknown experiment.
std::vector<AssetRow> list_assets(Connection& connection,
                                  std::string_view experiment_key,
                                  const std::optional<std::string>& type);

std::optional<AssetRow> find_asset(Connection& connection,
                                   std::string_view experiment_key,
                                   std::string_view id);

std::vector<MetricRow> list_metrics(Connection& connection, std::string_view experiment_key);

/// At most max_points of them, every k-th and the last, in the order logged. Throws
/// Error(not_found).
std::vector<MetricPoint> list_points(Connection& connection,
                                     const MetricRow& metric,
                                     std::int64_t max_points);

/// Throws Error(not_found).
MetricRow find_metric(Connection& connection,
                      std::string_view experiment_key,
                      std::string_view name,
                      std::string_view context);

enum class ValueKind { parameter, other };

/// By name.
std::vector<ValueRow> list_values(Connection& connection,
                                  ValueKind kind,
                                  std::string_view experiment_key);

/// Revision 0 and no panels if none were ever kept. Throws Error(not_found) for an unknown
/// experiment.
PanelsRow find_experiment_panels(Connection& connection, std::string_view experiment_key);
PanelsRow find_project_panels(Connection& connection,
                              std::string_view workspace,
                              std::string_view project);

/// Keeps the panels if `panels.revision` is still the current one, and returns the new revision.
/// Throws Error(conflict) if somebody else was faster, Error(not_found).
std::int64_t keep_experiment_panels(Connection& connection,
                                    std::string_view experiment_key,
                                    const PanelsRow& panels);
std::int64_t keep_project_panels(Connection& connection,
                                 std::string_view workspace,
                                 std::string_view project,
                                 const PanelsRow& panels);

}  // namespace oort
