// SPDX-License-Identifier: Apache-2.0
#include "numeric/tsne.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "base/error.h"
#include "numeric/tsne_test_data.h"

namespace oort {
namespace {

std::vector<float> values_of(MatrixView layout) {
    return {layout.data, layout.data + layout.n_rows * layout.n_columns};
}

struct Case {
    Matrix points;
    Neighbors neighbors;
    Matrix initial;
};

Case grouped_case(std::size_t n, std::size_t k, std::size_t n_dims) {
    Case out;
    out.points = grouped_points(n, 8, 6, 5);
    out.neighbors = plain_neighbors(out.points.view(), k);
    out.initial = some_layout(n, n_dims, 1);
    return out;
}

const TsneOptions few_steps{.perplexity = 8, .early_iterations = 12, .n_iterations = 30};

std::vector<float> run(const Case& data, const TsneOptions& options, int n_threads) {
    ThreadPool pool(n_threads);
    Tsne tsne(data.neighbors, data.initial.view(), options, pool);
    tsne.step(options.n_iterations);
    EXPECT_TRUE(tsne.is_done());
    return values_of(tsne.layout());
}

/// Share of the nearest five in the layout that are of the same group.
double group_hit(MatrixView layout, std::size_t n_groups) {
    const Neighbors near = plain_neighbors(layout, 5);
    std::size_t hits = 0;
    for (std::size_t e = 0; e < near.indices.size(); ++e)
        hits += near.indices[e] % n_groups == e / 5 % n_groups ? 1 : 0;
    return static_cast<double>(hits) / static_cast<double>(near.indices.size());
}

void expect_finite(MatrixView layout) {
    for (const float value : values_of(layout)) ASSERT_TRUE(std::isfinite(value));
}

class TsneIn : public testing::TestWithParam<std::size_t> {};

INSTANTIATE_TEST_SUITE_P(Dimensions, TsneIn, testing::Values(2, 3));

TEST_P(TsneIn, ThreadsDoNotChangeTheResult) {
    for (const std::size_t n : {200UL, 3000UL}) {
        const Case data = grouped_case(n, 24, GetParam());
        const auto one = run(data, few_steps, 1);
        EXPECT_EQ(one, run(data, few_steps, 2));
        EXPECT_EQ(one, run(data, few_steps, 8));
    }
}

TEST_P(TsneIn, PartAndRestAreTheWhole) {
    for (const std::size_t n : {200UL, 1500UL}) {
        const Case data = grouped_case(n, 24, GetParam());
        ThreadPool pool(2);
        Tsne tsne(data.neighbors, data.initial.view(), few_steps, pool);
        EXPECT_EQ(tsne.n_iterations(), 30);
        for (const int part : {1, 0, 10, 2, 100}) {
            tsne.step(part);
            tsne.kl_divergence();  // looks without changing anything
        }
        EXPECT_EQ(tsne.iteration(), 30);
        EXPECT_EQ(values_of(tsne.layout()), run(data, few_steps, 2));
    }
}

TEST_P(TsneIn, GoesOnFromACheckpoint) {
    for (const std::size_t n : {200UL, 1500UL}) {
        const Case data = grouped_case(n, 24, GetParam());
        ThreadPool pool(2);
        Tsne first(data.neighbors, data.initial.view(), few_steps, pool);
        first.step(21);  // after the points were sorted
        const auto bytes = first.checkpoint();
        const auto layout = values_of(first.layout());
        Tsne second(data.neighbors, data.initial.view(), few_steps, pool);
        second.step(3);
        second.restore(bytes);
        EXPECT_EQ(second.iteration(), 21);
        EXPECT_EQ(values_of(second.layout()), layout);
        EXPECT_EQ(second.checkpoint(), bytes);
        second.step(100);
        EXPECT_EQ(values_of(second.layout()), run(data, few_steps, 2));
    }
}

TEST_P(TsneIn, SeedsDecide) {
    const Case data = grouped_case(150, 24, GetParam());
    TsneOptions other = few_steps;
    other.seed = 43;
    EXPECT_EQ(run(data, few_steps, 2), run(data, few_steps, 2));
    EXPECT_NE(run(data, few_steps, 2), run(data, other, 2));
}

TEST_P(TsneIn, KeepsGroupsApart) {
    for (const std::size_t n : {240UL, 1500UL}) {
        const Case data = grouped_case(n, 30, GetParam());
        ThreadPool pool(2);
        const TsneOptions options{.perplexity = 10, .early_iterations = 100, .n_iterations = 300};
        Tsne tsne(data.neighbors, data.initial.view(), options, pool);
        const double before = tsne.kl_divergence();
        tsne.step(300);
        EXPECT_GT(group_hit(tsne.layout(), 6), 0.99);
        EXPECT_LT(tsne.kl_divergence(), 0.5 * before);
        EXPECT_GT(tsne.kl_divergence(), 0);
    }
}

TEST_P(TsneIn, FewPointsEndWell) {
    for (const std::size_t n : {1UL, 2UL, 3UL, 4UL, 5UL, 17UL, 90UL}) {
        const Matrix points = grouped_points(n, 3, n, 3);
        const Neighbors neighbors = plain_neighbors(points.view(), 90);
        const Matrix initial = some_layout(n, GetParam(), 1);
        for (const auto affinities : {TsneAffinities::perplexity, TsneAffinities::uniform}) {
            ThreadPool pool(2);
            const TsneOptions options{.affinities = affinities};
            Tsne tsne(neighbors, initial.view(), options, pool);
            tsne.step(750);
            expect_finite(tsne.layout());
            EXPECT_TRUE(std::isfinite(tsne.kl_divergence()));
            EXPECT_EQ(tsne.notes().size(), n > 1 && n < 90 ? 1U : tsne.notes().size());
            for (const float value : values_of(tsne.layout())) EXPECT_LT(std::abs(value), 1e4F);
        }
    }
}

TEST_P(TsneIn, FourPointsStandApartAndPairsStayTogether) {
    Matrix points(4, 2);
    points.row(1)[0] = 1;
    points.row(2)[0] = 10;
    points.row(3)[0] = 11;
    ThreadPool pool(2);
    Tsne tsne(plain_neighbors(points.view(), 90), some_layout(4, GetParam(), 1).view(), {}, pool);
    tsne.step(750);
    const MatrixView y = tsne.layout();
    const std::size_t d = GetParam();
    for (std::size_t i = 0; i < 4; ++i) {
        for (std::size_t j = 0; j < i; ++j)
            EXPECT_GT(distance_between(y.row(i), y.row(j), d), 0.01);
    }
    EXPECT_LT(distance_between(y.row(0), y.row(1), d), distance_between(y.row(0), y.row(2), d));
    EXPECT_LT(distance_between(y.row(2), y.row(3), d), distance_between(y.row(0), y.row(3), d));
}

TEST_P(TsneIn, EqualRowsEndWell) {
    // All rows equal: no distance, nothing to start from.
    const Matrix equal(700, 4);
    // Half of the rows equal: more duplicates than neighbours.
    Matrix half = grouped_points(700, 4, 3, 5);
    for (std::size_t i = 0; i < 350; ++i) std::copy_n(half.row(0), 4, half.row(i));
    for (const Matrix* points : {&equal, static_cast<const Matrix*>(&half)}) {
        ThreadPool pool(2);
        const Matrix initial(700, GetParam());
        const TsneOptions options{.perplexity = 10, .early_iterations = 50, .n_iterations = 150};
        Tsne tsne(plain_neighbors(points->view(), 30), initial.view(), options, pool);
        tsne.step(150);
        expect_finite(tsne.layout());
        EXPECT_TRUE(std::isfinite(tsne.kl_divergence()));
    }
}

TEST_P(TsneIn, ExtremeOptionsEndWell) {
    const Case data = grouped_case(600, 24, GetParam());
    for (const double learning_rate : {1e-3, 1e9}) {
        ThreadPool pool(2);
        const TsneOptions options{.perplexity = 8,
                                  .early_exaggeration = 100,
                                  .early_iterations = 20,
                                  .n_iterations = 60,
                                  .learning_rate = learning_rate};
        Tsne tsne(data.neighbors, data.initial.view(), options, pool);
        tsne.step(60);
        expect_finite(tsne.layout());
    }
}

TEST_P(TsneIn, LabelsPullTheirRowsTogether) {
    Case data = grouped_case(240, 30, GetParam());
    // Labels that have nothing to do with the groups.
    std::vector<std::uint32_t> labels(240);
    for (std::size_t i = 0; i < 240; ++i) labels[i] = static_cast<std::uint32_t>(i / 120);
    ThreadPool pool(2);
    const auto hit = [&](double label_weight) {
        const TsneOptions options{
            .perplexity = 10, .n_iterations = 400, .label_weight = label_weight};
        Tsne tsne(data.neighbors, data.initial.view(), options, pool, labels);
        tsne.step(400);
        const Neighbors near = plain_neighbors(tsne.layout(), 5);
        std::size_t hits = 0;
        for (std::size_t e = 0; e < near.indices.size(); ++e)
            hits += labels[near.indices[e]] == labels[e / 5] ? 1 : 0;
        return static_cast<double>(hits) / static_cast<double>(near.indices.size());
    };
    EXPECT_LT(hit(0), 0.7);
    EXPECT_GT(hit(1), 0.9);
}

TEST(Tsne, LayoutHasItsMiddleAtZero) {
    const Case data = grouped_case(600, 24, 2);
    const auto layout = run(data, few_steps, 2);
    double sum = 0;
    for (std::size_t i = 0; i < layout.size(); i += 2) sum += static_cast<double>(layout[i]);
    EXPECT_NEAR(sum / 600, 0, 1e-4);
}

TEST(Tsne, RefusesArgumentsThatDoNotFit) {
    const Case data = grouped_case(50, 10, 2);
    ThreadPool pool(1);
    const auto construct =
        [&](const Neighbors& neighbors, MatrixView initial, TsneOptions options) {
            Tsne tsne(neighbors, initial, options, pool);
        };
    const MatrixView initial = data.initial.view();
    EXPECT_NO_THROW(construct(data.neighbors, initial, {}));
    EXPECT_THROW(construct(data.neighbors, {initial.data, 25, 4}, {}), Error);
    EXPECT_THROW(construct(data.neighbors, {initial.data, 49, 2}, {}), Error);
    EXPECT_THROW(construct(data.neighbors, initial, {.perplexity = 400}), Error);
    EXPECT_THROW(construct(data.neighbors, initial, {.n_iterations = 0}), Error);
    Neighbors broken = data.neighbors;
    broken.indices[3] = 50;
    EXPECT_THROW(construct(broken, initial, {}), Error);
    broken = data.neighbors;
    broken.distances.pop_back();
    EXPECT_THROW(construct(broken, initial, {}), Error);
    Matrix holed = data.initial;
    holed.row(7)[1] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_THROW(construct(data.neighbors, holed.view(), {}), Error);
    const std::vector<std::uint32_t> labels(49);
    EXPECT_THROW(Tsne(data.neighbors, initial, {}, pool, labels), Error);
}

TEST(Tsne, StopsWhileItIsMade) {
    const Case data = grouped_case(50, 10, 2);
    ThreadPool pool(2);
    std::stop_source source;
    source.request_stop();
    EXPECT_THROW(Tsne(data.neighbors, data.initial.view(), {}, pool, {}, source.get_token()),
                 Error);
}

TEST(Tsne, RefusesDamagedCheckpoints) {
    const Case data = grouped_case(600, 24, 2);
    ThreadPool pool(2);
    Tsne tsne(data.neighbors, data.initial.view(), few_steps, pool);
    tsne.step(5);
    const auto bytes = tsne.checkpoint();
    const auto refuses = [&](const std::vector<std::byte>& damaged) {
        try {
            tsne.restore(damaged);
        } catch (const Error& error) {
            return error.code() == ErrorCode::corrupt;
        }
        return false;
    };
    EXPECT_TRUE(refuses({}));
    EXPECT_TRUE(refuses({bytes.begin(), bytes.end() - 1}));
    for (const std::size_t at : {0UL, 5UL, 9UL, 24UL, 33UL, 40UL, 3000UL, bytes.size() - 3}) {
        auto damaged = bytes;
        damaged[at] ^= std::byte{0x40};
        EXPECT_TRUE(refuses(damaged)) << at;
    }
    // Nothing of it has been taken over.
    EXPECT_EQ(tsne.checkpoint(), bytes);
    const Case other = grouped_case(601, 24, 2);
    Tsne others(other.neighbors, other.initial.view(), few_steps, pool);
    EXPECT_THROW(others.restore(bytes), Error);
}

/// Bytes that somebody made up, with a check sum that fits.
void mend_sum(std::vector<std::byte>& bytes) {
    std::uint64_t sum = 0xCBF29CE484222325ULL;
    for (std::size_t i = 0; i + 8 < bytes.size(); i += 4) {
        std::uint32_t word = 0;
        std::memcpy(&word, bytes.data() + i, 4);
        sum = (sum ^ word) * 0x100000001B3ULL;
    }
    std::memcpy(bytes.data() + bytes.size() - 8, &sum, 8);
}

TEST(Tsne, RefusesHostileCheckpoints) {
    const Case data = grouped_case(600, 24, 2);
    ThreadPool pool(2);
    Tsne tsne(data.neighbors, data.initial.view(), few_steps, pool);
    tsne.step(5);
    const auto bytes = tsne.checkpoint();
    const auto with = [&](std::size_t at, std::uint32_t word) {
        auto made_up = bytes;
        std::memcpy(made_up.data() + at, &word, 4);
        mend_sum(made_up);
        return made_up;
    };
    const std::size_t grid_rows = 36;
    const std::size_t order = 48;
    const std::size_t points = order + 600 * 4;
    EXPECT_NO_THROW(tsne.restore(with(grid_rows, 96)));
    EXPECT_THROW(tsne.restore(with(grid_rows, 97)), Error);
    EXPECT_THROW(tsne.restore(with(grid_rows, 0xFFFFFFF0)), Error);
    EXPECT_THROW(tsne.restore(with(order, 600)), Error);
    std::uint32_t second = 0;
    std::memcpy(&second, bytes.data() + order + 4, 4);
    EXPECT_THROW(tsne.restore(with(order, second)), Error);
    EXPECT_THROW(tsne.restore(with(points, 0x7FC00000)), Error);
    tsne.restore(bytes);
    EXPECT_EQ(tsne.checkpoint(), bytes);
}

TEST_P(TsneIn, RowsPlacedAnewLandNearTheirOwnPlace) {
    const Case data = grouped_case(600, 30, GetParam());
    ThreadPool pool(2);
    const TsneOptions options{.perplexity = 10, .early_iterations = 100, .n_iterations = 400};
    Tsne tsne(data.neighbors, data.initial.view(), options, pool);
    tsne.step(400);
    const MatrixView layout = tsne.layout();
    // A row's neighbours among all rows, itself the first.
    Neighbors among = data.neighbors;
    for (std::size_t i = 0; i < 600; ++i) {
        std::copy_backward(
            &among.indices[i * 30], &among.indices[i * 30 + 29], &among.indices[i * 30] + 30);
        std::copy_backward(
            &among.distances[i * 30], &among.distances[i * 30 + 29], &among.distances[i * 30] + 30);
        among.indices[i * 30] = static_cast<std::uint32_t>(i);
        among.distances[i * 30] = 0;
    }
    const Matrix placed = tsne_place(among, layout, options, pool);
    double wide = 0;
    double moved = 0;
    for (std::size_t i = 0; i < 600; ++i) {
        wide += distance_between(layout.row(i), layout.row((i + 301) % 600), GetParam());
        moved += distance_between(layout.row(i), placed.row(i), GetParam());
    }
    EXPECT_LT(moved, 0.05 * wide);
    // The batch does not matter.
    Neighbors one;
    one.n_rows = 1;
    one.n_neighbors = 30;
    one.indices.assign(&among.indices[77 * 30], &among.indices[77 * 30] + 30);
    one.distances.assign(&among.distances[77 * 30], &among.distances[77 * 30] + 30);
    ThreadPool single(1);
    const Matrix alone = tsne_place(one, layout, options, single);
    for (std::size_t c = 0; c < GetParam(); ++c) EXPECT_EQ(alone.row(0)[c], placed.row(77)[c]);
}

TEST(TsnePlace, RefusesNeighborsThatAreNotInTheLayout) {
    const Matrix layout = some_layout(10, 2, 1);
    Neighbors neighbors;
    neighbors.n_rows = 1;
    neighbors.n_neighbors = 1;
    neighbors.indices = {9};
    neighbors.distances = {1};
    ThreadPool pool(1);
    const Matrix placed = tsne_place(neighbors, layout.view(), {}, pool);
    EXPECT_EQ(placed.row(0)[0], layout.row(9)[0]);
    neighbors.indices = {10};
    EXPECT_THROW(tsne_place(neighbors, layout.view(), {}, pool), Error);
    neighbors.n_neighbors = 0;
    EXPECT_THROW(tsne_place(neighbors, layout.view(), {}, pool), Error);
}

}  // namespace
}  // namespace oort
