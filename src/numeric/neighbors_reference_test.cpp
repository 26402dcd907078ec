// SPDX-License-Identifier: Apache-2.0
// Neighbours against scikit-learn 1.7.2 (brute force, float64); the numbers are printed by
// reference/make_neighbors_reference.py.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>

#include "numeric/neighbors.h"

namespace oort {
namespace {

const std::uint32_t euclidean_indices[] = {41, 4, 31, 17, 4, 37, 31, 2, 15, 40, 28, 37};
const double euclidean_distances[] = {5.15355042968,
                                      6.00106293482,
                                      6.33883160628,
                                      6.55986275134,
                                      1.92349398272,
                                      4.23473533983,
                                      4.72740178499,
                                      4.90398534517,
                                      5.31382106736,
                                      5.7381575995,
                                      5.73868409282,
                                      5.88319636862};
const std::uint32_t cosine_indices[] = {41, 4, 17, 31, 4, 58, 0, 2, 15, 28, 2, 40};
const double cosine_distances[] = {0.215222459956,
                                   0.305630919879,
                                   0.346801669545,
                                   0.351692392649,
                                   0.0601429307366,
                                   0.424908651324,
                                   0.427359257949,
                                   0.44617371273,
                                   0.411585026707,
                                   0.485827547737,
                                   0.529540743564,
                                   0.530794862432};
const std::uint32_t dot_indices[] = {41, 17, 55, 4, 4, 0, 22, 58, 15, 54, 11, 28};
const double dot_distances[] = {-44.1174926758,
                                -39.5574951172,
                                -33.1727294922,
                                -30.1391601562,
                                -20.6076049805,
                                -19.9534301758,
                                -16.5026245117,
                                -15.2339477539,
                                -20.1815185547,
                                -19.8977050781,
                                -18.7606201172,
                                -17.4178466797};

/// The points of make_neighbors_reference.py.
Matrix reference_points(std::size_t n_rows, std::size_t n_columns) {
    Matrix points(n_rows, n_columns);
    for (std::size_t row = 0; row < n_rows; ++row) {
        for (std::size_t column = 0; column < n_columns; ++column) {
            const auto i = static_cast<std::int64_t>(row);
            const auto j = static_cast<std::int64_t>(column);
            const std::int64_t noise =
                (i * 7919 + j * 104729 + i * j * 31 + i * i * 17) % 257 - 128;
            const std::int64_t drift = (i * 37) % 101 - 50;
            points.row(row)[column] =
                static_cast<float>(noise * (1 + j % 4) + drift * ((j * 5) % 7)) / 128.0F;
        }
    }
    return points;
}

void expect_neighbors(Metric metric, const std::uint32_t* indices, const double* distances) {
    const Matrix points = reference_points(60, 12);
    ThreadPool pool(2);
    const Neighbors graph =
        find_neighbors(points.view(), {.n_neighbors = 4, .metric = metric}, pool);
    const std::size_t shown[] = {0, 29, 59};
    for (std::size_t s = 0; s < 3; ++s) {
        for (std::size_t j = 0; j < 4; ++j) {
            const std::size_t at = shown[s] * 4 + j;
            EXPECT_EQ(graph.indices[at], indices[s * 4 + j]) << shown[s] << " " << j;
            const double expected = distances[s * 4 + j];
            EXPECT_NEAR(graph.distances[at], expected, 3e-7 * std::abs(expected))
                << shown[s] << " " << j;
        }
    }
}

TEST(NeighborsReference, Euclidean) {
    expect_neighbors(Metric::euclidean, euclidean_indices, euclidean_distances);
}

TEST(NeighborsReference, Cosine) {
    expect_neighbors(Metric::cosine, cosine_indices, cosine_distances);
}

TEST(NeighborsReference, Dot) {
    expect_neighbors(Metric::dot, dot_indices, dot_distances);
}

}  // namespace
}  // namespace oort
