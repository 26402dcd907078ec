// SPDX-License-Identifier: Apache-2.0
// What a projection will cost, from its sizes alone. The counts below are those of the stages'
// innermost loops; the coefficients were fitted to measured runs (docs/algorithms/estimate.md) and
// are scaled by how fast this machine runs two of those loops.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>
#include <vector>

#include "base/time.h"
#include "numeric/projection.h"
#include "numeric/projection_impl.h"
#include "numeric/simd/gram_kernel.h"
#include "numeric/umap_optimiser.h"

namespace oort {

namespace {

// What one thread of the machine of the fit did in a second.
constexpr double reference_flops = 250e9;

// More dimensions than this are not multiplied with each other (docs/algorithms/pca.md).
constexpr double gram_dims = 1500;

/// How many times slower than the machine of the fit one thread of this one computes: measured once
/// in a process, within about 20 ms.
double slowness() {
    static const double measured = [] {
        constexpr std::size_t k = 256;
        const std::vector<float> panel(k * panel_width, 0.5F);
        std::vector<double> sums(panel_width * panel_width);
        constexpr double flops = 2.0 * k * panel_width * panel_width;
        double best = 0;
        const Stopwatch whole;
        while (whole.seconds() < 0.02) {
            const Stopwatch watch;
            for (int i = 0; i < 64; ++i) {
                add_panel_product(panel.data(), panel.data(), k, sums.data());
            }
            best = std::max(best, 64 * flops / watch.seconds());
        }
        return std::clamp(reference_flops / best, 0.1, 100.0);
    }();
    return measured;
}

/// The sizes that decide what a run costs.
struct Sizes {
    double n;
    double d;
    double reduced;   // principal coordinates
    double searched;  // dimensions that distances are taken in
    double k;         // neighbours
    double iterations;
    double n_components;
};

double seconds_of_clean(const Sizes& s) {
    return 3.5e-10 * s.n * s.d + 3e-4;
}

double seconds_of_reduce(const Sizes& s) {
    const double side = std::min(s.n, s.d);
    const double gram = s.n * s.d * (2.2e-9 + 1.8e-12 * std::min(side, gram_dims));
    const double eigen = 6e-10 * side * std::min(side, gram_dims) * (20 + 1.4 * s.reduced);
    const double place = 9e-12 * s.n * s.d * s.reduced;
    return gram + eigen + place + 1.5e-3;
}

double seconds_of_neighbors(const Sizes& s) {
    // Beyond the caches every candidate costs more.
    const double spread = std::pow(std::max(1.0, s.n / 70e3), 0.8);
    return s.n * (1.4e-6 * spread + 3.4e-8 * s.k + 6e-9 * s.searched) + 8e-3;
}

double seconds_of_affinities(const Sizes& s, Method method) {
    return (method == Method::tsne ? 5e-8 : 1.1e-7) * s.n * s.k + 1e-3;
}

double seconds_of_iteration(const Sizes& s, Method method) {
    if (method == Method::umap) {
        const UmapSchedule schedule = umap_schedule(static_cast<std::size_t>(s.n));
        return s.n * (6e-11 * s.k + 4.4e-10 * schedule.n_negatives) + 2e-5;
    }
    const double attraction = 1.3e-10 * s.n * s.k;
    const double repulsion =
        s.n_components == 2 ? 1.8e-8 * s.n + 1.6e-4 : 8e-9 * s.n * std::log2(s.n);
    return attraction + repulsion;
}

Sizes sizes_of(std::size_t n_rows, std::size_t n_columns, const ProjectionRequest& request) {
    Sizes s{};
    s.n = static_cast<double>(n_rows);
    s.d = static_cast<double>(n_columns);
    s.reduced = std::min({static_cast<double>(dims_wanted(request, n_rows, n_columns)), s.n, s.d});
    s.n_components = request.n_components;
    s.searched = s.d;
    if (request.method == Method::pca) return s;
    s.k = std::min<double>(neighbors_options(request).n_neighbors, s.n - 1);
    if (request.method == Method::tsne) {
        s.searched = std::min(s.d, static_cast<double>(tsne_dims));
        s.iterations = request.tsne.n_iterations;
    } else {
        s.iterations = request.umap.n_epochs.value_or(umap_schedule(n_rows).n_epochs);
    }
    return s;
}

double bytes_of(const Sizes& s, Method method) {
    const double side = std::min(s.n, s.d);
    const double points = 4 * s.n * s.d;
    const double reduce = 12 * side * side + 4 * s.n * s.reduced;
    const double graph = 8 * s.n * s.k;
    const double layout =
        method == Method::tsne ? 12 * s.n * s.k + 200 * s.n : 16 * s.n * s.k + 100 * s.n;
    const double beyond =
        method == Method::pca ? reduce : std::max(reduce, 4 * s.n * s.reduced + graph + layout);
    return 14e6 + points + beyond;
}

std::vector<std::string> clamp_notes(std::size_t n_rows, const ProjectionRequest& request) {
    std::vector<std::string> notes;
    const double n = static_cast<double>(n_rows);
    if (request.method == Method::tsne && n_rows > 1) {
        // As effective_perplexity() of affinities.h does.
        const bool is_uniform = request.tsne.affinities == TsneAffinities::uniform;
        const double most = is_uniform ? n - 1 : std::max((n - 1) / 3, std::min(2.0, n - 1));
        if (request.tsne.perplexity > most) {
            notes.push_back(fmt::format("perplexity {:g} will be cut to {:g}: there are {} points",
                                        request.tsne.perplexity,
                                        most,
                                        n_rows));
        }
    }
    if (request.method == Method::umap && request.umap.n_neighbors > n) {
        notes.push_back(fmt::format("n_neighbors {} will be cut to {}: there are {} points",
                                    request.umap.n_neighbors,
                                    n_rows,
                                    n_rows));
    }
    return notes;
}

}  // namespace

ProjectionEstimate estimate(std::size_t n_rows,
                            std::size_t n_columns,
                            const ProjectionRequest& request,
                            int n_threads) {
    check_request(request);
    ProjectionEstimate result;
    if (n_rows == 0 || n_columns == 0) return result;
    const Sizes s = sizes_of(n_rows, n_columns, request);
    // Fitted on two threads; a part of each stage is serial or waits for memory.
    const double factor = slowness() / std::pow(std::max(1, n_threads) / 2.0, 0.85);
    const auto set = [&](Stage stage, double seconds) {
        result.stage_seconds[static_cast<std::size_t>(stage)] = seconds * factor;
        result.seconds += seconds * factor;
    };
    set(Stage::clean, seconds_of_clean(s));
    set(Stage::reduce, seconds_of_reduce(s));
    if (request.method != Method::pca) {
        set(Stage::neighbors, seconds_of_neighbors(s));
        set(Stage::affinities, seconds_of_affinities(s, request.method));
        set(Stage::optimise, s.iterations * seconds_of_iteration(s, request.method));
    }
    result.memory_bytes = static_cast<std::uint64_t>(bytes_of(s, request.method));
    result.notes = clamp_notes(n_rows, request);
    return result;
}

JsonObject to_json(const ProjectionEstimate& estimate) {
    JsonObject stages;
    for (std::size_t i = 0; i < estimate.stage_seconds.size(); ++i) {
        if (estimate.stage_seconds[i] == 0) continue;
        stages[names_of(Stage{})[i]] = estimate.stage_seconds[i];
    }
    return {{"seconds", estimate.seconds},
            {"memory_bytes", estimate.memory_bytes},
            {"stages", std::move(stages)},
            {"notes", JsonArray(estimate.notes.begin(), estimate.notes.end())}};
}

ProjectionPace progress_of(const ProjectionEstimate& estimate,
                           Stage stage,
                           int iteration,
                           int n_iterations,
                           double seconds_in_stage) noexcept {
    const auto present = static_cast<std::size_t>(stage);
    const auto& stages = estimate.stage_seconds;
    double before = 0;
    double left = 0;
    for (std::size_t i = 0; i < stages.size(); ++i) (i < present ? before : left) += stages[i];
    if (stage == Stage::done) return {1, 0};
    left -= stages[present];
    double rest = std::max(stages[present] - seconds_in_stage, 0.1 * stages[present]);
    double done = seconds_in_stage;
    if (stage == Stage::optimise && n_iterations > 0) {
        const double share = static_cast<double>(iteration) / n_iterations;
        // The pace since this stage began says more than the estimate, once there is one.
        if (iteration > 0) rest = seconds_in_stage * (1 - share) / share;
        done = share * (seconds_in_stage + rest);
    }
    left += rest;
    return {std::clamp((before + done) / (before + done + left + 1e-9), 0.0, 1.0), left};
}

}  // namespace oort
