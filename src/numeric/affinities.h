// SPDX-License-Identifier: Apache-2.0
// How strongly each point of t-SNE listens to each of its neighbours: p(j|i), before they are made
// symmetric (affinity_graph.h).
// Source: van der Maaten and Hinton 2008 (JMLR 9) section 2, equation 1; supervision after McInnes,
// Healy, Melville 2018 (arXiv:1802.03426) as umap-learn 0.5 does it for a column of categories.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "numeric/neighbors.h"
#include "numeric/parallel.h"
#include "numeric/tsne.h"

namespace oort {

/// The perplexity that so many rows and neighbours allow; appends to `notes` what was cut.
double effective_perplexity(const Neighbors& neighbors,
                            const TsneOptions& options,
                            std::vector<std::string>& notes);

/// n x k weights that belong to neighbors.indices, each row's sum 1. Throws Error(invalid_argument)
/// if a distance is negative or not finite, Error(cancelled).
std::vector<float> conditional_affinities(const Neighbors& neighbors,
                                          TsneAffinities kind,
                                          double perplexity,
                                          ThreadPool& pool,
                                          const std::stop_token& stop);

/// Multiplies each weight by how well the labels of its two rows agree: 1 if they are equal,
/// exp(-5 w / (1 - w)) if they differ, exp(-w / (1 - w)) if one is missing, for w = label_weight;
/// then makes each row's sum 1 again. A row whose weights would all vanish keeps them. At w = 0.5
/// these are umap-learn's factors; w = 0 changes nothing and w = 1 leaves only equal labels.
void supervise(const Neighbors& neighbors,
               std::span<const std::uint32_t> labels,
               double label_weight,
               ThreadPool& pool,
               std::vector<float>& weights);

}  // namespace oort
