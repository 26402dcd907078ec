// SPDX-License-Identifier: Apache-2.0
#include "numeric/projection.h"

#include <fmt/format.h>
#include <malloc.h>
#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/error.h"
#include "base/time.h"
#include "numeric/instruction_set.h"
#include "numeric/projection_impl.h"
#include "numeric/projection_start.h"

namespace oort {

namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN();

// A checkpoint is this, the digest of whose it is, and the method's own bytes.
constexpr std::string_view checkpoint_mark = "oortprj1";

std::uint64_t peak_memory_bytes() {
    // getrusage() would count what the parent held before exec().
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        constexpr std::string_view name = "VmHWM:";
        if (line.starts_with(name)) return std::stoull(line.substr(name.size())) * 1024;
    }
    rusage usage{};
    if (::getrusage(RUSAGE_SELF, &usage) != 0) return 0;
    return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

// Hands freed memory back: the next stage's large arrays then do not come on top of it.
void give_back_memory() {
#ifdef __GLIBC__
    ::malloc_trim(0);
#endif
}

// Whether floats times `unit` neither overflow nor lose digits.
bool fits_unit(MatrixView values, double unit) {
    double largest = 0;
    for (std::size_t i = 0; i < values.n_rows * values.n_columns; ++i) {
        largest = std::max(largest, std::abs(static_cast<double>(values.data[i])));
    }
    const double scaled = largest * unit;
    return largest == 0 || (scaled <= double{std::numeric_limits<float>::max()} &&
                            scaled >= double{std::numeric_limits<float>::min()});
}

std::string dimensions(std::size_t n) {
    return n == 1 ? "1 dimension" : fmt::format("{} dimensions", n);
}

}  // namespace

JsonObject to_json(const ProjectionReport& report) {
    JsonObject seconds;
    for (const auto& [stage, value] : report.seconds) {
        seconds[names_of(stage)[static_cast<std::size_t>(stage)]] = value;
    }
    return {
        {"seconds", std::move(seconds)},
        {"n_iterations", report.n_iterations},
        {"kl_divergence", or_null(report.kl_divergence)},
        {"recall", or_null(report.recall)},
        {"recall_sample", report.recall_sample},
        {"explained_variance_ratio",
         JsonArray(report.explained_variance_ratio.begin(), report.explained_variance_ratio.end())},
        {"n_rows", report.n_rows},
        {"n_rows_used", report.n_rows_used},
        {"peak_memory_bytes", report.peak_memory_bytes},
        {"n_threads", report.n_threads},
        {"instruction_set", report.instruction_set},
        {"notes", JsonArray(report.notes.begin(), report.notes.end())}};
}

std::size_t dims_wanted(const ProjectionRequest& request,
                        std::size_t n_rows,
                        std::size_t n_columns) noexcept {
    const auto n_components = static_cast<std::size_t>(request.n_components);
    switch (request.method) {
        case Method::pca: return n_components;
        case Method::tsne: return n_columns > tsne_dims ? tsne_dims : n_components;
        case Method::umap:
            if (request.umap.metric != Metric::euclidean) return n_components;
            return std::max(n_components, search_dimensions(n_rows, n_columns));
    }
    return n_components;
}

NeighborsOptions neighbors_options(const ProjectionRequest& request) noexcept {
    NeighborsOptions options;
    options.seed = request.seed();
    if (request.method == Method::umap) {
        options.n_neighbors = request.umap.n_neighbors - 1;
        options.metric = request.umap.metric;
    } else {
        const double perplexity = request.tsne.perplexity;
        const double per_point = request.tsne.affinities == TsneAffinities::uniform ? 1 : 3;
        options.n_neighbors = static_cast<int>(std::ceil(per_point * perplexity));
    }
    return options;
}

Projection::Impl::Impl(PointsView given_points,
                       const ProjectionRequest& given_request,
                       ThreadPool& given_pool,
                       std::span<const std::uint32_t> given_rows,
                       std::span<const std::uint32_t> given_labels)
    : points(given_points),
      request(given_request),
      pool(given_pool),
      rows(given_rows.begin(), given_rows.end()),
      labels(given_labels.begin(), given_labels.end()),
      n_rows(given_rows.empty() ? given_points.n_rows : given_rows.size()) {
    check_request(request);
    if (points.n_rows == 0 || points.n_columns == 0) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("points are {} x {}: at least one row and one column are needed",
                                points.n_rows,
                                points.n_columns));
    }
    if (!labels.empty() && labels.size() != points.n_rows) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("labels has {} items but points has {} rows: one label per row",
                                labels.size(),
                                points.n_rows));
    }
    report.n_rows = n_rows;
    report.n_threads = pool.n_threads();
    report.instruction_set = instruction_set();
}

Digest Projection::Impl::checkpoint_owner() const {
    return sha256(fmt::format("{} {} {} {}",
                              to_text(to_json(request)),
                              code_version(request.method),
                              n_rows,
                              points.n_columns));
}

void Projection::Impl::take_notes(const std::vector<std::string>& notes) {
    report.notes.insert(report.notes.end(), notes.begin(), notes.end());
}

bool Projection::Impl::ends_with_coordinates() const noexcept {
    return request.method == Method::pca || searches_reduced();
}

bool Projection::Impl::searches_reduced() const noexcept {
    return request.method == Method::tsne && points.n_columns > tsne_dims;
}

MatrixView Projection::Impl::search_coordinates() const noexcept {
    const MatrixView coordinates = reduced.coordinates.view();
    const std::size_t wanted = search_dimensions(coordinates.n_rows, points.n_columns);
    return wanted > 0 && coordinates.n_columns >= wanted ? coordinates : MatrixView();
}

void Projection::Impl::show(MatrixView clean_layout) {
    if (clean.n_left_out() == 0) {
        layout = clean_layout;
        return;
    }
    const std::size_t width = static_cast<std::size_t>(request.n_components);
    shown.assign(n_rows * width, nan);
    // Clean rows and rows asked for both rise, so one walk finds the place of each.
    std::size_t place = 0;
    for (std::size_t i = 0; i < clean_layout.n_rows; ++i) {
        const std::uint32_t row = clean.rows()[i];
        if (rows.empty()) {
            place = row;
        } else {
            while (rows[place] != row) ++place;
        }
        std::copy_n(clean_layout.row(i), width, shown.data() + place * width);
    }
    layout = {shown.data(), n_rows, width};
}

void Projection::Impl::run_clean(const std::stop_token& stop) {
    clean = clean_points(points, rows, pool, stop);
    report.n_rows_used = clean.view().n_rows;
    take_notes(clean.notes());
    if (!labels.empty() && report.n_rows_used < points.n_rows) {
        for (std::size_t i = 0; i < report.n_rows_used; ++i) labels[i] = labels[clean.rows()[i]];
        labels.resize(report.n_rows_used);
    }
    if (report.n_rows_used == 0) {
        report.notes.emplace_back("no row is left to lay out");
        show({nullptr, 0, static_cast<std::size_t>(request.n_components)});
        stage = Stage::done;
        return;
    }
    stage = Stage::reduce;
}

void Projection::Impl::run_reduce(const std::stop_token& stop) {
    const auto n_components = static_cast<std::size_t>(request.n_components);
    reduced = reduce(
        clean.view(), dims_wanted(request, clean.view().n_rows, points.n_columns), pool, stop);
    const bool is_pca = request.method == Method::pca;
    start = is_pca ? principal_start(reduced, n_components)
                   : spread_start(reduced, n_components, request.seed());
    if (is_pca) {
        const std::size_t k = std::min(n_components, reduced.explained_variance.size());
        for (std::size_t i = 0; i < k; ++i) {
            const double total = reduced.total_variance;
            report.explained_variance_ratio.push_back(
                total > 0 ? reduced.explained_variance[i] / total : 0);
        }
        if (k < n_components) {
            report.notes.push_back(fmt::format(
                "the points have {} to show: the other coordinates are 0", dimensions(k)));
        }
        layout_unit = 1 / clean.scale();
        if (fits_unit(start.view(), layout_unit)) {
            for (std::size_t i = 0; i < start.n_rows() * n_components; ++i) {
                float& value = start.row(0)[i];
                value = static_cast<float>(static_cast<double>(value) * layout_unit);
            }
        } else {
            layout_unit = 1;
        }
    }
    show(start.view());
    if (ends_with_coordinates()) clean.drop_points();
    stage = is_pca ? Stage::done : Stage::neighbors;
}

void Projection::Impl::run_neighbors(const std::stop_token& stop) {
    NeighborsOptions options = neighbors_options(request);
    // Said by the method in its own terms, so not by the search.
    const std::size_t most = std::max<std::size_t>(report.n_rows_used, 2) - 1;
    options.n_neighbors =
        static_cast<int>(std::min(static_cast<std::size_t>(options.n_neighbors), most));
    neighbors = searches_reduced()
                    ? find_neighbors(reduced.coordinates.view(), options, pool, stop)
                    : find_neighbors(clean.view(), search_coordinates(), options, pool, stop);
    if (!searches_reduced()) reduced.coordinates = Matrix();
    report.recall = neighbors->recall;
    report.recall_sample = neighbors->recall_sample;
    if (report.n_rows_used > 1) take_notes(neighbors->notes);
    stage = Stage::affinities;
}

void Projection::Impl::run_affinities(const std::stop_token& stop) {
    if (request.method == Method::tsne) {
        optimiser.emplace(
            Optimiser::of_tsne(*neighbors, start.view(), request.tsne, pool, labels, stop));
    } else {
        optimiser.emplace(Optimiser::of_umap(
            *neighbors, start.view(), request.n_components, request.umap, pool, labels, stop));
    }
    neighbors.reset();
    labels = {};
    take_notes(optimiser->notes());
    if (!to_restore.empty()) optimiser->restore(std::exchange(to_restore, {}));
    stage = Stage::optimise;
    after_iterations();
    start = Matrix();
}

void Projection::Impl::run_optimise(int iterations, const std::stop_token& stop) {
    optimiser->step(iterations, stop);
    after_iterations();
}

void Projection::Impl::after_iterations() {
    report.n_iterations = optimiser->iteration();
    show(optimiser->layout());
    if (!optimiser->is_done()) return;
    report.kl_divergence = optimiser->kl_divergence();
    stage = Stage::done;
}

Projection::Projection(PointsView points,
                       const ProjectionRequest& request,
                       ThreadPool& pool,
                       std::span<const std::uint32_t> rows,
                       std::span<const std::uint32_t> labels)
    : impl_(std::make_unique<Impl>(points, request, pool, rows, labels)) {}

Projection::~Projection() = default;
Projection::Projection(Projection&&) noexcept = default;

void Projection::step(int iterations, std::stop_token stop) {
    Impl& impl = *impl_;
    if (iterations < 1) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("iterations {} is out of range: at least 1", iterations));
    }
    if (impl.stage == Stage::done) return;
    throw_if_stopped(stop);
    const auto stage = static_cast<std::size_t>(impl.stage);
    const Stopwatch watch;
    switch (impl.stage) {
        case Stage::clean: impl.run_clean(stop); break;
        case Stage::reduce: impl.run_reduce(stop); break;
        case Stage::neighbors: impl.run_neighbors(stop); break;
        case Stage::affinities: impl.run_affinities(stop); break;
        case Stage::optimise: impl.run_optimise(iterations, stop); break;
        case Stage::done: break;
    }
    if (static_cast<std::size_t>(impl.stage) != stage) give_back_memory();
    impl.seconds[stage] += watch.seconds();
    impl.was_run[stage] = true;
}

bool Projection::is_done() const noexcept {
    return impl_->stage == Stage::done;
}

Stage Projection::stage() const noexcept {
    return impl_->stage;
}

int Projection::iteration() const noexcept {
    return impl_->report.n_iterations;
}

int Projection::n_iterations() const noexcept {
    return impl_->optimiser ? impl_->optimiser->n_iterations() : 0;
}

bool Projection::has_layout() const noexcept {
    return impl_->layout.n_rows > 0;
}

MatrixView Projection::layout() const {
    CHECK(has_layout());
    return impl_->layout;
}

bool Projection::needs_points() const noexcept {
    return impl_->stage <= (impl_->ends_with_coordinates() ? Stage::reduce : Stage::neighbors);
}

ProjectionReport Projection::report() const {
    ProjectionReport report = impl_->report;
    for (std::size_t i = 0; i < impl_->seconds.size(); ++i) {
        if (impl_->was_run[i]) {
            report.seconds.emplace_back(static_cast<Stage>(i), impl_->seconds[i]);
        }
    }
    report.peak_memory_bytes = peak_memory_bytes();
    return report;
}

std::vector<std::byte> Projection::checkpoint() const {
    const Impl& impl = *impl_;
    if (!impl.optimiser) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("there is no checkpoint of {} before it optimises",
                                title_of(impl.request.method)));
    }
    std::vector<std::byte> bytes(checkpoint_mark.size() + sizeof(Digest));
    const Digest owner = impl.checkpoint_owner();
    std::memcpy(bytes.data(), checkpoint_mark.data(), checkpoint_mark.size());
    std::memcpy(bytes.data() + checkpoint_mark.size(), owner.data(), owner.size());
    const std::vector<std::byte> inner = impl.optimiser->checkpoint();
    bytes.insert(bytes.end(), inner.begin(), inner.end());
    return bytes;
}

void Projection::restore(std::vector<std::byte> checkpoint) {
    Impl& impl = *impl_;
    const Digest owner = impl.checkpoint_owner();
    const std::size_t head = checkpoint_mark.size() + owner.size();
    const bool is_ours =
        checkpoint.size() >= head &&
        std::memcmp(checkpoint.data(), checkpoint_mark.data(), checkpoint_mark.size()) == 0 &&
        std::memcmp(checkpoint.data() + checkpoint_mark.size(), owner.data(), owner.size()) == 0;
    if (!is_ours || impl.request.method == Method::pca) {
        throw Error(ErrorCode::corrupt, "these bytes are no checkpoint of this projection");
    }
    checkpoint.erase(checkpoint.begin(), checkpoint.begin() + static_cast<std::ptrdiff_t>(head));
    if (!impl.optimiser) {
        impl.to_restore = std::move(checkpoint);
        return;
    }
    impl.optimiser->restore(checkpoint);
    impl.stage = Stage::optimise;
    impl.after_iterations();
}

}  // namespace oort
