// SPDX-License-Identifier: Apache-2.0
#include "numeric/barnes_hut.h"

#include <gtest/gtest.h>

#include "numeric/exact_repulsion.h"
#include "numeric/tsne_test_data.h"

namespace oort {
namespace {

double check_against_plain(const Matrix& layout) {
    ThreadPool pool(2);
    BarnesHut tree(layout.n_rows(), pool);
    std::vector<float> forces(4 * layout.n_rows());
    const double z = tree.compute(padded_rows(layout).data(), forces.data());
    const PlainRepulsion plain = plain_repulsion(layout);
    EXPECT_NEAR(z / plain.z, 1, 0.01);
    return relative_error(forces, plain.forces, 3);
}

TEST(BarnesHut, IsThatOfTheDefinition) {
    for (const double deviation : {1e-4, 1.0, 10.0})
        EXPECT_LT(check_against_plain(some_layout(3000, 3, deviation)), 0.02) << deviation;
    const Matrix grouped = grouped_points(3000, 3, 10, 8);
    EXPECT_LT(check_against_plain(grouped), 0.01);
}

TEST(BarnesHut, ThreadsDoNotChangeIt) {
    const auto rows = padded_rows(grouped_points(20000, 3, 10, 8));
    ThreadPool one(1);
    ThreadPool eight(8);
    BarnesHut a(20000, one);
    BarnesHut b(20000, eight);
    std::vector<float> forces_a(80000);
    std::vector<float> forces_b(80000);
    EXPECT_EQ(a.compute(rows.data(), forces_a.data()), b.compute(rows.data(), forces_b.data()));
    EXPECT_EQ(forces_a, forces_b);
}

TEST(BarnesHut, OfPointsThatAreAllEqualIsZero) {
    const Matrix layout(5000, 3);
    ThreadPool pool(2);
    BarnesHut tree(5000, pool);
    std::vector<float> forces(20000, 1);
    const double z = tree.compute(padded_rows(layout).data(), forces.data());
    EXPECT_NEAR(z, 5000.0 * 4999, 5000);
    for (const float force : forces) EXPECT_EQ(force, 0);
}

TEST(ExactRepulsion, IsThatOfTheDefinition) {
    ThreadPool pool(2);
    for (const std::size_t n_dims : {2UL, 3UL}) {
        for (const std::size_t n : {2UL, 63UL, 64UL, 65UL, 300UL}) {
            const Matrix layout = some_layout(n, n_dims, 2);
            const PlainRepulsion plain = plain_repulsion(layout);
            const std::size_t stride = n_dims == 2 ? 2 : 4;
            std::vector<float> forces(n * stride);
            const double z =
                exact_repulsion(padded_rows(layout).data(), n, stride, forces.data(), pool);
            EXPECT_NEAR(z / plain.z, 1, 1e-4);
            EXPECT_LT(relative_error(forces, plain.forces, n_dims), 2e-4);
        }
    }
}

TEST(ExactRepulsion, OfTwoPointsFarApartIsSmallAndNotLost) {
    const float layout[4] = {-1000, 0, 1000, 0};
    float forces[4];
    ThreadPool pool(1);
    EXPECT_NEAR(exact_repulsion(layout, 2, 2, forces, pool) * 2e6, 1, 1e-3);
}

}  // namespace
}  // namespace oort
