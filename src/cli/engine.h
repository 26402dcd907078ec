// SPDX-License-Identifier: Apache-2.0
// The commands that compute on files of points: `oort project`, `oort neighbors`, `oort quality`.
#pragma once

#include <CLI/CLI.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"

namespace oort {

/// What the three have in common.
struct EngineOptions {
    std::string input;
    std::optional<std::size_t> columns;  ///< of a raw file
    std::vector<std::string> settings;   ///< "name=value"
    std::optional<std::uint64_t> seed;
    int n_threads = 0;  ///< 0: all the machine has
    std::string cpu;    ///< highest instruction set to use; empty: OORT_CPU, or the best
};

struct ProjectOptions {
    EngineOptions engine;
    std::string method = "umap";
    int n_components = 2;
    std::string labels;  ///< empty: none
    std::string out;     ///< empty: only the estimate is printed
    std::string report;  ///< empty: none
};

struct NeighborsCommandOptions {
    EngineOptions engine;
    int n_neighbors = 15;
    std::string metric = "euclidean";
    std::string out;
    std::string report;  ///< empty: none
};

struct QualityCommandOptions {
    EngineOptions engine;
    std::string layout;
    std::string labels;  ///< empty: none
    std::string out;     ///< empty: none; else the figures of each row
};

/// Computes a layout and writes it as float32 n x dims.
int project(const ProjectOptions& options);

/// Writes `indices` (int32, -1 for rows left out) and `distances` (float32, NaN for them).
int neighbors(const NeighborsCommandOptions& options);

/// Prints one JSON object.
int quality_of_layout(const QualityCommandOptions& options);

struct EngineCommands {
    ProjectOptions project;
    NeighborsCommandOptions neighbors;
    QualityCommandOptions quality;
};

void describe_engine(CLI::App& program, EngineCommands& commands);

/// Runs the command of that name if it is one of these.
std::optional<int> run_engine(const std::string& name, const EngineCommands& commands);

/// {"perplexity": 20, "metric": "cosine"} of "perplexity=20", "metric=cosine". Throws
/// Error(invalid_argument) for text without "=" or a name that `schema` (options_schema()) lacks;
/// `whose` is who has them, for the message.
JsonObject settings_to_json(const std::vector<std::string>& settings,
                            const JsonArray& schema,
                            std::string_view whose);

}  // namespace oort
