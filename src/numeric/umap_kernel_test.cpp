// SPDX-License-Identifier: Apache-2.0
#include "numeric/simd/umap_kernel.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "numeric/random.h"
#include "numeric/umap_optimiser.h"

namespace oort {
namespace {

constexpr double a = 1.577;
constexpr double b = 0.895;

/// One slice of 16 rows with one edge each, to the next; its points lie far and near.
struct Slice {
    std::vector<std::uint64_t> begins{0, slice_rows};
    std::vector<std::uint32_t> targets;
    std::vector<float> weights, degrees, now, next, velocity;
    int dims;

    explicit Slice(int n_components) : dims(n_components) {
        const std::size_t stride = point_stride(dims);
        Random random(4);
        now.resize(slice_rows * stride);
        next.resize(now.size());
        velocity.resize(now.size());
        for (std::size_t i = 0; i < slice_rows; ++i) {
            targets.push_back(static_cast<std::uint32_t>((i + 1) % slice_rows));
            weights.push_back(static_cast<float>(0.1 + random.uniform()));
            degrees.push_back(static_cast<float>(0.5 + random.uniform()));
            const double scale = 0.02 * std::pow(1.6, static_cast<double>(i));
            for (int c = 0; c < dims; ++c) {
                now[i * stride + static_cast<std::size_t>(c)] =
                    static_cast<float>(scale * random.normal());
                velocity[i * stride + static_cast<std::size_t>(c)] =
                    static_cast<float>(random.normal());
            }
        }
    }

    EpochView epoch(const ForceTables& tables) {
        EpochView view{};
        view.slices = {begins.data(), targets.data(), weights.data(), degrees.data()};
        view.now = now.data();
        view.next = next.data();
        view.velocity = velocity.data();
        view.a = static_cast<float>(a);
        view.b = static_cast<float>(b);
        view.attraction = &tables.attraction;
        view.repulsion = &tables.repulsion;
        view.step = 0.3F;
        view.momentum = 0.5F;
        view.repulsion_weight = 2;
        view.caution = 0.25F;
        view.n_negatives = 16;
        view.n_rows = 1;  // so that row 0 is drawn sixteen times
        return view;
    }
};

TEST(UmapKernel, MovesPointsByTheEquations) {
    const ForceTables tables = tabulate_forces({a, b});
    for (const int dims : {2, 3}) {
        Slice slice(dims);
        const Slice before = slice;
        run_umap_slices(slice.epoch(tables), dims, 0, 1);
        const std::size_t stride = point_stride(dims);
        for (std::size_t i = 0; i < slice_rows; ++i) {
            const float* own = before.now.data() + i * stride;
            double force[3] = {};
            double size[3] = {};  // of the forces that may cancel
            double stiffness = 0;
            const auto add = [&](std::size_t row, double sign, auto&& coefficient) {
                const float* other = before.now.data() + row * stride;
                double square = static_cast<double>(least_square);
                for (int c = 0; c < dims; ++c)
                    square += std::pow(static_cast<double>(other[c] - own[c]), 2);
                const double pull = coefficient(square);
                for (int c = 0; c < dims; ++c) {
                    const double part = pull * static_cast<double>(other[c] - own[c]);
                    force[c] += sign * part;
                    size[c] += std::abs(part);
                }
                stiffness += sign > 0 ? pull : 0.25 * pull;
            };
            add(before.targets[i], 1, [&](double square) {
                return static_cast<double>(before.weights[i]) * 2 * a * b *
                       std::pow(square, b - 1) / (1 + a * std::pow(square, b));
            });
            add(0, -1, [&](double square) {
                const double push = 2 * b / ((1e-3 + square) * (1 + a * std::pow(square, b)));
                return 2 * static_cast<double>(before.degrees[i]) *
                       std::min(push, 4 / std::sqrt(square));
            });
            const double way = (1 - std::exp(-0.3 * stiffness)) / stiffness;
            for (int c = 0; c < dims; ++c) {
                const std::size_t at = i * stride + static_cast<std::size_t>(c);
                const double moved =
                    0.5 * static_cast<double>(before.velocity[at]) + way * force[c];
                EXPECT_NEAR(slice.velocity[at], moved, 0.03 * way * size[c] + 1e-6) << i;
                EXPECT_EQ(slice.next[at], before.now[at] + slice.velocity[at]);
            }
        }
    }
}

TEST(UmapKernel, DrawsNegativesFromAllRowsAlike) {
    // Rows 100 apart on a line: where a point is pushed to tells nothing, but how often row j is
    // drawn shows in the force on a point close to it.
    const ForceTables tables = tabulate_forces({a, b});
    constexpr std::size_t n = 64;
    std::vector<std::uint64_t> begins(n / slice_rows + 1, 0);
    std::vector<float> degrees(n, 1.0F), now(n * 2), next(n * 2), velocity(n * 2);
    double n_drawn = 0;
    double n_of_first = 0;
    for (std::uint32_t key = 0; key < 400; ++key) {
        Slice slice(2);
        EpochView epoch = slice.epoch(tables);
        epoch.slices = {begins.data(), nullptr, nullptr, degrees.data()};
        for (std::size_t i = 0; i < n; ++i) {
            now[2 * i] = i < n / 2 ? 0.0F : 1.0F;
            now[2 * i + 1] = 0;
        }
        epoch.now = now.data();
        epoch.next = next.data();
        epoch.velocity = velocity.data();
        std::fill(velocity.begin(), velocity.end(), 0.0F);
        epoch.n_rows = n;
        epoch.key = key * 2654435761U;
        epoch.caution = 0;
        run_umap_slices(epoch, 2, 0, n / slice_rows);
        // A point at 0 is pushed by those drawn at 1, and the other way round.
        n_of_first += static_cast<double>(velocity[2 * (n - 1)]);
        n_drawn += static_cast<double>(velocity[2 * (n - 1)] - velocity[0]);
    }
    EXPECT_NEAR(n_of_first / n_drawn, 0.5, 0.02);
}

}  // namespace
}  // namespace oort
