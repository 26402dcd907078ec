// SPDX-License-Identifier: Apache-2.0
#include "numeric/affinity_graph.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "base/error.h"
#include "numeric/affinities.h"
#include "numeric/tsne_test_data.h"

namespace oort {
namespace {

using Edges = std::map<std::pair<std::size_t, std::size_t>, double>;

Edges read(const EdgesView& edges, std::size_t n) {
    Edges out;
    for (std::size_t i = 0; i < n; ++i) {
        for (std::uint64_t e = edges.row_begin[i]; e < edges.row_begin[i + 1]; ++e) {
            const std::uint32_t word = edges.words[e];
            const std::uint32_t weight = word & ((1U << edges.weight_bits) - 1);
            const auto p = static_cast<double>(edges.row_scale[i]) * weight;
            EXPECT_TRUE(out.emplace(std::pair(i, word >> edges.weight_bits), p).second);
        }
    }
    return out;
}

struct Given {
    std::size_t n;
    Neighbors neighbors;
    std::vector<float> weights;
};

Given given(std::size_t n, std::size_t k, double perplexity) {
    Given out;
    out.n = n;
    out.neighbors = plain_neighbors(grouped_points(n, 4, 3, 1).view(), k);
    ThreadPool pool(2);
    out.weights =
        conditional_affinities(out.neighbors, TsneAffinities::perplexity, perplexity, pool, {});
    return out;
}

Edges symmetric(const Given& data) {
    Edges out;
    const std::size_t k = data.neighbors.n_neighbors;
    for (std::size_t e = 0; e < data.weights.size(); ++e) {
        const double half =
            static_cast<double>(data.weights[e]) / (2 * static_cast<double>(data.n));
        out[{e / k, data.neighbors.indices[e]}] += half;
        out[{data.neighbors.indices[e], e / k}] += half;
    }
    return out;
}

TEST(AffinityGraph, HoldsTheSymmetricAffinities) {
    const Given data = given(3000, 30, 10);
    ThreadPool pool(2);
    const AffinityGraph graph(data.neighbors.indices, data.weights, data.n, pool, {});
    Edges edges = read(graph.strong(), data.n);
    edges.merge(read(graph.weak(), data.n));
    const double unit = 1.0 / 3000 / (1 << 18);
    double sum = 0;
    for (const auto& [pair, p] : symmetric(data)) {
        const auto found = edges.find(pair);
        EXPECT_NEAR(found == edges.end() ? 0 : found->second, p, unit);
    }
    for (const auto& [pair, p] : edges) sum += p;
    EXPECT_NEAR(sum, 1, 1e-6);
}

TEST(AffinityGraph, StrongEdgesTakeOverWhatTheWeakOnesPull) {
    const Given data = given(500, 30, 10);
    ThreadPool pool(2);
    const AffinityGraph graph(data.neighbors.indices, data.weights, data.n, pool, {});
    const Edges pulling = read(graph.pulling(), data.n);
    const Edges strong = read(graph.strong(), data.n);
    const Edges weak = read(graph.weak(), data.n);
    EXPECT_GT(weak.size(), strong.size() / 4);
    std::vector<double> rows(data.n);
    for (const auto& [pair, p] : strong) {
        EXPECT_GT(p, 0.999 * AffinityGraph::weak_share / (2 * 500 * 30));
        rows[pair.first] += p;
    }
    for (const auto& [pair, p] : weak) {
        EXPECT_LT(p, 1.001 * AffinityGraph::weak_share / (2 * 500 * 30));
        rows[pair.first] += p;
    }
    for (const auto& [pair, p] : pulling) rows[pair.first] -= p;
    for (const double left : rows) EXPECT_NEAR(left, 0, 1e-8);
}

TEST(AffinityGraph, ReorderedIsTheSameGraph) {
    const Given data = given(700, 12, 4);
    ThreadPool pool(2);
    AffinityGraph graph(data.neighbors.indices, data.weights, data.n, pool, {});
    const Edges before = read(graph.pulling(), data.n);
    const Edges weak = read(graph.weak(), data.n);
    const auto order = random_permutation(data.n, 3);
    graph.reorder(order, pool);
    Edges after;
    for (const auto& [pair, p] : read(graph.pulling(), data.n))
        after[{order[pair.first], order[pair.second]}] = p;
    EXPECT_EQ(before, after);
    EXPECT_EQ(weak, read(graph.weak(), data.n));
}

TEST(AffinityGraph, ThreadsDoNotChangeIt) {
    const Given data = given(5000, 9, 3);
    ThreadPool one(1);
    ThreadPool eight(8);
    const AffinityGraph a(data.neighbors.indices, data.weights, data.n, one, {});
    const AffinityGraph b(data.neighbors.indices, data.weights, data.n, eight, {});
    EXPECT_EQ(read(a.pulling(), data.n), read(b.pulling(), data.n));
    EXPECT_EQ(read(a.weak(), data.n), read(b.weak(), data.n));
}

TEST(AffinityGraph, KeepsHubs) {
    // Everybody's nearest is point 0; it alone has many edges.
    const std::size_t n = 300;
    std::vector<std::uint32_t> indices(n, 0);
    indices[0] = 1;
    const std::vector<float> weights(n, 1);
    ThreadPool pool(2);
    const AffinityGraph graph(indices, weights, n, pool, {});
    const Edges edges = read(graph.pulling(), n);
    EXPECT_EQ(edges.size(), 2 * (n - 1));
    EXPECT_NEAR(edges.at({0, 1}), 1.0 / n, 1e-7);
    EXPECT_NEAR(edges.at({7, 0}), 0.5 / n, 1e-7);
}

TEST(AffinityGraph, StopsWhenAsked) {
    const Given data = given(100, 5, 2);
    ThreadPool pool(2);
    std::stop_source source;
    source.request_stop();
    EXPECT_THROW(
        AffinityGraph(data.neighbors.indices, data.weights, data.n, pool, source.get_token()),
        Error);
}

}  // namespace
}  // namespace oort
