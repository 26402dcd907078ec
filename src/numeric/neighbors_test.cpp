// SPDX-License-Identifier: Apache-2.0
#include "numeric/neighbors.h"

#include <gtest/gtest.h>

#include <vector>

namespace oort {
namespace {

TEST(Neighbors, OfFivePointsOnALineByHand) {
    const std::vector<float> line{0, 1, 3, 7, 8};
    ThreadPool pool(2);
    const Neighbors graph = find_neighbors(
        {line.data(), 5, 1, ElementType::float32}, NeighborsOptions{.n_neighbors = 2}, pool);
    EXPECT_EQ(graph.indices, (std::vector<std::uint32_t>{1, 2, 0, 2, 1, 0, 4, 2, 3, 2}));
    EXPECT_EQ(graph.distances, (std::vector<float>{1, 3, 1, 2, 2, 3, 1, 4, 1, 5}));
    EXPECT_TRUE(graph.is_exact);
    EXPECT_EQ(graph.recall_sample, 0U);
}

}  // namespace
}  // namespace oort
