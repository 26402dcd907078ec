// SPDX-License-Identifier: Apache-2.0
// The layout in progress of a method that has one, so that a projection steps t-SNE and UMAP alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "numeric/matrix.h"
#include "numeric/neighbors.h"
#include "numeric/parallel.h"
#include "numeric/tsne.h"
#include "numeric/umap.h"

namespace oort {

class Optimiser {
  public:
    /// Arguments as of Tsne (tsne.h) and Umap (umap.h).
    static Optimiser of_tsne(const Neighbors& neighbors,
                             MatrixView initial,
                             const TsneOptions& options,
                             ThreadPool& pool,
                             std::span<const std::uint32_t> labels,
                             const std::stop_token& stop);
    static Optimiser of_umap(const Neighbors& neighbors,
                             MatrixView initial,
                             int n_components,
                             const UmapOptions& options,
                             ThreadPool& pool,
                             std::span<const std::uint32_t> labels,
                             const std::stop_token& stop);
    ~Optimiser();
    Optimiser(Optimiser&&) noexcept;

    /// At most `iterations` more. Throws Error(cancelled) between two of them.
    void step(int iterations, const std::stop_token& stop);
    bool is_done() const noexcept;
    int iteration() const noexcept;
    int n_iterations() const noexcept;

    /// Valid until the next step() or destruction.
    MatrixView layout() const;
    std::optional<double> kl_divergence() const;  ///< nothing where the method has none
    std::vector<std::byte> checkpoint() const;
    void restore(std::span<const std::byte> checkpoint);
    const std::vector<std::string>& notes() const noexcept;

  private:
    struct Method;
    explicit Optimiser(std::unique_ptr<Method> method);
    std::unique_ptr<Method> method_;
};

}  // namespace oort
