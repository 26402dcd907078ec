// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>

#include "base/error.h"
#include "base/options.h"
#include "cli/engine.h"
#include "cli/output_file.h"
#include "cli/points_input.h"
#include "cli/stop_signals.h"
#include "format/npy.h"
#include "numeric/as_given.h"
#include "numeric/instruction_set.h"

namespace oort {

namespace {

QualityOptions options_of(const QualityCommandOptions& options) {
    JsonObject settings =
        settings_to_json(options.engine.settings, options_schema<QualityOptions>(), "the quality");
    if (options.engine.seed) settings["seed"] = *options.engine.seed;
    return options_from_json<QualityOptions>(settings);
}

Matrix as_floats(PointsView points) {
    Matrix values(points.n_rows, points.n_columns);
    points.read(0, points.n_rows, values.row(0));
    return values;
}

JsonObject to_json(const Quality& found, std::size_t n_rows) {
    return {{"n_rows", n_rows},
            {"n_rows_measured", found.rows.size()},
            {"is_sampled", found.is_sampled},
            {"n_neighbors", found.n_neighbors},
            {"trustworthiness", found.trustworthiness},
            {"continuity", found.continuity},
            {"overlap", found.overlap},
            {"label_hit", or_null(found.label_hit)}};
}

void write_by_row(const Quality& found, OutputFile& out) {
    const std::array<std::size_t, 1> shape{found.rows.size()};
    std::vector<NpzArray> arrays{
        {"rows", npy_header(NumberType::uint32, shape), std::as_bytes(std::span(found.rows))}};
    const auto add = [&](std::string key, const std::vector<float>& values) {
        if (values.empty()) return;
        arrays.push_back({std::move(key),
                          npy_header(NumberType::float32, shape),
                          std::as_bytes(std::span(values))});
    };
    add("trustworthiness", found.trustworthiness_by_row);
    add("continuity", found.continuity_by_row);
    add("overlap", found.overlap_by_row);
    add("label_hit", found.label_hit_by_row);
    write_npz(out.file(), arrays);
    out.commit();
}

}  // namespace

int quality_of_layout(const QualityCommandOptions& options) {
    if (!options.engine.cpu.empty()) limit_instruction_set(options.engine.cpu);
    const QualityOptions wanted = options_of(options);
    const StopSignals signals;
    ThreadPool pool(options.engine.n_threads);
    const PointsInput input(options.engine.input, options.engine.columns);
    const PointsInput layout(options.layout);
    const PointsView points = input.view();
    std::vector<std::uint32_t> labels;
    if (!options.labels.empty()) labels = read_labels(options.labels, points.n_rows);
    std::optional<OutputFile> out;
    if (!options.out.empty()) out.emplace(options.out);

    const Matrix places = as_floats(layout.view());
    const Quality found =
        quality_as_given(points, places.view(), labels, wanted, pool, signals.token());
    if (out) write_by_row(found, *out);
    fmt::print("{}\n", to_text(to_json(found, points.n_rows)));
    return 0;
}

}  // namespace oort
