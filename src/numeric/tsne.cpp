// SPDX-License-Identifier: Apache-2.0
#include "numeric/tsne.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "base/error.h"
#include "base/options.h"
#include "numeric/affinities.h"
#include "numeric/tsne_checkpoint.h"
#include "numeric/tsne_optimiser.h"

namespace oort {

namespace {

void check_arguments(const Neighbors& neighbors,
                     MatrixView initial,
                     const TsneOptions& options,
                     std::span<const std::uint32_t> labels) {
    check_options(options);
    const std::size_t n = neighbors.n_rows;
    if (n == 0 || initial.n_rows != n || (initial.n_columns != 2 && initial.n_columns != 3)) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("initial is {} x {}: {} x 2 or {} x 3 is needed, at least one row",
                                initial.n_rows,
                                initial.n_columns,
                                n,
                                n));
    }
    const std::size_t n_edges = n * neighbors.n_neighbors;
    if (neighbors.indices.size() != n_edges || neighbors.distances.size() != n_edges) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("neighbors has {} indices and {} distances: {} x {} are needed",
                                neighbors.indices.size(),
                                neighbors.distances.size(),
                                n,
                                neighbors.n_neighbors));
    }
    for (const std::uint32_t index : neighbors.indices) {
        if (index >= n) {
            throw Error(ErrorCode::invalid_argument,
                        fmt::format("neighbour {} is none of the {} rows", index, n));
        }
    }
    for (std::size_t i = 0; i < n * initial.n_columns; ++i) {
        if (!std::isfinite(initial.data[i])) {
            throw Error(ErrorCode::invalid_argument,
                        fmt::format("initial has {}: finite numbers are needed", initial.data[i]));
        }
    }
    if (!labels.empty() && labels.size() != n) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("labels has {} items but there are {} rows", labels.size(), n));
    }
}

AffinityGraph make_graph(const Neighbors& neighbors,
                         const TsneOptions& options,
                         ThreadPool& pool,
                         std::span<const std::uint32_t> labels,
                         const std::stop_token& stop,
                         std::vector<std::string>& notes) {
    const double perplexity = effective_perplexity(neighbors, options, notes);
    auto weights = conditional_affinities(neighbors, options.affinities, perplexity, pool, stop);
    if (!labels.empty()) supervise(neighbors, labels, options.label_weight, pool, weights);
    return AffinityGraph(neighbors.indices, weights, neighbors.n_rows, pool, stop);
}

}  // namespace

struct Tsne::Impl {
    TsneOptimiser optimiser;
    std::vector<std::string> notes;
};

Tsne::Tsne(const Neighbors& neighbors,
           MatrixView initial,
           const TsneOptions& options,
           ThreadPool& pool,
           std::span<const std::uint32_t> labels,
           std::stop_token stop) {
    check_arguments(neighbors, initial, options, labels);
    std::vector<std::string> notes;
    auto graph = make_graph(neighbors, options, pool, labels, stop, notes);
    impl_ = std::make_unique<Impl>(
        Impl{TsneOptimiser(std::move(graph), initial, options, pool), std::move(notes)});
}

Tsne::~Tsne() = default;
Tsne::Tsne(Tsne&&) noexcept = default;

void Tsne::step(int iterations) {
    for (int i = 0; i < iterations && !is_done(); ++i) impl_->optimiser.descend_once();
    impl_->optimiser.write_layout();
}

bool Tsne::is_done() const noexcept {
    return impl_->optimiser.iteration >= impl_->optimiser.options.n_iterations;
}

int Tsne::iteration() const noexcept {
    return impl_->optimiser.iteration;
}

int Tsne::n_iterations() const noexcept {
    return impl_->optimiser.options.n_iterations;
}

MatrixView Tsne::layout() const {
    return impl_->optimiser.layout.view();
}

double Tsne::kl_divergence() const {
    return impl_->optimiser.divergence();
}

std::vector<std::byte> Tsne::checkpoint() const {
    return write_tsne_checkpoint(impl_->optimiser);
}

void Tsne::restore(std::span<const std::byte> checkpoint) {
    read_tsne_checkpoint(checkpoint, impl_->optimiser);
}

const std::vector<std::string>& Tsne::notes() const noexcept {
    return impl_->notes;
}

}  // namespace oort
