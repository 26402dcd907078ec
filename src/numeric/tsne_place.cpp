// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "numeric/affinities.h"
#include "numeric/tsne.h"

namespace oort {

Matrix tsne_place(const Neighbors& neighbors,
                  MatrixView layout,
                  const TsneOptions& options,
                  ThreadPool& pool,
                  std::stop_token stop) {
    std::vector<std::string> notes;
    const std::size_t k = neighbors.n_neighbors;
    const double perplexity = effective_perplexity(neighbors, options, notes);
    const auto weights =
        conditional_affinities(neighbors, options.affinities, perplexity, pool, stop);
    Matrix placed(neighbors.n_rows, layout.n_columns);
    parallel_for(
        pool,
        neighbors.n_rows,
        256,
        [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) {
                for (std::size_t j = 0; j < k; ++j) {
                    const float* other = layout.row(neighbors.indices[i * k + j]);
                    for (std::size_t c = 0; c < layout.n_columns; ++c)
                        placed.row(i)[c] += weights[i * k + j] * other[c];
                }
            }
        },
        stop);
    return placed;
}

}  // namespace oort
