// SPDX-License-Identifier: Apache-2.0
#include "numeric/umap_start.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

#include "numeric/random.h"

namespace oort {
namespace {

/// Rings of n rows each, row i tied to i - 1 and i + 1 of its ring.
FuzzyGraph rings(std::size_t n_rings, std::size_t n) {
    FuzzyGraph graph;
    graph.begins.push_back(0);
    for (std::size_t ring = 0; ring < n_rings; ++ring) {
        for (std::size_t i = 0; i < n; ++i) {
            for (const std::size_t other : {(i + n - 1) % n, (i + 1) % n}) {
                graph.targets.push_back(static_cast<std::uint32_t>(ring * n + other));
                graph.weights.push_back(1);
            }
            graph.begins.push_back(graph.targets.size());
        }
    }
    return graph;
}

/// Uneven coordinates of a circle with much noise.
Matrix noisy_circles(std::size_t n_rings, std::size_t n, double apart) {
    Random random(2);
    Matrix points(n_rings * n, 3);
    for (std::size_t i = 0; i < n_rings * n; ++i) {
        const double angle =
            2 * std::numbers::pi * static_cast<double>(i % n) / static_cast<double>(n);
        const double values[] = {3 * std::cos(angle), std::sin(angle), 0};
        for (std::size_t c = 0; c < 3; ++c) {
            points.row(i)[c] = static_cast<float>(values[c] + random.normal() +
                                                  apart * static_cast<double>((i / n) * (c + 1)));
        }
    }
    return points;
}

TEST(UmapStart, FindsARingsSmoothestDirections) {
    constexpr std::size_t n = 60;
    ThreadPool pool(2);
    const Matrix start = umap_start(rings(1, n),
                                    noisy_circles(1, n, 0).view(),
                                    {.degree = 60, .passed = 0.99, .blend = 0, .noise = 0},
                                    pool);
    // The eigenvectors are a cosine and a sine: a circle of radius sqrt(2) deviations.
    for (std::size_t i = 0; i < n; ++i) {
        EXPECT_NEAR(std::hypot(start.row(i)[0], start.row(i)[1]), 6 * std::numbers::sqrt2, 0.3)
            << i;
        const float* next = start.row((i + 1) % n);
        EXPECT_NEAR(std::hypot(next[0] - start.row(i)[0], next[1] - start.row(i)[1]),
                    6 * std::numbers::sqrt2 * 2 * std::numbers::pi / n,
                    0.3)
            << i;
    }
}

TEST(UmapStart, LeavesPartsWithoutAnEdgeBetweenThemTheirShape) {
    constexpr std::size_t n = 100;
    ThreadPool pool(2);
    const Matrix start = umap_start(rings(3, n), noisy_circles(3, n, 20).view(), {}, pool);
    for (std::size_t ring = 0; ring < 3; ++ring) {
        double spread = 0;
        for (std::size_t i = 0; i < n; ++i) {
            const float* own = start.row(ring * n + i);
            const float* across = start.row(ring * n + (i + n / 2) % n);
            spread += std::hypot(own[0] - across[0], own[1] - across[1]) / n;
            EXPECT_LT(std::abs(own[0]), 19);
            EXPECT_LT(std::abs(own[1]), 19);
        }
        EXPECT_GT(spread, 0.05) << ring;
    }
}

TEST(UmapStart, IsTheSameForAnyNumberOfThreadsAndFewCoordinates) {
    const FuzzyGraph graph = rings(5, 1000);
    Matrix line(5000, 1);
    for (std::size_t i = 0; i < 5000; ++i) line.row(i)[0] = static_cast<float>(i / 1000);
    std::vector<Matrix> starts;
    for (const int n_threads : {1, 2}) {
        ThreadPool pool(n_threads);
        starts.push_back(umap_start(graph, line.view(), {.n_components = 3}, pool));
    }
    ASSERT_EQ(starts[0].n_columns(), 3U);
    for (std::size_t i = 0; i < 15000; ++i) {
        ASSERT_EQ(starts[0].row(0)[i], starts[1].row(0)[i]);
        ASSERT_TRUE(std::isfinite(starts[0].row(0)[i]));
    }
}

}  // namespace
}  // namespace oort
