// SPDX-License-Identifier: Apache-2.0
// What a projection will cost, from its sizes alone. The counts below are those of the stages'
// innermost loops; the coefficients were fitted to measured runs (docs/algorithms/estimate.md) and
// are scaled by how fast this machine runs two of those loops.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

#include "base/time.h"
#include "numeric/projection.h"
#include "numeric/projection_impl.h"
#include "numeric/simd/gram_kernel.h"

namespace oort {

namespace {

// What one thread of the machine of the fit did in a second.
constexpr double reference_flops = 190e9;

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

double seconds_of_reduce(const Sizes& s) {
    const double side = std::min(s.n, s.d);
    const double gram = 1.3e-12 * s.n * s.d * std::min(side, 1500.0) * 2;
    const double eigen = 8e-9 * side * side * std::sqrt(s.reduced);
    const double place = 8e-12 * s.n * s.d * s.reduced;
    return gram + eigen + place + 1e-3;
}

double seconds_of_neighbors(const Sizes& s) {
    const double candidates = std::min(s.n, 2500.0 + 30 * s.k);
    return s.n * (candidates * (3e-11 * s.searched + 1e-9) + 3e-8 * s.k) + 1e-3;
}

double seconds_of_tsne(const Sizes& s) {
    const double affinities = 1.5e-7 * s.n * s.k;
    const double edges = 1.4 * s.n * s.k;
    const double repulsion = s.n_components == 2 ? 6e-8 * s.n + 4e-4 : 2.2e-7 * s.n + 4e-4;
    return affinities + s.iterations * (4e-10 * edges + repulsion);
}

double seconds_of_umap(const Sizes& s) {
    const double edges = 1.4 * s.n * s.k;
    return 1e-7 * s.n * s.k + s.iterations * (1.2e-9 * edges + 1e-8 * s.n + 5e-5);
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
        s.iterations = request.umap.n_epochs.value_or(300);
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
    return 30e6 + points + beyond;
}

std::vector<std::string> clamp_notes(std::size_t n_rows, const ProjectionRequest& request) {
    std::vector<std::string> notes;
    const double n = static_cast<double>(n_rows);
    if (request.method == Method::tsne && 3 * request.tsne.perplexity > n - 1) {
        notes.push_back(fmt::format("perplexity {} is cut to {:.4g}: there are {} points",
                                    request.tsne.perplexity,
                                    std::max(1.0, (n - 1) / 3),
                                    n_rows));
    }
    if (request.method == Method::umap && request.umap.n_neighbors > n) {
        notes.push_back(fmt::format("n_neighbors {} is cut to {}: there are {} points",
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
    double seconds = 1e-9 * s.n * s.d + seconds_of_reduce(s);
    if (request.method != Method::pca) seconds += seconds_of_neighbors(s);
    if (request.method == Method::tsne) seconds += seconds_of_tsne(s);
    if (request.method == Method::umap) seconds += seconds_of_umap(s);
    // Fitted on two threads; a part of each stage is serial or waits for memory.
    const double speedup = std::pow(std::max(1, n_threads) / 2.0, 0.85);
    result.seconds = seconds * slowness() / speedup;
    result.memory_bytes = static_cast<std::uint64_t>(bytes_of(s, request.method));
    result.notes = clamp_notes(n_rows, request);
    return result;
}

}  // namespace oort
