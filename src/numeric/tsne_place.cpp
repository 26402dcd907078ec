// SPDX-License-Identifier: Apache-2.0
// New rows in a finished layout: each goes where the attraction of its neighbours is weakest, that
// is where sum over j of p(j|i) log(1 + |y - y_j|^2) is least near its nearest neighbour. Found by
// iteratively reweighted means (Holland and Welsch 1977, with Cauchy's weights).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/options.h"
#include "numeric/affinities.h"
#include "numeric/tsne.h"

namespace oort {

namespace {

/// As openTSNE's transform: few neighbours say more exactly where a row belongs.
constexpr double most_perplexity = 5;

constexpr int n_means = 30;
constexpr std::size_t chunk_rows = 256;
constexpr std::size_t most_dims = 3;

void check_arguments(const Neighbors& neighbors, MatrixView layout, const TsneOptions& options) {
    check_options(options);
    if (layout.n_columns != 2 && layout.n_columns != most_dims) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("layout has {} columns: 2 or 3 are needed", layout.n_columns));
    }
    const std::size_t n_edges = neighbors.n_rows * neighbors.n_neighbors;
    if (neighbors.indices.size() != n_edges || neighbors.distances.size() != n_edges ||
        (n_edges == 0 && neighbors.n_rows != 0)) {
        throw Error(ErrorCode::invalid_argument,
                    "neighbors needs as many indices and distances as rows x neighbours, one each "
                    "at least");
    }
    for (const std::uint32_t index : neighbors.indices) {
        if (index >= layout.n_rows) {
            throw Error(
                ErrorCode::invalid_argument,
                fmt::format("neighbour {} is none of the layout's {} rows", index, layout.n_rows));
        }
    }
}

/// Where the neighbours, of those weights, pull a row.
void place_row(std::span<const std::uint32_t> neighbors,
               const float* weights,
               MatrixView layout,
               float* place) {
    const std::size_t n_dims = layout.n_columns;
    double at[most_dims] = {};
    for (std::size_t c = 0; c < n_dims; ++c)
        at[c] = static_cast<double>(layout.row(neighbors[0])[c]);
    for (int i = 0; i < n_means; ++i) {
        double sum = 0;
        double moment[most_dims] = {};
        for (std::size_t j = 0; j < neighbors.size(); ++j) {
            const float* other = layout.row(neighbors[j]);
            double square = 1;
            for (std::size_t c = 0; c < n_dims; ++c) {
                const double away = static_cast<double>(other[c]) - at[c];
                square += away * away;
            }
            const double weight = static_cast<double>(weights[j]) / square;
            sum += weight;
            for (std::size_t c = 0; c < n_dims; ++c)
                moment[c] += weight * static_cast<double>(other[c]);
        }
        for (std::size_t c = 0; c < n_dims && sum > 0; ++c) at[c] = moment[c] / sum;
    }
    for (std::size_t c = 0; c < n_dims; ++c) place[c] = static_cast<float>(at[c]);
}

}  // namespace

Matrix tsne_place(const Neighbors& neighbors,
                  MatrixView layout,
                  const TsneOptions& options,
                  ThreadPool& pool,
                  std::stop_token stop) {
    check_arguments(neighbors, layout, options);
    TsneOptions few = options;
    few.perplexity = std::min(few.perplexity, most_perplexity);
    std::vector<std::string> notes;
    const double perplexity = effective_perplexity(neighbors, few, notes);
    const auto weights = conditional_affinities(neighbors, few.affinities, perplexity, pool, stop);
    const std::size_t k = neighbors.n_neighbors;
    Matrix placed(neighbors.n_rows, layout.n_columns);
    parallel_for(
        pool,
        neighbors.n_rows,
        chunk_rows,
        [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) {
                place_row({neighbors.indices.data() + i * k, k},
                          weights.data() + i * k,
                          layout,
                          placed.row(i));
            }
        },
        stop);
    return placed;
}

}  // namespace oort
