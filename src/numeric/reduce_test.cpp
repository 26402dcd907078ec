// SPDX-License-Identifier: Apache-2.0
#include "numeric/reduce.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "base/error.h"
#include "numeric/pca.h"
#include "numeric/random.h"

namespace oort {
namespace {

Matrix random_points(std::size_t n, std::size_t d) {
    Random random(3);
    Matrix points(n, d);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < d; ++j) {
            points.row(i)[j] =
                static_cast<float>(random.normal() / (1.0 + static_cast<double>(j)) + 2.0);
        }
    }
    return points;
}

Reduced run(PointsView points, std::size_t k, int n_threads = 2) {
    ThreadPool pool(n_threads);
    return reduce(points, k, pool);
}

TEST(Reduce, ALineKeepsItsDistancesInOneColumn) {
    Matrix points(3, 2);
    const float values[] = {3, 4, 6, 8, 9, 12};
    std::memcpy(points.row(0), values, sizeof(values));
    const Reduced reduced = run(points.view(), 1);
    ASSERT_EQ(reduced.coordinates.n_columns(), 1U);
    const float wanted[] = {-5, 0, 5};
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(reduced.coordinates.row(i)[0], wanted[i], 1e-5);
    EXPECT_NEAR(reduced.explained_variance[0], 25.0, 1e-6);
    EXPECT_NEAR(reduced.total_variance, 25.0, 1e-6);
    EXPECT_EQ(reduced.mean, (std::vector<float>{6, 8}));
}

TEST(Reduce, IsThePcaOfTheSamePoints) {
    for (const auto& [n, d] : {std::pair<std::size_t, std::size_t>{400, 30}, {30, 400}, {7, 1}}) {
        const Matrix points = random_points(n, d);
        ThreadPool pool(2);
        const PcaResult whole = pca(points.view(), {.n_components = 5}, pool);
        const Reduced reduced = run(points.view(), 5);
        ASSERT_EQ(reduced.coordinates.n_rows(), n);
        ASSERT_EQ(reduced.coordinates.n_columns(), whole.n_components);
        EXPECT_EQ(reduced.components, whole.components);
        EXPECT_EQ(reduced.mean, whole.mean);
        EXPECT_EQ(reduced.explained_variance, whole.explained_variance);
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t c = 0; c < whole.n_components; ++c)
                EXPECT_EQ(reduced.coordinates.row(i)[c], whole.coordinates[c * n + i]);
        }
    }
}

TEST(Reduce, ThreadsDoNotChangeASingleBit) {
    const Matrix points = random_points(1500, 70);
    const Reduced one = run(points.view(), 20, 1);
    for (const int n_threads : {2, 8}) {
        const Reduced many = run(points.view(), 20, n_threads);
        EXPECT_EQ(
            std::memcmp(one.coordinates.row(0), many.coordinates.row(0), 1500 * 20 * sizeof(float)),
            0);
        EXPECT_EQ(one.components, many.components);
    }
}

TEST(Reduce, NoMoreColumnsThanThereAreRowsOrDimensions) {
    EXPECT_EQ(run(random_points(3, 50).view(), 10).coordinates.n_columns(), 3U);
    EXPECT_EQ(run(random_points(50, 4).view(), 10).coordinates.n_columns(), 4U);
    EXPECT_EQ(run(random_points(1, 4).view(), 10).coordinates.n_columns(), 1U);
}

TEST(Place, PutsTheOldPointsWhereTheyAreAndNewOnesOnTheirOwn) {
    const Matrix points = random_points(600, 40);
    const Reduced reduced = run(points.view(), 6);
    ThreadPool pool(2);
    const Matrix placed = place(points.view(), reduced, pool);
    ASSERT_EQ(placed.n_columns(), 6U);
    for (std::size_t i = 0; i < 600; ++i) {
        for (std::size_t c = 0; c < 6; ++c)
            EXPECT_NEAR(placed.row(i)[c], reduced.coordinates.row(i)[c], 4e-6);
    }
    const Matrix alone = place({points.row(77), 1, 40, ElementType::float32}, reduced, pool);
    EXPECT_EQ(std::memcmp(alone.row(0), placed.row(77), 6 * sizeof(float)), 0);
}

TEST(Reduce, StopsWhenAsked) {
    ThreadPool pool(2);
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THROW(reduce(random_points(50, 4).view(), 2, pool, stop.get_token()), Error);
}

}  // namespace
}  // namespace oort
