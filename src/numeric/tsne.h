// SPDX-License-Identifier: Apache-2.0
// t-SNE: a layout in 2 or 3 dimensions that keeps each point's neighbourhood probabilities.
// Source: van der Maaten and Hinton 2008 (JMLR 9), van der Maaten 2014 (JMLR 15) for Barnes-Hut,
// Linderman et al. 2019 (Nature Methods 16) for interpolation on a grid. Where we differ and why:
// docs/algorithms/tsne.md.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "numeric/matrix.h"
#include "numeric/neighbors.h"
#include "numeric/parallel.h"

namespace oort {

enum class TsneAffinities : std::uint8_t { perplexity, uniform };

constexpr std::array<std::string_view, 2> names_of(TsneAffinities) noexcept {
    return {"perplexity", "uniform"};
}

struct TsneOptions {
    /// How many neighbours each point listens to. Larger shows wider structure and takes longer.
    /// 2..100; at most a third of the neighbours there are, cut and said.
    double perplexity = 30;

    /// perplexity: Gaussian weights of that perplexity. uniform: the same weight for each of
    /// round(perplexity) neighbours, which needs a third of them and is faster.
    TsneAffinities affinities = TsneAffinities::perplexity;

    /// Factor on the attraction in the first iterations; larger pulls groups tighter before they
    /// spread. 12 as openTSNE and scikit-learn.
    double early_exaggeration = 12;

    /// How many iterations are exaggerated. 250 as openTSNE.
    int early_iterations = 250;

    /// In all, the early ones among them. More spread the layout further; 750 as openTSNE.
    int n_iterations = 750;

    /// Factor on the gradient (without the paper's 4). Larger moves points further at once. Unset:
    /// n / exaggeration, that is n / 12 and then n (Belkina et al. 2019), as openTSNE.
    std::optional<double> learning_rate = std::nullopt;

    /// How strongly labels pull together rows of the same label, where labels are given. 0 = not at
    /// all, 0.5 = as umap-learn by default, 1 = labels decide.
    double label_weight = 0.5;

    /// Decides the jitter of the start, and with it everything else.
    std::uint64_t seed = 42;
};

template <class Field>
void fields(Field&& field, TsneOptions& o) {
    field("perplexity", o.perplexity, 2, 100);
    field("affinities", o.affinities);
    field("early_exaggeration", o.early_exaggeration, 1, 100);
    field("early_iterations", o.early_iterations, 0, 100000);
    field("n_iterations", o.n_iterations, 1, 100000);
    field("learning_rate", o.learning_rate, 1e-3, 1e9);
    field("label_weight", o.label_weight, 0, 1);
    field("seed", o.seed);
}

/// A layout in progress. Owns what it needs of its arguments.
class Tsne {
  public:
    /// neighbors  k >= 3 perplexity (uniform affinities: perplexity) where n allows it, of a metric
    ///            that is never negative; at most 16,777,216 rows.
    /// initial    n x 2 or n x 3: where the points start; scaled to a standard deviation of 1e-4 in
    ///            its first column, with a jitter of a hundredth of that.
    /// labels     n codes (missing_label = none) to supervise by, or empty.
    /// pool       must outlive this object.
    /// Throws Error(invalid_argument) for bad options or arguments that do not fit,
    /// Error(too_large), Error(cancelled). Any n >= 1; what was clamped is in notes(). Time and
    /// memory O(n k).
    Tsne(const Neighbors& neighbors,
         MatrixView initial,
         const TsneOptions& options,
         ThreadPool& pool,
         std::span<const std::uint32_t> labels = {},
         std::stop_token stop = {});
    ~Tsne();
    Tsne(Tsne&&) noexcept;

    /// Runs at most `iterations` more. step(3) three times equals step(9), bit for bit, on any
    /// number of threads.
    void step(int iterations);
    bool is_done() const noexcept;
    int iteration() const noexcept;
    int n_iterations() const noexcept;

    /// n x 2 or n x 3 in the rows' order. Valid until the next step() or destruction.
    MatrixView layout() const;

    /// Kullback-Leibler divergence of the layout as it is, over all affinities and without
    /// exaggeration. Changes nothing. Costs about two iterations.
    double kl_divergence() const;

    /// All that a later step() depends on besides the constructor's arguments; restore() on an
    /// object constructed from the same arguments goes on from there, bit for bit. Throws
    /// Error(corrupt) for other bytes.
    std::vector<std::byte> checkpoint() const;
    void restore(std::span<const std::byte> checkpoint);

    const std::vector<std::string>& notes() const noexcept;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

inline constexpr std::uint32_t missing_label = 0xFFFFFFFF;

/// Places new rows in a finished layout; each row's place depends on nothing but itself and the
/// layout: its neighbours pull, nothing repels (docs/algorithms/tsne.md).
/// neighbors  of each new row among the layout's rows (find_neighbors_of); 15 are enough, for the
///            perplexity is at most 5 here.
/// Returns n_new x dims. Throws Error(invalid_argument) for arguments that do not fit,
/// Error(cancelled).
Matrix tsne_place(const Neighbors& neighbors,
                  MatrixView layout,
                  const TsneOptions& options,
                  ThreadPool& pool,
                  std::stop_token stop = {});

}  // namespace oort
