// SPDX-License-Identifier: Apache-2.0
// The engine behind the installed header: conversions and nothing else.
#define OORT_OWN_CODE
#include <fmt/format.h>

#include <utility>

#include "base/error.h"
#include "numeric/as_given.h"
#include "numeric/instruction_set.h"
#include "numeric/projection.h"
#include "oort/projection.h"

namespace oort::engine {

namespace {

PointsView view_of(const Points& points) {
    return {
        points.data, points.n_rows, points.n_columns, static_cast<oort::ElementType>(points.type)};
}

template <class T>
Points points_of(std::span<const T> values, std::size_t n_columns, ElementType type) {
    if (n_columns == 0 || values.size() % n_columns != 0) {
        throw Error(
            ErrorCode::invalid_argument,
            fmt::format(
                "{} values are no whole number of rows of {} columns", values.size(), n_columns));
    }
    return {values.data(), values.size() / n_columns, n_columns, type};
}

ProjectionRequest request_of(const ProjectionOptions& options) {
    const TsneOptions& tsne = options.tsne;
    const UmapOptions& umap = options.umap;
    return {.method = static_cast<oort::Method>(options.method),
            .n_components = options.n_components,
            .tsne = {.perplexity = tsne.perplexity,
                     .affinities = static_cast<oort::TsneAffinities>(tsne.affinities),
                     .early_exaggeration = tsne.early_exaggeration,
                     .early_iterations = tsne.early_iterations,
                     .n_iterations = tsne.n_iterations,
                     .learning_rate = tsne.learning_rate,
                     .label_weight = tsne.label_weight,
                     .seed = tsne.seed},
            .umap = {.n_neighbors = umap.n_neighbors,
                     .min_dist = umap.min_dist,
                     .spread = umap.spread,
                     .metric = static_cast<oort::Metric>(umap.metric),
                     .n_epochs = umap.n_epochs,
                     .label_weight = umap.label_weight,
                     .seed = umap.seed}};
}

}  // namespace

Points Points::of(std::span<const float> values, std::size_t n_columns) {
    return points_of(values, n_columns, ElementType::float32);
}

Points Points::of(std::span<const std::uint8_t> values, std::size_t n_columns) {
    return points_of(values, n_columns, ElementType::uint8);
}

struct Projection::State {
    State(const Points& points, const ProjectionOptions& options)
        : pool(options.n_threads),
          projection(view_of(points), request_of(options), pool, options.rows, options.labels) {}

    ThreadPool pool;
    oort::Projection projection;
};

Projection::Projection(const Points& points, const ProjectionOptions& options)
    : state_(std::make_unique<State>(points, options)) {}

Projection::~Projection() = default;
Projection::Projection(Projection&&) noexcept = default;
Projection& Projection::operator=(Projection&&) noexcept = default;

void Projection::step(int iterations, std::stop_token stop) {
    state_->projection.step(iterations, std::move(stop));
}

bool Projection::is_done() const {
    return state_->projection.is_done();
}

Stage Projection::stage() const {
    return static_cast<Stage>(state_->projection.stage());
}

int Projection::iteration() const {
    return state_->projection.iteration();
}

int Projection::n_iterations() const {
    return state_->projection.n_iterations();
}

bool Projection::has_layout() const {
    return state_->projection.has_layout();
}

std::span<const float> Projection::layout() const {
    if (!has_layout()) return {};
    const MatrixView layout = state_->projection.layout();
    return {layout.data, layout.n_rows * layout.n_columns};
}

ProjectionReport Projection::report() const {
    oort::ProjectionReport from = state_->projection.report();
    ProjectionReport report{.n_iterations = from.n_iterations,
                            .kl_divergence = from.kl_divergence,
                            .recall = from.recall,
                            .recall_sample = from.recall_sample,
                            .explained_variance_ratio = std::move(from.explained_variance_ratio),
                            .n_rows = from.n_rows,
                            .n_rows_used = from.n_rows_used,
                            .peak_memory_bytes = from.peak_memory_bytes,
                            .n_threads = from.n_threads,
                            .instruction_set = std::move(from.instruction_set),
                            .notes = std::move(from.notes)};
    for (const auto& [stage, seconds] : from.seconds) {
        report.seconds.emplace_back(static_cast<Stage>(stage), seconds);
    }
    return report;
}

std::vector<std::byte> Projection::checkpoint() const {
    return state_->projection.checkpoint();
}

void Projection::restore(std::vector<std::byte> checkpoint) {
    state_->projection.restore(std::move(checkpoint));
}

Array Projection::place(const Points& new_points, std::stop_token stop) const {
    const Matrix places = state_->projection.place(view_of(new_points), std::move(stop));
    const MatrixView view = places.view();
    return {.n_rows = view.n_rows,
            .n_columns = view.n_columns,
            .values = {view.data, view.data + view.n_rows * view.n_columns}};
}

ProjectionEstimate estimate(std::size_t n_rows,
                            std::size_t n_columns,
                            const ProjectionOptions& options) {
    const ThreadPool pool(options.n_threads);
    oort::ProjectionEstimate from =
        oort::estimate(n_rows, n_columns, request_of(options), pool.n_threads());
    return {
        .seconds = from.seconds, .memory_bytes = from.memory_bytes, .notes = std::move(from.notes)};
}

Neighbors neighbors(const Points& points, const NeighborsOptions& options, std::stop_token stop) {
    ThreadPool pool(options.n_threads);
    oort::Neighbors from = neighbors_as_given(view_of(points),
                                              {.n_neighbors = options.n_neighbors,
                                               .metric = static_cast<oort::Metric>(options.metric),
                                               .recall = options.recall,
                                               .seed = options.seed},
                                              pool,
                                              std::move(stop));
    return {.n_rows = from.n_rows,
            .n_neighbors = from.n_neighbors,
            .indices = std::move(from.indices),
            .distances = std::move(from.distances),
            .is_exact = from.is_exact,
            .recall = from.recall,
            .recall_sample = from.recall_sample,
            .notes = std::move(from.notes)};
}

Quality quality(const Points& points,
                const Points& layout,
                std::span<const std::uint32_t> labels,
                const QualityOptions& options,
                std::stop_token stop) {
    ThreadPool pool(options.n_threads);
    Matrix places(layout.n_rows, layout.n_columns);
    if (layout.n_rows > 0) view_of(layout).read(0, layout.n_rows, places.row(0));
    oort::Quality from = quality_as_given(view_of(points),
                                          places.view(),
                                          labels,
                                          {.n_neighbors = options.n_neighbors,
                                           .n_sample = options.n_sample,
                                           .metric = static_cast<oort::Metric>(options.metric),
                                           .seed = options.seed},
                                          pool,
                                          std::move(stop));
    return {.rows = std::move(from.rows),
            .is_sampled = from.is_sampled,
            .n_neighbors = from.n_neighbors,
            .trustworthiness = from.trustworthiness,
            .continuity = from.continuity,
            .overlap = from.overlap,
            .label_hit = from.label_hit,
            .trustworthiness_by_row = std::move(from.trustworthiness_by_row),
            .continuity_by_row = std::move(from.continuity_by_row),
            .overlap_by_row = std::move(from.overlap_by_row),
            .label_hit_by_row = std::move(from.label_hit_by_row)};
}

std::string instruction_set() {
    return oort::instruction_set();
}

void limit_instruction_set(const std::string& name) {
    oort::limit_instruction_set(name);
}

}  // namespace oort::engine
