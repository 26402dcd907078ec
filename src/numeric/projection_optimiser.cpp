// SPDX-License-Identifier: Apache-2.0
#include "numeric/projection_optimiser.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/time.h"

namespace oort {

namespace {

constexpr double part_seconds = 0.02;

}  // namespace

struct Optimiser::Method {
    std::variant<Tsne, Umap> method;
};

namespace {

int iteration_of(const Tsne& tsne) noexcept {
    return tsne.iteration();
}

int iteration_of(const Umap& umap) noexcept {
    return umap.epoch();
}

int n_iterations_of(const Tsne& tsne) noexcept {
    return tsne.n_iterations();
}

int n_iterations_of(const Umap& umap) noexcept {
    return umap.n_epochs();
}

}  // namespace

Optimiser::Optimiser(std::unique_ptr<Method> method) : method_(std::move(method)) {}

Optimiser::~Optimiser() = default;
Optimiser::Optimiser(Optimiser&&) noexcept = default;

Optimiser Optimiser::of_tsne(const Neighbors& neighbors,
                             MatrixView initial,
                             const TsneOptions& options,
                             ThreadPool& pool,
                             std::span<const std::uint32_t> labels,
                             const std::stop_token& stop) {
    return Optimiser(
        std::make_unique<Method>(Method{Tsne(neighbors, initial, options, pool, labels, stop)}));
}

Optimiser Optimiser::of_umap(const Neighbors& neighbors,
                             MatrixView initial,
                             int n_components,
                             const UmapOptions& options,
                             ThreadPool& pool,
                             std::span<const std::uint32_t> labels,
                             const std::stop_token& stop) {
    return Optimiser(std::make_unique<Method>(
        Method{Umap(neighbors, initial, n_components, options, pool, labels, stop)}));
}

void Optimiser::step(int iterations, const std::stop_token& stop) {
    // In parts: as many at once as pass before somebody who wants to stop would notice.
    int part = 1;
    while (iterations > 0 && !is_done()) {
        throw_if_stopped(stop);
        part = std::min(part, iterations);
        const Stopwatch watch;
        std::visit([&](auto& method) { method.step(part); }, method_->method);
        iterations -= part;
        part = watch.seconds() < part_seconds ? 2 * part : std::max(1, part / 2);
    }
    throw_if_stopped(stop);
}

bool Optimiser::is_done() const noexcept {
    return std::visit([](const auto& method) { return method.is_done(); }, method_->method);
}

int Optimiser::iteration() const noexcept {
    return std::visit([](const auto& method) { return iteration_of(method); }, method_->method);
}

int Optimiser::n_iterations() const noexcept {
    return std::visit([](const auto& method) { return n_iterations_of(method); }, method_->method);
}

MatrixView Optimiser::layout() const {
    return std::visit([](const auto& method) { return method.layout(); }, method_->method);
}

std::optional<double> Optimiser::kl_divergence() const {
    if (const Tsne* tsne = std::get_if<Tsne>(&method_->method)) return tsne->kl_divergence();
    return std::nullopt;
}

std::vector<std::byte> Optimiser::checkpoint() const {
    return std::visit([](const auto& method) { return method.checkpoint(); }, method_->method);
}

void Optimiser::restore(std::span<const std::byte> checkpoint) {
    std::visit([&](auto& method) { method.restore(checkpoint); }, method_->method);
}

const std::vector<std::string>& Optimiser::notes() const noexcept {
    return std::visit(
        [](const auto& method) -> const std::vector<std::string>& { return method.notes(); },
        method_->method);
}

}  // namespace oort
