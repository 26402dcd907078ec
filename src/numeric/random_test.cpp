// SPDX-License-Identifier: Apache-2.0
#include "numeric/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace oort {
namespace {

TEST(Random, TheStreamOfASeedIsThePublishedOne) {
    // xoshiro256** seeded by splitmix64 from 0, computed from the published C sources.
    Random random(0);
    EXPECT_EQ(random.next(), 0x99ec5f36cb75f2b4ULL);
    EXPECT_EQ(random.next(), 0xbf6e1f784956452aULL);
    EXPECT_EQ(random.next(), 0x1a5f849d4933e6e0ULL);
}

TEST(Random, BoundedNumbersAreEvenlySpread) {
    Random random(7);
    std::vector<int> counts(6);
    for (int i = 0; i < 60000; ++i) ++counts.at(random.below(6));
    for (const int count : counts) EXPECT_NEAR(count, 10000, 400);
    EXPECT_EQ(random.below(0), 0U);
    EXPECT_EQ(random.below(1), 0U);
}

TEST(Random, NormalNumbersHaveMeanZeroAndVarianceOne) {
    Random random(7);
    double sum = 0;
    double sum_squares = 0;
    for (int i = 0; i < 100000; ++i) {
        const double value = random.normal();
        ASSERT_TRUE(std::isfinite(value));
        sum += value;
        sum_squares += value * value;
    }
    EXPECT_NEAR(sum / 100000, 0.0, 0.015);
    EXPECT_NEAR(sum_squares / 100000, 1.0, 0.02);
}

TEST(RandomPermutation, HoldsEveryRowOnceInAnOrderDecidedByTheSeed) {
    const std::vector<std::uint32_t> order = random_permutation(1000, 42);
    EXPECT_EQ(order, random_permutation(1000, 42));
    EXPECT_NE(order, random_permutation(1000, 43));
    std::vector<std::uint32_t> sorted = order;
    std::sort(sorted.begin(), sorted.end());
    for (std::uint32_t i = 0; i < 1000; ++i) ASSERT_EQ(sorted[i], i);
    EXPECT_TRUE(random_permutation(0, 1).empty());
    EXPECT_EQ(random_permutation(1, 1), std::vector<std::uint32_t>{0});
}

TEST(RandomPermutation, EveryOrderOfThreeIsEquallyLikely) {
    std::vector<int> counts(9);
    for (std::uint64_t seed = 0; seed < 6000; ++seed) {
        const std::vector<std::uint32_t> order = random_permutation(3, seed);
        ++counts.at(order[0] * 3 + order[1]);
    }
    for (const std::size_t pair : {1U, 2U, 3U, 5U, 6U, 7U})
        EXPECT_NEAR(counts[pair], 1000, 150) << pair;
}

}  // namespace
}  // namespace oort
