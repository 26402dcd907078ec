// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>

#include "base/error.h"
#include "base/time.h"
#include "cli/engine.h"
#include "cli/output_file.h"
#include "cli/points_input.h"
#include "cli/progress_bar.h"
#include "cli/stop_signals.h"
#include "format/npy.h"
#include "numeric/instruction_set.h"
#include "numeric/projection.h"

namespace oort {

namespace {

ProjectionRequest request_of(const ProjectOptions& options) {
    // Asked for without options first: the method's name is checked, and then known.
    JsonObject asked{{"method", options.method}, {"n_components", options.n_components}};
    const Method method = projection_request_from_json(asked).method;
    JsonObject settings =
        settings_to_json(options.engine.settings, options_schema_of(method), title_of(method));
    if (options.engine.seed && method != Method::pca) settings["seed"] = *options.engine.seed;
    asked["options"] = std::move(settings);
    return projection_request_from_json(asked);
}

void write_layout(MatrixView layout, OutputFile& out) {
    const std::array<std::size_t, 2> shape{layout.n_rows, layout.n_columns};
    out.file().write(npy_header(NumberType::float32, shape));
    out.file().write(std::as_bytes(std::span(layout.data, layout.n_rows * layout.n_columns)));
    out.commit();
}

JsonObject report_of(const Projection& projection,
                     const ProjectionRequest& request,
                     const PointsInput& input,
                     const ProjectionEstimate& cost,
                     double seconds) {
    JsonObject report{{"request", to_json(request)},
                      {"code_version", code_version(request.method)},
                      {"n_columns", input.view().n_columns},
                      {"type", input.type_name()},
                      {"estimate", to_json(cost)},
                      {"seconds_total", seconds}};
    for (auto& member : to_json(projection.report())) {
        report[member.key()] = std::move(member.value());
    }
    JsonArray& notes = report["notes"].as_array();
    notes.insert(notes.begin(), input.notes().begin(), input.notes().end());
    return report;
}

}  // namespace

int project(const ProjectOptions& options) {
    if (!options.engine.cpu.empty()) limit_instruction_set(options.engine.cpu);
    const ProjectionRequest request = request_of(options);
    const StopSignals signals;
    ThreadPool pool(options.engine.n_threads);
    PointsInput input(options.engine.input, options.engine.columns);
    const PointsView points = input.view();
    const ProjectionEstimate cost =
        estimate(points.n_rows, points.n_columns, request, pool.n_threads());
    if (options.out.empty()) {
        fmt::print("{}\n", to_text(to_json(cost)));
        return 0;
    }
    std::vector<std::uint32_t> labels;
    if (!options.labels.empty()) labels = read_labels(options.labels, points.n_rows);
    OutputFile out(options.out);
    std::optional<OutputFile> report;
    if (!options.report.empty()) report.emplace(options.report);

    const Stopwatch watch;
    Projection projection(points, request, pool, {}, labels);
    {
        ProgressBar bar(cost);
        while (!projection.is_done()) {
            projection.step(10, signals.token());
            bar.show(projection);
            if (!projection.needs_points()) input.release();
        }
    }
    const double seconds = watch.seconds();
    const JsonObject said = report_of(projection, request, input, cost, seconds);
    write_layout(projection.layout(), out);
    if (report) {
        report->file().write(to_text(said) + "\n");
        report->commit();
    }
    for (const Json& note : said.at("notes").as_array()) {
        fmt::print(stderr, "{}\n", std::string_view(note.as_string()));
    }
    fmt::print(stderr,
               "{} of {} x {} in {:.2f} s: {}\n",
               title_of(request.method),
               points.n_rows,
               points.n_columns,
               seconds,
               options.out);
    return 0;
}

}  // namespace oort
