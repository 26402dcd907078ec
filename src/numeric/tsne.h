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
    /// How many neighbours each point listens to. Larger shows wider structure, slower. At most (n
    /// - 1) / 3, cut and said. 2..100.
    double perplexity = 30;

    /// perplexity: Gaussian weights of that perplexity. uniform: the same weight for each of
    /// round(perplexity) neighbours.
    TsneAffinities affinities = TsneAffinities::perplexity;

    /// Factor on the attraction in the first part; larger pulls groups tighter before they spread.
    double early_exaggeration = 12;

    int early_iterations = 250;
    int n_iterations = 750;  ///< in all, the early ones among them

    /// Step size. Unset: n / exaggeration, at least 200 / exaggeration (Belkina et al. 2019).
    std::optional<double> learning_rate = std::nullopt;

    /// How strongly labels pull together rows of the same label, where labels are given. 0 = not at
    /// all, 1 = labels decide.
    double label_weight = 0.5;

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
    /// neighbors  k >= 3 perplexity where n allows it, Euclidean or another metric that is never
    /// negative. initial    n x 2 or n x 3: where the points start; scaled to a standard deviation
    /// of 1e-4 in its first column. labels     n codes (missing_label = none) to supervise by, or
    /// empty. pool       must outlive this object. Throws Error(invalid_argument) for bad options.
    /// Any n >= 1; what was clamped is in notes().
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

    /// Kullback-Leibler divergence of the layout as it is, without exaggeration. Costs about one
    /// iteration.
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
/// layout. neighbors  of each new row among the layout's rows (find_neighbors_of), k about 3
/// perplexity. Returns n_new x dims.
Matrix tsne_place(const Neighbors& neighbors,
                  MatrixView layout,
                  const TsneOptions& options,
                  ThreadPool& pool,
                  std::stop_token stop = {});

}  // namespace oort
