// SPDX-License-Identifier: Apache-2.0
#include "numeric/affinities.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "numeric/tsne_test_data.h"

namespace oort {
namespace {

double perplexity_of(const float* weights, std::size_t k) {
    double entropy = 0;
    for (std::size_t j = 0; j < k; ++j) {
        const auto p = static_cast<double>(weights[j]);
        if (p > 0) entropy -= p * std::log(p);
    }
    return std::exp(entropy);
}

Neighbors one_row(std::vector<float> distances) {
    Neighbors out;
    out.n_rows = 1;
    out.n_neighbors = distances.size();
    out.indices.resize(distances.size());
    out.distances = std::move(distances);
    return out;
}

std::vector<float> weights_of(const Neighbors& neighbors, double perplexity) {
    ThreadPool pool(2);
    return conditional_affinities(neighbors, TsneAffinities::perplexity, perplexity, pool, {});
}

TEST(Affinities, HaveThePerplexityAskedFor) {
    const Matrix points = grouped_points(200, 6, 3, 2);
    for (const std::size_t k : {30UL, 47UL, 90UL}) {
        const Neighbors neighbors = plain_neighbors(points.view(), k);
        for (const double perplexity : {2.0, 7.5, 25.0}) {
            const auto weights = weights_of(neighbors, perplexity);
            for (std::size_t i = 0; i < 200; ++i) {
                EXPECT_NEAR(
                    perplexity_of(weights.data() + i * k, k), perplexity, 1e-4 * perplexity);
                EXPECT_GE(weights[i * k], weights[i * k + 1]);
            }
        }
    }
}

TEST(Affinities, OfThreeNeighborsAreGaussian) {
    const auto weights = weights_of(one_row({1, 2, 3}), 2);
    // exp(-4 beta) / exp(-beta) and exp(-9 beta) / exp(-beta) have the same beta.
    const double first = std::log(static_cast<double>(weights[0] / weights[1])) / 3;
    const double second = std::log(static_cast<double>(weights[0] / weights[2])) / 8;
    EXPECT_NEAR(first, second, 1e-5);
    EXPECT_NEAR(static_cast<double>(weights[0] + weights[1] + weights[2]), 1, 1e-6);
    EXPECT_NEAR(perplexity_of(weights.data(), 3), 2, 1e-4);
}

TEST(Affinities, DoNotChangeWithTheScaleOfTheDistances) {
    const std::vector<float> distances{0.5F, 1, 1.5F, 3, 4};
    const auto weights = weights_of(one_row(distances), 2.5);
    for (const float scale : {1e-15F, 1e15F}) {
        auto scaled = distances;
        for (float& distance : scaled) distance *= scale;
        const auto same = weights_of(one_row(scaled), 2.5);
        for (std::size_t j = 0; j < 5; ++j) EXPECT_NEAR(weights[j], same[j], 1e-5F);
    }
}

TEST(Affinities, OfTiesAreEqualAndFinite) {
    for (const float distance : {0.0F, 1.0F, 1e15F}) {
        for (const float weight : weights_of(one_row(std::vector<float>(12, distance)), 4))
            EXPECT_FLOAT_EQ(weight, 1.0F / 12);
    }
    // More duplicates than the perplexity: they share everything.
    std::vector<float> distances(12, 0);
    distances[10] = distances[11] = 5;
    const auto weights = weights_of(one_row(distances), 4);
    EXPECT_NEAR(weights[0], 0.1F, 1e-5F);
    EXPECT_NEAR(weights[11], 0, 1e-6F);
}

TEST(Affinities, UniformOnesAreOfTheNearest) {
    ThreadPool pool(1);
    const auto weights =
        conditional_affinities(one_row({1, 2, 3, 4, 5}), TsneAffinities::uniform, 3.2, pool, {});
    EXPECT_EQ(weights, (std::vector<float>{1.0F / 3, 1.0F / 3, 1.0F / 3, 0, 0}));
}

TEST(Affinities, RefuseDistancesThatCannotBe) {
    for (const float distance :
         {-1.0F, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
        EXPECT_THROW(weights_of(one_row({1, distance}), 2), Error);
    }
}

TEST(Affinities, PerplexityIsCutAndSaid) {
    Neighbors neighbors;
    neighbors.n_rows = 31;
    neighbors.n_neighbors = 30;
    std::vector<std::string> notes;
    EXPECT_EQ(effective_perplexity(neighbors, {.perplexity = 10}, notes), 10);
    EXPECT_TRUE(notes.empty());
    EXPECT_EQ(effective_perplexity(neighbors, {.perplexity = 30}, notes), 10);
    ASSERT_EQ(notes.size(), 1U);
    EXPECT_EQ(notes[0],
              "perplexity 30 is too large for 31 rows with 30 neighbours each: cut to 10");
    neighbors.n_rows = 4;
    neighbors.n_neighbors = 3;
    EXPECT_EQ(effective_perplexity(neighbors, {}, notes), 2);
    neighbors.n_neighbors = 20;
    EXPECT_EQ(effective_perplexity(neighbors, {.affinities = TsneAffinities::uniform}, notes), 20);
}

TEST(Affinities, LabelsChangeThemAsTheWeightSays) {
    const Matrix points = grouped_points(60, 3, 2, 0.5);
    const Neighbors neighbors = plain_neighbors(points.view(), 20);
    const auto plain = weights_of(neighbors, 6);
    std::vector<std::uint32_t> labels(60);
    for (std::size_t i = 0; i < 60; ++i) labels[i] = i % 2 == 0 ? 0 : 1;
    labels[5] = missing_label;
    ThreadPool pool(2);
    auto weights = plain;
    supervise(neighbors, labels, 0, pool, weights);
    for (std::size_t e = 0; e < weights.size(); ++e) EXPECT_NEAR(weights[e], plain[e], 1e-6F);
    weights = plain;
    supervise(neighbors, labels, 1, pool, weights);
    for (std::size_t i = 0; i < 60; ++i) {
        float sum = 0;
        for (std::size_t j = 0; j < 20; ++j) {
            const std::uint32_t other = neighbors.indices[i * 20 + j];
            sum += weights[i * 20 + j];
            const bool differ = i != 5 && labels[other] != labels[i];
            EXPECT_TRUE(!differ || weights[i * 20 + j] == 0);
        }
        EXPECT_NEAR(sum, 1, 1e-5F);
    }
    // Without one equal label around it a point keeps its neighbours.
    EXPECT_EQ(weights[5 * 20], plain[5 * 20]);
    weights = plain;
    supervise(neighbors, labels, 0.5, pool, weights);
    double ratio = 0;
    for (std::size_t j = 0; j < 20; ++j) {
        for (std::size_t l = 0; l < 20; ++l) {
            const bool same = labels[neighbors.indices[j]] == labels[0];
            const bool other = labels[neighbors.indices[l]] == 1;
            if (same && other && ratio == 0) {
                ratio = static_cast<double>(weights[l] / plain[l]) /
                        static_cast<double>(weights[j] / plain[j]);
            }
        }
    }
    EXPECT_NEAR(ratio, std::exp(-5), 1e-5);
}

}  // namespace
}  // namespace oort
