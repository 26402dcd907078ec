// SPDX-License-Identifier: Apache-2.0
// Affinities, divergence and gradient against scikit-learn 1.7.2; the numbers are printed by
// reference/make_tsne_reference.py.
#include <gtest/gtest.h>

#include "numeric/affinities.h"
#include "numeric/exact_repulsion.h"
#include "numeric/tsne_optimiser.h"
#include "numeric/tsne_test_data.h"

namespace oort {
namespace {

const double affinity_sums[] = {0.01319929223,
                                0.0185113303,
                                0.01128465528,
                                0.01518354599,
                                0.02161277009,
                                0.009549041305,
                                0.01746801455,
                                0.01454431757};
const double first_affinities[] = {
    0, 2.557336959e-05, 0, 2.493616603e-05, 0.0009150708751, 0, 7.186038339e-05, 0, 0, 0, 0, 0};
const double divergence_2[] = {0.99309057};
const double gradient_2[] = {-0.001503293635,
                             -0.005800710991,
                             -0.0006815282395,
                             0.000885838992,
                             -0.005892402958,
                             0.001529132132};
const double divergence_3[] = {0.7962316871};
const double gradient_3[] = {-0.002401875099,
                             -0.002687643049,
                             -0.007591492962,
                             9.363258869e-05,
                             0.001197464415,
                             0.0008916672086,
                             -0.005155481864,
                             -0.0005472004414,
                             0.001555379364};

constexpr std::size_t n = 60;
constexpr std::size_t k = 30;

/// The points of make_tsne_reference.py.
Matrix reference_points(std::size_t n_columns, int salt) {
    Matrix points(n, n_columns);
    for (int i = 0; i < static_cast<int>(n); ++i) {
        for (int j = 0; j < static_cast<int>(n_columns); ++j) {
            const int value = (i * 7919 + j * 104729 + i * j * 31 + i * i * 17 + salt) % 257 - 128;
            points.row(static_cast<std::size_t>(i))[j] = static_cast<float>(value) / 32;
        }
    }
    return points;
}

AffinityGraph reference_graph(ThreadPool& pool) {
    const Neighbors neighbors = plain_neighbors(reference_points(5, 0).view(), k);
    const auto weights =
        conditional_affinities(neighbors, TsneAffinities::perplexity, 10, pool, {});
    return AffinityGraph(neighbors.indices, weights, n, pool, {});
}

TEST(TsneReference, Affinities) {
    ThreadPool pool(1);
    const AffinityGraph graph = reference_graph(pool);
    std::vector<double> sums(n);
    std::vector<double> first(n);
    for (const EdgesView& edges : {graph.strong(), graph.weak()}) {
        for (std::size_t i = 0; i < n; ++i) {
            for (std::uint64_t e = edges.row_begin[i]; e < edges.row_begin[i + 1]; ++e) {
                const std::uint32_t word = edges.words[e];
                const double p = static_cast<double>(edges.row_scale[i]) *
                                 (word & ((1U << edges.weight_bits) - 1));
                sums[i] += p;
                if (i == 0) first[word >> edges.weight_bits] += p;
            }
        }
    }
    for (std::size_t i = 0; i < 8; ++i) EXPECT_NEAR(sums[i], affinity_sums[i], 1e-6);
    for (std::size_t j = 0; j < 12; ++j) EXPECT_NEAR(first[j], first_affinities[j], 1e-7);
}

/// scikit-learn's gradient has the factor 4 of the paper.
void compare(std::size_t n_dims, double divergence, std::span<const double> gradient) {
    ThreadPool pool(1);
    const Matrix layout = reference_points(n_dims, 5);
    TsneOptimiser optimiser(reference_graph(pool), layout.view(), {}, pool);
    const std::vector<float> rows = padded_rows(layout);
    const std::size_t stride = optimiser.stride;
    std::copy_n(rows.data(), n * stride, optimiser.points.data());
    EXPECT_NEAR(optimiser.divergence(), divergence, 1e-4);
    std::vector<float> repulsion(n * stride);
    const double z = exact_repulsion(rows.data(), n, stride, repulsion.data(), pool);
    std::vector<float> strong(n * stride);
    std::vector<float> weak(n * stride);
    attract(optimiser.graph.strong(), {rows.data(), stride}, 0, n, strong.data());
    attract(optimiser.graph.weak(), {rows.data(), stride}, 0, n, weak.data());
    for (std::size_t i = 0; i < gradient.size(); ++i) {
        const std::size_t at = i / n_dims * stride + i % n_dims;
        const double mine = 4 * (static_cast<double>(strong[at] + weak[at]) -
                                 static_cast<double>(repulsion[at]) / z);
        EXPECT_NEAR(mine, gradient[i], 2e-6);
    }
}

TEST(TsneReference, DivergenceAndGradientInTwoDimensions) {
    compare(2, divergence_2[0], gradient_2);
}

TEST(TsneReference, DivergenceAndGradientInThreeDimensions) {
    compare(3, divergence_3[0], gradient_3);
}

}  // namespace
}  // namespace oort
