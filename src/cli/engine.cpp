// SPDX-License-Identifier: Apache-2.0
#include "cli/engine.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"

namespace oort {

namespace {

constexpr const char* input_help =
    "points: FILE.npy, FILE.npz:KEY, FILE.tsv or raw float32 FILE.bytes; one row a point";

void add_common(CLI::App& command, EngineOptions& options) {
    command.add_option("input", options.input, input_help)->required();
    command.add_option(
        "--columns", options.columns, "columns of a raw file; else a template beside it says so");
    command
        .add_option("--set", options.settings, "an option of the method, as NAME=VALUE; repeatable")
        ->allow_extra_args(false);
    command.add_option("--seed", options.seed, "of the random numbers; same seed, same bytes");
    command.add_option("--threads", options.n_threads, "how many to compute on; 0: all")
        ->capture_default_str();
    command.add_option("--cpu",
                       options.cpu,
                       "best instruction set to use: avx512, avx2, sse4, ssse3; else $OORT_CPU");
}

/// The text as the number, truth value or null that it is, else as text.
Json value_of(const std::string& text) {
    boost::json::error_code fault;
    const Json value = boost::json::parse(text, fault);
    const bool is_plain = !fault && (value.is_number() || value.is_bool() || value.is_null());
    return is_plain ? value : Json(text);
}

}  // namespace

JsonObject settings_to_json(const std::vector<std::string>& settings,
                            const JsonArray& schema,
                            std::string_view whose) {
    std::vector<std::string> known;
    for (const Json& option : schema) {
        known.emplace_back(std::string_view(option.at("name").as_string()));
    }
    JsonObject values;
    for (const std::string& setting : settings) {
        const std::size_t equals = setting.find('=');
        const std::string name = setting.substr(0, equals);
        if (equals == std::string::npos || name.empty()) {
            throw Error(ErrorCode::invalid_argument,
                        fmt::format("--set {} is not of the form NAME=VALUE", setting));
        }
        if (std::find(known.begin(), known.end(), name) == known.end()) {
            throw Error(
                ErrorCode::invalid_argument,
                known.empty()
                    ? fmt::format("{} is no option of {}: it has none", name, whose)
                    : fmt::format(
                          "{} is no option of {}: it has {}", name, whose, fmt::join(known, ", ")));
        }
        values[name] = value_of(setting.substr(equals + 1));
    }
    return values;
}

void describe_engine(CLI::App& program, EngineCommands& commands) {
    CLI::App* project_command =
        program.add_subcommand("project", "Lay points out in 2 or 3 dimensions");
    ProjectOptions& project_options = commands.project;
    add_common(*project_command, project_options.engine);
    project_command->add_option("--method", project_options.method, "pca, tsne or umap")
        ->capture_default_str();
    project_command->add_option("--dims", project_options.n_components, "of the layout: 2 or 3")
        ->capture_default_str();
    project_command->add_option("--labels",
                                project_options.labels,
                                "labels to supervise by: .npy, .npz:KEY, or one a line of text");
    project_command->add_option(
        "--out",
        project_options.out,
        "file to write the layout to (.npy); without it, what a run would cost is printed");
    project_command->add_option("--report", project_options.report, "file to write a report to");

    CLI::App* neighbors_command =
        program.add_subcommand("neighbors", "Find the nearest neighbours of every point");
    NeighborsCommandOptions& neighbors_options = commands.neighbors;
    add_common(*neighbors_command, neighbors_options.engine);
    neighbors_command
        ->add_option("--k", neighbors_options.n_neighbors, "neighbours of each point, itself aside")
        ->capture_default_str();
    neighbors_command->add_option("--metric", neighbors_options.metric, "euclidean, cosine or dot")
        ->capture_default_str();
    neighbors_command
        ->add_option(
            "--out", neighbors_options.out, "file to write `indices` and `distances` to (.npz)")
        ->required();
    neighbors_command->add_option(
        "--report", neighbors_options.report, "file to write a report to");

    CLI::App* quality_command = program.add_subcommand(
        "quality", "Say how much of the points' neighbourhoods a layout keeps");
    QualityCommandOptions& quality_options = commands.quality;
    add_common(*quality_command, quality_options.engine);
    quality_command
        ->add_option("layout", quality_options.layout, "a row for each point, in the same forms")
        ->required();
    quality_command->add_option("--labels",
                                quality_options.labels,
                                "labels of the rows: .npy, .npz:KEY, or one a line of text");
    quality_command->add_option(
        "--out", quality_options.out, "file to write the figures of each row to (.npz)");
}

std::optional<int> run_engine(const std::string& name, const EngineCommands& commands) {
    if (name == "project") return project(commands.project);
    if (name == "neighbors") return neighbors(commands.neighbors);
    if (name == "quality") return quality_of_layout(commands.quality);
    return std::nullopt;
}

}  // namespace oort
