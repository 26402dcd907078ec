// SPDX-License-Identifier: Apache-2.0
#include "numeric/fuzzy_graph.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "numeric/random.h"
#include "numeric/tsne.h"
#include "numeric/umap_order.h"
#include "numeric/umap_slices.h"

namespace oort {
namespace {

/// k distinct random neighbours of each row, at rising distances.
Neighbors random_neighbors(std::size_t n, std::size_t k, std::uint64_t seed = 1) {
    Random random(seed);
    Neighbors neighbors;
    neighbors.n_rows = n;
    neighbors.n_neighbors = k;
    for (std::size_t i = 0; i < n; ++i) {
        double distance = 0.5 + random.uniform();
        for (std::size_t j = 0; j < k; ++j) {
            // Steps of odd length never come back to i within k of them.
            const std::size_t step = 1 + random.below(n / (k + 1) - 1);
            const std::size_t from = j == 0 ? i : neighbors.indices.back();
            const std::size_t other = from + step < n ? from + step : from + step - n;
            neighbors.indices.push_back(static_cast<std::uint32_t>(other));
            neighbors.distances.push_back(static_cast<float>(distance));
            distance += random.uniform();
        }
    }
    return neighbors;
}

std::map<std::pair<std::uint32_t, std::uint32_t>, float> edges_of(const FuzzyGraph& graph) {
    std::map<std::pair<std::uint32_t, std::uint32_t>, float> edges;
    for (std::uint32_t i = 0; i < graph.n_rows(); ++i) {
        for (std::uint64_t e = graph.begins[i]; e < graph.begins[i + 1]; ++e)
            edges[{i, graph.targets[e]}] = graph.weights[e];
    }
    return edges;
}

TEST(FuzzyGraph, WeightsOfEachRowAddUpToTheBinaryLogarithmOfK) {
    ThreadPool pool(2);
    const Neighbors neighbors = random_neighbors(3000, 14);
    const Memberships memberships = memberships_of(neighbors, 14, 15, LocalConnectivity::one, pool);
    for (std::size_t i = 0; i < neighbors.n_rows; ++i) {
        double sum = 0;
        for (std::size_t j = 0; j < 14; ++j)
            sum += static_cast<double>(memberships.weights[i * 14 + j]);
        EXPECT_NEAR(sum, std::log2(15.0), 1e-4) << i;
        EXPECT_EQ(memberships.weights[i * 14], 1.0F) << "the nearest neighbour is sure";
    }
}

TEST(FuzzyGraph, DoesNotDependOnTheUnitOfDistance) {
    ThreadPool pool(1);
    Neighbors neighbors = random_neighbors(200, 10);
    const Memberships expected = memberships_of(neighbors, 10, 11, LocalConnectivity::one, pool);
    for (const float unit : {0x1p-20F, 0x1p40F}) {
        Neighbors scaled = neighbors;
        for (float& distance : scaled.distances) distance *= unit;
        const Memberships got = memberships_of(scaled, 10, 11, LocalConnectivity::one, pool);
        for (std::size_t e = 0; e < got.weights.size(); ++e)
            EXPECT_NEAR(got.weights[e], expected.weights[e], 1e-4);
    }
}

TEST(FuzzyGraph, UnitesTheViewsOfBothEnds) {
    // 0 sees 1, 1 sees 2, 2 sees 1.
    Neighbors neighbors;
    neighbors.n_rows = 3;
    neighbors.n_neighbors = 1;
    neighbors.indices = {1, 2, 1};
    neighbors.distances = {1, 1, 1};
    Memberships memberships;
    memberships.n_neighbors = 1;
    memberships.weights = {0.5F, 0.25F, 0.75F};
    ThreadPool pool(2);
    const auto edges = edges_of(unite(neighbors, memberships, pool));
    ASSERT_EQ(edges.size(), 4U);
    EXPECT_EQ(edges.at({0, 1}), 0.5F);
    EXPECT_EQ(edges.at({1, 0}), 0.5F);
    EXPECT_EQ(edges.at({1, 2}), 0.25F + 0.75F - 0.25F * 0.75F);
    EXPECT_EQ(edges.at({2, 1}), edges.at({1, 2}));
}

TEST(FuzzyGraph, IsSymmetricAndTheSameForAnyNumberOfThreads) {
    const Neighbors neighbors = random_neighbors(5000, 12);
    std::vector<FuzzyGraph> graphs;
    for (const int n_threads : {1, 2, 8}) {
        ThreadPool pool(n_threads);
        const Memberships memberships =
            memberships_of(neighbors, 12, 13, LocalConnectivity::one, pool);
        graphs.push_back(without_light_edges(unite(neighbors, memberships, pool), 1.0 / 200, pool));
    }
    for (const FuzzyGraph& graph : graphs) {
        EXPECT_EQ(graph.begins, graphs[0].begins);
        EXPECT_EQ(graph.targets, graphs[0].targets);
        EXPECT_EQ(graph.weights, graphs[0].weights);
    }
    const auto edges = edges_of(graphs[0]);
    EXPECT_EQ(edges.size(), graphs[0].targets.size()) << "no edge is there twice";
    for (const auto& [ends, weight] : edges) {
        EXPECT_EQ(edges.at({ends.second, ends.first}), weight);
        EXPECT_GT(weight, 0.0F);
        EXPECT_LE(weight, 1.0F);
    }
}

TEST(FuzzyGraph, LosesEdgesLighterThanAShareOfTheHeaviest) {
    FuzzyGraph graph;
    graph.begins = {0, 2, 3, 4};
    graph.targets = {1, 2, 0, 0};
    graph.weights = {0.8F, 0.03F, 0.8F, 0.03F};
    ThreadPool pool(1);
    EXPECT_EQ(without_light_edges(graph, 0.03, pool).targets.size(), 4U);
    const FuzzyGraph rest = without_light_edges(graph, 0.05, pool);
    EXPECT_EQ(rest.begins, (std::vector<std::uint64_t>{0, 1, 2, 2}));
    EXPECT_EQ(rest.targets, (std::vector<std::uint32_t>{1, 0}));
}

TEST(FuzzyGraph, CountsDuplicatesAsSure) {
    Neighbors neighbors;
    neighbors.n_rows = 4;
    neighbors.n_neighbors = 3;
    neighbors.indices = {1, 2, 3, 0, 2, 3, 0, 1, 3, 0, 1, 2};
    neighbors.distances.assign(12, 0.0F);
    ThreadPool pool(1);
    const Memberships memberships = memberships_of(neighbors, 3, 4, LocalConnectivity::one, pool);
    for (const float weight : memberships.weights) EXPECT_EQ(weight, 1.0F);
}

TEST(FuzzyGraph, TakesDotProductsFromTheNearestOn) {
    Neighbors neighbors;
    neighbors.n_rows = 4;
    neighbors.n_neighbors = 3;
    neighbors.indices = {1, 2, 3, 0, 2, 3, 0, 1, 3, 0, 1, 2};
    neighbors.distances = {-9, -5, -1, -9, -5, -1, -9, -5, -1, -9, -5, -1};
    ThreadPool pool(1);
    const Memberships memberships = memberships_of(neighbors, 3, 4, LocalConnectivity::one, pool);
    EXPECT_EQ(memberships.rho[0], -9.0F);
    EXPECT_EQ(memberships.weights[0], 1.0F);
    EXPECT_NEAR(memberships.weights[1] + memberships.weights[2], 1, 1e-4);
    EXPECT_NEAR(memberships.weights[2], memberships.weights[1] * memberships.weights[1], 1e-4);
}

TEST(FuzzyGraph, OrderHasEveryRowOnceAndKeepsTheEdges) {
    ThreadPool pool(2);
    const Neighbors neighbors = random_neighbors(5000, 5);
    const FuzzyGraph graph =
        unite(neighbors, memberships_of(neighbors, 5, 6, LocalConnectivity::one, pool), pool);
    const std::vector<std::uint32_t> order = order_by_neighborhood(graph);
    std::vector<std::uint32_t> sorted = order;
    std::sort(sorted.begin(), sorted.end());
    for (std::uint32_t i = 0; i < 5000; ++i) ASSERT_EQ(sorted[i], i);
    const auto edges = edges_of(graph);
    std::size_t n_found = 0;
    for (const auto& [ends, weight] : edges_of(reordered(graph, order, pool)))
        n_found += edges.at({order[ends.first], order[ends.second]}) == weight ? 1 : 0;
    EXPECT_EQ(n_found, edges.size());
}

TEST(FuzzyGraph, SlicesHoldEveryEdgeOnce) {
    ThreadPool pool(2);
    const Neighbors neighbors = random_neighbors(4999, 5);
    const FuzzyGraph graph =
        unite(neighbors, memberships_of(neighbors, 5, 6, LocalConnectivity::one, pool), pool);
    const UmapSlices slices = slice(graph, pool);
    ASSERT_EQ(slices.n_places(), 5008U);
    auto edges = edges_of(graph);
    for (std::size_t s = 0; s < slices.n_slices(); ++s) {
        for (std::uint64_t e = slices.begins[s]; e < slices.begins[s + 1]; ++e) {
            const std::size_t place = s * slice_rows + (e - slices.begins[s]) % slice_rows;
            if (slices.weights[e] == 0) {
                EXPECT_EQ(slices.targets[e], place);
                continue;
            }
            const auto found = edges.find({slices.row_at[place], slices.row_at[slices.targets[e]]});
            ASSERT_NE(found, edges.end());
            EXPECT_EQ(found->second, slices.weights[e]);
            edges.erase(found);
        }
    }
    EXPECT_TRUE(edges.empty());
}

}  // namespace
}  // namespace oort
