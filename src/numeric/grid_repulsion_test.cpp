// SPDX-License-Identifier: Apache-2.0
#include "numeric/grid_repulsion.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "numeric/tsne_test_data.h"

namespace oort {
namespace {

double check_against_plain(const Matrix& layout) {
    ThreadPool pool(2);
    GridRepulsion grid(layout.n_rows(), pool);
    std::vector<float> forces(2 * layout.n_rows());
    const double z = grid.compute(layout.row(0), forces.data());
    const PlainRepulsion plain = plain_repulsion(layout);
    EXPECT_NEAR(z / plain.z, 1, 0.02);
    return relative_error(forces, plain.forces, 2);
}

TEST(GridRepulsion, IsThatOfTheDefinition) {
    EXPECT_LT(check_against_plain(some_layout(1000, 2, 1)), 0.004);
    EXPECT_LT(check_against_plain(some_layout(1000, 2, 4)), 0.02);
    EXPECT_LT(check_against_plain(some_layout(1000, 2, 0.001)), 0.3);
}

TEST(GridRepulsion, OfLayoutsLongAndThin) {
    Matrix layout = some_layout(900, 2, 1);
    for (std::size_t i = 0; i < 900; ++i) layout.row(i)[0] *= 30;
    EXPECT_LT(check_against_plain(layout), 0.06);
    for (std::size_t i = 0; i < 900; ++i) {
        const float x = layout.row(i)[0];
        layout.row(i)[0] = layout.row(i)[1] + 1000;
        layout.row(i)[1] = x - 500;
    }
    EXPECT_LT(check_against_plain(layout), 0.06);
}

TEST(GridRepulsion, ThreadsDoNotChangeIt) {
    const Matrix layout = some_layout(40000, 2, 20);
    ThreadPool one(1);
    ThreadPool eight(8);
    GridRepulsion a(40000, one);
    GridRepulsion b(40000, eight);
    std::vector<float> forces_a(80000);
    std::vector<float> forces_b(80000);
    EXPECT_EQ(a.compute(layout.row(0), forces_a.data()), b.compute(layout.row(0), forces_b.data()));
    EXPECT_EQ(forces_a, forces_b);
}

TEST(GridRepulsion, StaysSmallWhenTheLayoutIsWide) {
    Matrix layout = some_layout(600, 2, 1);
    layout.row(0)[0] = 1e5F;
    layout.row(1)[1] = -1e5F;
    ThreadPool pool(2);
    GridRepulsion grid(600, pool);
    std::vector<float> forces(1200);
    grid.compute(layout.row(0), forces.data());
    EXPECT_LE(grid.size().n_rows, 640U);
    EXPECT_GT(grid.spacing(), 100);
    for (const float force : forces) EXPECT_TRUE(std::isfinite(force));
}

TEST(GridRepulsion, RefusesSizesThatCannotBe) {
    ThreadPool pool(1);
    GridRepulsion grid(600, pool);
    EXPECT_NO_THROW(grid.set_size({96, 480}));
    EXPECT_THROW(grid.set_size({97, 480}), Error);
    EXPECT_THROW(grid.set_size({96, 1UL << 30}), Error);
}

TEST(Fft, LengthsAreProductsOfSmallPrimes) {
    EXPECT_EQ(fft_length(1), 16U);
    EXPECT_EQ(fft_length(33), 48U);
    EXPECT_EQ(fft_length(97), 128U);
    EXPECT_FALSE(is_fft_length(112));
    EXPECT_FALSE(is_fft_length(0));
}

TEST(Fft, ConvolvesEveryLength) {
    // One charge on a node far from the others: phi there is 1 / (1 + r^2) to a float's precision.
    ThreadPool pool(2);
    for (const std::size_t nodes : {16UL, 32UL, 48UL, 80UL, 96UL, 160UL, 400UL}) {
        GridRepulsion grid(2, pool);
        grid.set_size({nodes, nodes});
        const auto half =
            static_cast<float>(GridRepulsion::finest) * static_cast<float>(nodes - 6) / 2;
        const float layout[4] = {-half, -half, half, half};
        std::vector<float> forces(4);
        const double z = grid.compute(layout, forces.data());
        const double square = 8 * static_cast<double>(half) * static_cast<double>(half);
        EXPECT_NEAR(z, 2 / (1 + square), 0.04) << nodes;
    }
}

}  // namespace
}  // namespace oort
