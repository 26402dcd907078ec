// SPDX-License-Identifier: Apache-2.0

#include <fmt/format.h>

#include <array>
#include <limits>

#include "base/error.h"
#include "base/options.h"
#include "base/time.h"
#include "cli/engine.h"
#include "cli/output_file.h"
#include "cli/points_input.h"
#include "cli/stop_signals.h"
#include "format/npy.h"
#include "numeric/as_given.h"
#include "numeric/instruction_set.h"

namespace oort {

namespace {

NeighborsOptions options_of(const NeighborsCommandOptions& options) {
    JsonObject settings = settings_to_json(
        options.engine.settings, options_schema<NeighborsOptions>(), "the neighbours");
    settings["n_neighbors"] = options.n_neighbors;
    settings["metric"] = options.metric;
    if (options.engine.seed) settings["seed"] = *options.engine.seed;
    return options_from_json<NeighborsOptions>(settings);
}

void write_graph(const Neighbors& graph, OutputFile& out) {
    const std::array<std::size_t, 2> shape{graph.n_rows, graph.n_neighbors};
    // As int32, the index of no row is -1.
    const std::array<NpzArray, 2> arrays{NpzArray{"indices",
                                                  npy_header(NumberType::int32, shape),
                                                  std::as_bytes(std::span(graph.indices))},
                                         NpzArray{"distances",
                                                  npy_header(NumberType::float32, shape),
                                                  std::as_bytes(std::span(graph.distances))}};
    write_npz(out.file(), arrays);
    out.commit();
}

}  // namespace

int neighbors(const NeighborsCommandOptions& options) {
    if (!options.engine.cpu.empty()) limit_instruction_set(options.engine.cpu);
    const NeighborsOptions wanted = options_of(options);
    const StopSignals signals;
    ThreadPool pool(options.engine.n_threads);
    const PointsInput input(options.engine.input, options.engine.columns);
    const PointsView points = input.view();
    if (points.n_rows > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) {
        throw Error(ErrorCode::too_large,
                    fmt::format("{} rows are too many for int32 indices", points.n_rows));
    }
    OutputFile out(options.out);
    std::optional<OutputFile> report;
    if (!options.report.empty()) report.emplace(options.report);

    const Stopwatch watch;
    const Neighbors found = neighbors_as_given(points, wanted, pool, signals.token());
    const double seconds = watch.seconds();
    write_graph(found, out);

    JsonArray notes(input.notes().begin(), input.notes().end());
    notes.insert(notes.end(), found.notes.begin(), found.notes.end());
    if (report) {
        const JsonObject said{{"options", options_to_json(wanted)},
                              {"n_rows", points.n_rows},
                              {"n_columns", points.n_columns},
                              {"type", input.type_name()},
                              {"n_neighbors", found.n_neighbors},
                              {"is_exact", found.is_exact},
                              {"recall", found.recall},
                              {"recall_sample", found.recall_sample},
                              {"seconds_total", seconds},
                              {"n_threads", pool.n_threads()},
                              {"instruction_set", instruction_set()},
                              {"notes", notes}};
        report->file().write(to_text(said) + "\n");
        report->commit();
    }
    for (const Json& note : notes) {
        fmt::print(stderr, "{}\n", std::string_view(note.as_string()));
    }
    const std::string how =
        found.is_exact ? "exact"
                       : fmt::format("recall {:.4f} on {} rows", found.recall, found.recall_sample);
    fmt::print(stderr,
               "{} neighbours of {} x {} in {:.2f} s, {}: {}\n",
               found.n_neighbors,
               points.n_rows,
               points.n_columns,
               seconds,
               how,
               options.out);
    return 0;
}

}  // namespace oort
