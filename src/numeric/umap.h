// SPDX-License-Identifier: Apache-2.0
// UMAP: a layout in 2 or 3 dimensions that keeps each point's near neighbours near.
// Source: McInnes, Healy, Melville 2018 (arXiv:1802.03426) sections 3-4; defaults follow umap-learn
// 0.5. Where we differ and why: docs/algorithms/umap.md.
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

namespace oort {

struct UmapOptions {
    /// Neighbours each point is tied to (the point itself counted, as in umap-learn). Larger shows
    /// wider structure. More than n are cut. 2..200.
    int n_neighbors = 15;

    /// How close points may lie in the layout. Smaller packs groups tighter. 0..spread, refused
    /// beyond it.
    double min_dist = 0.1;

    /// The unit of the layout: twice the spread and twice the min_dist give the same layout at
    /// twice the size.
    double spread = 1;

    /// Metric of the neighbours.
    Metric metric = Metric::euclidean;

    /// Passes over the graph; more bring near neighbours closer. Unset: 500 up to 10,000 rows, 300
    /// up to 200,000, else 200.
    std::optional<int> n_epochs = std::nullopt;

    /// How strongly labels shape the graph, where labels are given (umap-learn's target_weight): an
    /// edge between different labels weighs exp(-2.5 / (1 - label_weight)) as much. 0 = labels are
    /// not read, 1 = no such edge is left.
    double label_weight = 0.5;

    std::uint64_t seed = 42;
};

template <class Field>
void fields(Field&& field, UmapOptions& o) {
    field("n_neighbors", o.n_neighbors, 2, 200);
    field("min_dist", o.min_dist, 0, 10);
    field("spread", o.spread, 0.01, 10);
    field("metric", o.metric);
    field("n_epochs", o.n_epochs, 1, 100000);
    field("label_weight", o.label_weight, 0, 1);
    field("seed", o.seed);
}

/// A layout in progress. Owns what it needs of its arguments.
class Umap {
  public:
    /// neighbors  k = n_neighbors - 1 where n allows it.
    /// initial    n x m, m >= dims: principal coordinates, from which the spectral-like start is
    /// made. n_components  2 or 3. labels     n codes (missing_label of tsne.h = none) to supervise
    /// by, or empty. pool       must outlive this object. Throws Error(invalid_argument) for bad
    /// options. Any n >= 1; what was clamped is in notes().
    Umap(const Neighbors& neighbors,
         MatrixView initial,
         int n_components,
         const UmapOptions& options,
         ThreadPool& pool,
         std::span<const std::uint32_t> labels = {},
         std::stop_token stop = {});
    ~Umap();
    Umap(Umap&&) noexcept;

    /// Runs at most `epochs` more passes. step(3) three times equals step(9), bit for bit, on any
    /// number of threads.
    void step(int epochs);
    bool is_done() const noexcept;
    int epoch() const noexcept;
    int n_epochs() const noexcept;

    /// n x n_components in the rows' order. Valid until the next step() or destruction.
    MatrixView layout() const;

    /// As of Tsne (tsne.h).
    std::vector<std::byte> checkpoint() const;
    void restore(std::span<const std::byte> checkpoint);

    const std::vector<std::string>& notes() const noexcept;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Places new rows in a finished layout; each row's place depends on nothing but itself and the
/// layout. neighbors  of each new row among the layout's rows (find_neighbors_of). Returns n_new x
/// dims.
Matrix umap_place(const Neighbors& neighbors,
                  MatrixView layout,
                  const UmapOptions& options,
                  ThreadPool& pool,
                  std::stop_token stop = {});

}  // namespace oort
