// SPDX-License-Identifier: Apache-2.0
#include "numeric/affinities.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "numeric/simd/affinity_kernel.h"

namespace oort {

namespace {

constexpr std::size_t chunk_rows = 512;

void check_distances(std::span<const float> distances) {
    for (const float distance : distances) {
        // Written so that NaN fails too.
        if (!(distance >= 0 && std::isfinite(distance))) {
            throw Error(
                ErrorCode::invalid_argument,
                fmt::format("distance {} between neighbours: t-SNE needs finite ones from 0 up",
                            distance));
        }
    }
}

void uniform_row(std::size_t k, double perplexity, float* weights) {
    const std::size_t n_equal =
        std::clamp<std::size_t>(static_cast<std::size_t>(std::lround(perplexity)), 1, k);
    std::fill_n(weights, n_equal, 1 / static_cast<float>(n_equal));
    std::fill(weights + n_equal, weights + k, 0.0F);
}

void divide_by_sum(std::span<float> weights) {
    double sum = 0;
    for (const float weight : weights) sum += static_cast<double>(weight);
    if (!(sum > 0)) return;
    for (float& weight : weights) weight = static_cast<float>(static_cast<double>(weight) / sum);
}

}  // namespace

double effective_perplexity(const Neighbors& neighbors,
                            const TsneOptions& options,
                            std::vector<std::string>& notes) {
    const auto k = static_cast<double>(neighbors.n_neighbors);
    // Uniform affinities need that many neighbours, Gaussian ones three times as many; fewer than
    // two would leave nothing to compare.
    const double most =
        options.affinities == TsneAffinities::uniform ? k : std::max(k / 3, std::min(2.0, k));
    if (options.perplexity <= most || k == 0) return options.perplexity;
    notes.push_back(
        fmt::format("perplexity {:g} is too large for {} rows with {} neighbours each: "
                    "cut to {:g}",
                    options.perplexity,
                    neighbors.n_rows,
                    neighbors.n_neighbors,
                    most));
    return most;
}

std::vector<float> conditional_affinities(const Neighbors& neighbors,
                                          TsneAffinities kind,
                                          double perplexity,
                                          ThreadPool& pool,
                                          const std::stop_token& stop) {
    const std::size_t k = neighbors.n_neighbors;
    std::vector<float> weights(neighbors.n_rows * k);
    if (k == 0) return weights;
    parallel_for(
        pool,
        neighbors.n_rows,
        chunk_rows,
        [&](std::size_t begin, std::size_t end) {
            std::vector<float> scratch(affinity_scratch(k));
            for (std::size_t i = begin; i < end; ++i) {
                const float* distances = neighbors.distances.data() + i * k;
                check_distances({distances, k});
                float* row = weights.data() + i * k;
                if (kind == TsneAffinities::uniform) {
                    uniform_row(k, perplexity, row);
                } else {
                    perplexity_row(
                        distances, k, static_cast<float>(perplexity), row, scratch.data());
                }
            }
        },
        stop);
    return weights;
}

void supervise(const Neighbors& neighbors,
               std::span<const std::uint32_t> labels,
               double label_weight,
               ThreadPool& pool,
               std::vector<float>& weights) {
    const std::size_t k = neighbors.n_neighbors;
    // Division by zero gives infinity and exp(-infinity) = 0: labels decide.
    const double strength = label_weight / (1 - label_weight);
    const auto differ = static_cast<float>(std::exp(-5 * strength));
    const auto missing = static_cast<float>(std::exp(-strength));
    parallel_for(pool, neighbors.n_rows, chunk_rows, [&](std::size_t begin, std::size_t end) {
        std::vector<float> row(k);
        for (std::size_t i = begin; i < end; ++i) {
            const std::span<float> old(weights.data() + i * k, k);
            double sum = 0;
            for (std::size_t j = 0; j < k; ++j) {
                const std::uint32_t other = labels[neighbors.indices[i * k + j]];
                float factor = labels[i] == other ? 1 : differ;
                if (labels[i] == missing_label || other == missing_label) factor = missing;
                row[j] = old[j] * factor;
                sum += static_cast<double>(row[j]);
            }
            if (!(sum > 0)) continue;
            divide_by_sum(row);
            std::copy(row.begin(), row.end(), old.begin());
        }
    });
}

}  // namespace oort
