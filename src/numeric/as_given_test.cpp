// SPDX-License-Identifier: Apache-2.0
#include "numeric/as_given.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "base/error.h"

namespace oort {
namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN();

TEST(NeighborsAsGiven, AnswerInTheRowsAndTheUnitOfThePoints) {
    ThreadPool pool(2);
    // Multiples of a power of two beyond what clean points may be.
    const float unit = 0x1p60F;
    const std::vector<float> values{0, nan, 3 * unit, 4 * unit, 10 * unit};
    const auto found =
        neighbors_as_given(MatrixView{values.data(), 5, 1}, {.n_neighbors = 2}, pool);
    ASSERT_EQ(found.n_rows, 5U);
    ASSERT_EQ(found.n_neighbors, 2U);
    EXPECT_EQ(found.indices,
              (std::vector<std::uint32_t>{2, 3, no_neighbor, no_neighbor, 3, 0, 2, 0, 3, 2}));
    EXPECT_EQ(found.distances[0], 3 * unit);
    EXPECT_TRUE(std::isnan(found.distances[2]));
    EXPECT_EQ(found.distances[9], 7 * unit);
    EXPECT_FALSE(found.notes.empty());
}

TEST(NeighborsAsGiven, RefuseNoRowsAndOptionsOutOfRange) {
    ThreadPool pool(1);
    const float value = 1;
    EXPECT_THROW(neighbors_as_given(MatrixView{&value, 0, 1}, {}, pool), Error);
    EXPECT_THROW(neighbors_as_given(MatrixView{&value, 1, 1}, {.n_neighbors = 0}, pool), Error);
}

TEST(QualityAsGiven, LeavesOutRowsThatAreNotFiniteAndNamesTheOthersAsGiven) {
    ThreadPool pool(2);
    std::vector<float> values;
    std::vector<float> places;
    std::vector<std::uint32_t> labels;
    for (int i = 0; i < 40; ++i) {
        values.push_back(i == 3 ? nan : static_cast<float>(i));
        for (const float at : {static_cast<float>(i), 0.0F}) places.push_back(i == 7 ? nan : at);
        labels.push_back(i < 20 ? 0U : 1U);
    }
    const auto whole = quality_as_given(MatrixView{values.data(), 40, 1},
                                        MatrixView{places.data(), 40, 2},
                                        labels,
                                        {.n_neighbors = 2},
                                        pool);
    ASSERT_EQ(whole.rows.size(), 38U);
    EXPECT_EQ(whole.rows[3], 4U);
    EXPECT_EQ(whole.rows[37], 39U);
    EXPECT_EQ(whole.trustworthiness, 1);
    EXPECT_THROW(quality_as_given(MatrixView{values.data(), 40, 1},
                                  MatrixView{places.data(), 39, 2},
                                  labels,
                                  {.n_neighbors = 2},
                                  pool),
                 Error);
}

}  // namespace
}  // namespace oort
