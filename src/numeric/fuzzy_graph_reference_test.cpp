// SPDX-License-Identifier: Apache-2.0
// Numbers of umap-learn 0.5, printed by src/numeric/reference/make_umap_reference.py.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "numeric/fuzzy_graph.h"
#include "numeric/tsne.h"

namespace oort {
namespace {

constexpr std::size_t n_rows = 24;
constexpr std::size_t n_columns = 3;
constexpr std::size_t k = 5;  // umap-learn counts the row itself as the sixth

const double expected_rho[] = {3.45252395, 0.80282706,  1.94529676,  3.062181,   0.597030401,
                               0.40141353, 0.855816483, 1.66624343,  1.59252405, 1.59252405,
                               1.16926789, 2.17765641,  0.95299691,  0.40141353, 0.855816483,
                               1.62259436, 1.66624343,  0.80282706,  3.062181,   3.04683495,
                               1.94529676, 0.597030401, 0.597030401, 0.597030401};
const double expected_sigma[] = {
    0.249916077, 1.81918335,  0.522171021, 1.18989563,     0.00107908435,  3.53619385,
    2.14929199,  0.953186035, 1.02479553,  1.37358093,     1.6940155,      0.623352051,
    0.386802673, 3.29022217,  2.57006836,  1.65097046,     1.25827026,     2.67248535,
    0.666419983, 0.545600891, 1.00169373,  0.000880304957, 0.000880304957, 0.000880304957};
const double expected_weights_0[] = {
    0, 0, 0, 0, 0.328917474, 0, 0,           0, 0, 0,           0,           0,
    1, 0, 0, 0, 0,           0, 0.293765992, 0, 0, 0.418680608, 0.418680608, 0.418680608};
const double expected_weights_7[] = {
    0, 0.136252284, 0.147035763, 0, 0, 0,           0, 0, 0.994681716, 0.613802314, 0, 0,
    0, 0,           0,           0, 1, 0.210779324, 0, 0, 0.362834841, 0,           0, 0};
const double expected_weights_22[] = {0.418680608, 0, 0, 0,           1, 0, 0, 0, 0, 0, 0, 0,
                                      0.527799308, 0, 0, 0.323732644, 0, 0, 0, 0, 0, 1, 0, 1};
const double expected_labelled_7[] = {0,           0.456160307, 0.00201231544,
                                      0,           0,           0,
                                      0,           0,           0.135490209,
                                      0.615399539, 0,           0,
                                      0,           0,           0,
                                      0,           1,           0.00404866366,
                                      0,           0,           0.447883278,
                                      0,           0,           0};

/// The nearest rows of the points of make_umap_reference.py, ties by index.
Neighbors reference_neighbors() {
    float points[n_rows][n_columns];
    for (std::size_t i = 0; i < n_rows; ++i) {
        for (std::size_t j = 0; j < n_columns; ++j) {
            const std::size_t row = std::min<std::size_t>(i, n_rows - 3);
            const std::size_t mixed = row * 7919 + j * 104729 + row * j * 31 + row * row * 17;
            points[i][j] = (static_cast<float>(mixed % 257) - 128) / 32;
        }
    }
    Neighbors neighbors;
    neighbors.n_rows = n_rows;
    neighbors.n_neighbors = k;
    for (std::size_t i = 0; i < n_rows; ++i) {
        std::vector<std::pair<double, std::uint32_t>> others;
        for (std::uint32_t o = 0; o < n_rows; ++o) {
            double square = 0;
            for (std::size_t j = 0; j < n_columns; ++j) {
                const double apart = static_cast<double>(points[i][j] - points[o][j]);
                square += apart * apart;
            }
            if (o != i) others.emplace_back(std::sqrt(square), o);
        }
        std::sort(others.begin(), others.end());
        for (std::size_t j = 0; j < k; ++j) {
            neighbors.indices.push_back(others[j].second);
            neighbors.distances.push_back(static_cast<float>(others[j].first));
        }
    }
    return neighbors;
}

void expect_row(const FuzzyGraph& graph, std::size_t row, const double* expected) {
    double got[n_rows] = {};
    for (std::uint64_t e = graph.begins[row]; e < graph.begins[row + 1]; ++e)
        got[graph.targets[e]] = static_cast<double>(graph.weights[e]);
    for (std::size_t j = 0; j < n_rows; ++j)
        EXPECT_NEAR(got[j], expected[j], 2e-5) << "edge " << row << " to " << j;
}

TEST(FuzzyGraphReference, IsUmapLearns) {
    ThreadPool pool(2);
    const Neighbors neighbors = reference_neighbors();
    const Memberships memberships =
        memberships_of(neighbors, k, k + 1, LocalConnectivity::one, pool);
    for (std::size_t i = 0; i < n_rows; ++i) {
        EXPECT_NEAR(memberships.rho[i], expected_rho[i], 1e-6) << i;
        EXPECT_NEAR(memberships.sigma[i] / expected_sigma[i], 1, 1e-4) << i;
    }
    const FuzzyGraph graph = unite(neighbors, memberships, pool);
    expect_row(graph, 0, expected_weights_0);
    expect_row(graph, 7, expected_weights_7);
    expect_row(graph, 22, expected_weights_22);

    std::vector<std::uint32_t> labels;
    for (std::uint32_t i = 0; i < n_rows; ++i) labels.push_back(i % 5 == 0 ? missing_label : i % 3);
    expect_row(with_labels(graph, labels, 0.5, pool), 7, expected_labelled_7);
}

}  // namespace
}  // namespace oort
