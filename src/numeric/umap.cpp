// SPDX-License-Identifier: Apache-2.0
#include "numeric/umap.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/options.h"
#include "numeric/fuzzy_graph.h"
#include "numeric/tsne.h"
#include "numeric/umap_checkpoint.h"
#include "numeric/umap_curve.h"
#include "numeric/umap_optimiser.h"
#include "numeric/umap_order.h"
#include "numeric/umap_slices.h"
#include "numeric/umap_start.h"

namespace oort {

struct Umap::Impl {
    UmapOptimiser optimiser;           // of the rows in `order`, in units of the spread
    std::vector<std::uint32_t> order;  // which row each of the optimiser's is
    float spread;
    std::vector<std::string> notes;
    Matrix layout;  // in the rows' order, once somebody asks
    bool is_layout_current;

    MatrixView current_layout() {
        if (is_layout_current) return layout.view();
        const Matrix ordered = optimiser.layout();
        if (layout.n_rows() == 0) layout = Matrix(ordered.n_rows(), ordered.n_columns());
        for (std::size_t i = 0; i < ordered.n_rows(); ++i) {
            for (std::size_t c = 0; c < ordered.n_columns(); ++c)
                layout.row(order[i])[c] = spread * ordered.row(i)[c];
        }
        is_layout_current = true;
        return layout.view();
    }
};

namespace {

void check_arguments(const Neighbors& neighbors,
                     MatrixView initial,
                     int n_components,
                     const UmapOptions& options,
                     std::span<const std::uint32_t> labels) {
    check_options(options);
    if (n_components != 2 && n_components != 3) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("n_components {} is out of range: 2..3", n_components));
    }
    if (neighbors.n_rows == 0) {
        throw Error(ErrorCode::invalid_argument, "there are no rows: UMAP needs at least one");
    }
    if (initial.n_rows != neighbors.n_rows || initial.n_columns == 0) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("the start is {} x {}, but there are {} rows to lay out",
                                initial.n_rows,
                                initial.n_columns,
                                neighbors.n_rows));
    }
    if (!labels.empty() && labels.size() != neighbors.n_rows) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("labels has {} items but there are {} rows: one label per row",
                                labels.size(),
                                neighbors.n_rows));
    }
}

FuzzyGraph make_graph(const Neighbors& neighbors,
                      const UmapOptions& options,
                      int n_epochs,
                      ThreadPool& pool,
                      std::span<const std::uint32_t> labels,
                      const std::stop_token& stop) {
    const std::size_t wanted = static_cast<std::size_t>(options.n_neighbors) - 1;
    const std::size_t k = std::min(wanted, neighbors.n_neighbors);
    const Memberships memberships = memberships_of(
        neighbors, k, static_cast<double>(k + 1), LocalConnectivity::one, pool, stop);
    FuzzyGraph graph = unite(neighbors, memberships, pool, stop);
    if (!labels.empty() && options.label_weight > 0)
        graph = with_labels(std::move(graph), labels, options.label_weight, pool);
    return without_light_edges(graph, 1.0 / n_epochs, pool);
}

}  // namespace

Umap::Umap(const Neighbors& neighbors,
           MatrixView initial,
           int n_components,
           const UmapOptions& options,
           ThreadPool& pool,
           std::span<const std::uint32_t> labels,
           std::stop_token stop) {
    check_arguments(neighbors, initial, n_components, options, labels);
    const UmapCurve curve = fit_umap_curve(options.min_dist, options.spread);
    UmapSchedule schedule = umap_schedule(neighbors.n_rows);
    if (options.n_epochs) schedule.n_epochs = *options.n_epochs;
    std::vector<std::string> notes;
    const std::size_t n = neighbors.n_rows;
    if (static_cast<std::size_t>(options.n_neighbors) > n) {
        notes.push_back(fmt::format(
            "n_neighbors {} was cut to {}: there are no more rows", options.n_neighbors, n));
    }
    FuzzyGraph graph = make_graph(neighbors, options, schedule.n_epochs, pool, labels, stop);
    const std::vector<std::uint32_t> order = order_by_neighborhood(graph);
    graph = reordered(graph, order, pool);
    const std::size_t columns = std::min(initial.n_columns, umap_start_columns);
    const Matrix coordinates = reordered(initial, columns, order, pool);
    const Matrix start = umap_start(graph,
                                    coordinates.view(),
                                    {.n_components = n_components, .seed = options.seed},
                                    pool,
                                    stop);
    impl_ = std::make_unique<Impl>(
        Impl{UmapOptimiser(slice(graph, pool), start.view(), curve, schedule, options.seed, pool),
             order,
             static_cast<float>(options.spread),
             std::move(notes),
             {},
             false});
}

Umap::~Umap() = default;
Umap::Umap(Umap&&) noexcept = default;

void Umap::step(int epochs) {
    impl_->optimiser.run(epochs);
    impl_->is_layout_current = false;
}

bool Umap::is_done() const noexcept {
    return epoch() >= n_epochs();
}

int Umap::epoch() const noexcept {
    return impl_->optimiser.epoch();
}

int Umap::n_epochs() const noexcept {
    return impl_->optimiser.n_epochs();
}

MatrixView Umap::layout() const {
    return impl_->current_layout();
}

std::vector<std::byte> Umap::checkpoint() const {
    return write_umap_checkpoint(impl_->optimiser);
}

void Umap::restore(std::span<const std::byte> checkpoint) {
    read_umap_checkpoint(checkpoint, impl_->optimiser);
    impl_->is_layout_current = false;
}

const std::vector<std::string>& Umap::notes() const noexcept {
    return impl_->notes;
}

}  // namespace oort
