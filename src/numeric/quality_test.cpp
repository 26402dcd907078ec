// SPDX-License-Identifier: Apache-2.0
#include "numeric/quality.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "base/error.h"
#include "numeric/random.h"
#include "numeric/tsne.h"

namespace oort {
namespace {

Matrix column(const std::vector<float>& values) {
    Matrix matrix(values.size(), 1);
    std::copy(values.begin(), values.end(), matrix.row(0));
    return matrix;
}

/// Whole numbers from -spread to spread: their squares add up exactly, and there are ties.
Matrix whole_numbers(std::size_t n, std::size_t d, std::uint64_t spread, std::uint64_t seed) {
    Random random(seed);
    Matrix points(n, d);
    for (std::size_t i = 0; i < n * d; ++i) {
        points.row(0)[i] =
            static_cast<float>(random.below(2 * spread + 1)) - static_cast<float>(spread);
    }
    return points;
}

Quality run(PointsView points,
            MatrixView layout,
            const QualityOptions& options = {},
            std::vector<std::uint32_t> labels = {},
            int n_threads = 2) {
    ThreadPool pool(n_threads);
    return quality(points, layout, labels, options, pool);
}

void expect_rows(const std::vector<float>& found, const std::vector<double>& wanted) {
    ASSERT_EQ(found.size(), wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(found[i], wanted[i], 1e-6) << i;
}

TEST(Quality, FivePointsOnALineAreJudgedAsByHand) {
    const Matrix points = column({0, 1, 3, 7, 15});
    const Matrix layout = column({0, 1, 20, 7, 15});
    const Quality result = run(points.view(), layout.view(), {.n_neighbors = 1}, {5, 5, 6, 5, 6});
    EXPECT_EQ(result.rows, (std::vector<std::uint32_t>{0, 1, 2, 3, 4}));
    EXPECT_FALSE(result.is_sampled);
    expect_rows(result.trustworthiness_by_row, {1, 1, 0, 2.0 / 3, 2.0 / 3});
    expect_rows(result.continuity_by_row, {1, 1, 1.0 / 3, 0, 2.0 / 3});
    expect_rows(result.overlap_by_row, {1, 1, 0, 0, 0});
    expect_rows(result.label_hit_by_row, {1, 1, 1, 1, 1});
    EXPECT_NEAR(result.trustworthiness, 2.0 / 3, 1e-6);
    EXPECT_NEAR(result.continuity, 0.6, 1e-6);
    EXPECT_NEAR(result.overlap, 0.4, 1e-6);
    EXPECT_NEAR(result.label_hit.value(), 1, 1e-6);
}

/// What orders the points seen from row i, by the definition.
std::vector<double> distances(MatrixView points, Metric metric, std::size_t i) {
    const auto product = [&](std::size_t a, std::size_t b) {
        double sum = 0;
        for (std::size_t j = 0; j < points.n_columns; ++j)
            sum += static_cast<double>(points.row(a)[j]) * static_cast<double>(points.row(b)[j]);
        return sum;
    };
    std::vector<double> result;
    for (std::size_t l = 0; l < points.n_rows; ++l) {
        const double along = product(i, l);
        if (metric == Metric::dot) {
            result.push_back(-along);
        } else if (metric == Metric::euclidean) {
            result.push_back(product(i, i) + product(l, l) - 2 * along);
        } else {
            const double lengths = std::sqrt(product(i, i) * product(l, l));
            const bool are_both_zero = product(i, i) == 0 && product(l, l) == 0;
            // Rounded so that equal angles are equal; no others are so near to each other.
            result.push_back(
                are_both_zero ? 0 : std::round((lengths > 0 ? 1 - along / lengths : 1) * 1e12));
        }
    }
    return result;
}

std::vector<std::size_t> nearest(const std::vector<double>& distance,
                                 std::size_t i,
                                 std::size_t k) {
    std::vector<std::size_t> order(distance.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    order.erase(order.begin() + static_cast<std::ptrdiff_t>(i));
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return distance[a] < distance[b];
    });
    order.resize(k);
    return order;
}

/// 1 - the share that the k points lie beyond rank k, by the definition.
double share(const std::vector<double>& distance,
             const std::vector<std::size_t>& those,
             std::size_t i) {
    const std::size_t n = distance.size();
    const std::size_t k = those.size();
    double beyond = 0;
    for (const std::size_t j : those) {
        std::size_t rank = 1;
        for (std::size_t l = 0; l < n; ++l) rank += l != i && distance[l] < distance[j] ? 1U : 0U;
        beyond += rank > k ? static_cast<double>(rank - k) : 0.0;
    }
    return 1 - 2 * beyond / static_cast<double>(k * (2 * n - 3 * k - 1));
}

void expect_as_defined(PointsView points, MatrixView floats, MatrixView layout, Metric metric) {
    const int k = 7;
    const Quality result = run(points, layout, {.n_neighbors = k, .metric = metric});
    std::vector<double> trust;
    std::vector<double> continuity;
    for (std::size_t i = 0; i < floats.n_rows; ++i) {
        const std::vector<double> far = distances(floats, metric, i);
        const std::vector<double> flat = distances(layout, Metric::euclidean, i);
        trust.push_back(share(far, nearest(flat, i, k), i));
        continuity.push_back(share(flat, nearest(far, i, k), i));
    }
    expect_rows(result.trustworthiness_by_row, trust);
    expect_rows(result.continuity_by_row, continuity);
}

TEST(Quality, IsAsDefinedForEveryMetricAndShapeTiesIncluded) {
    for (const Metric metric : {Metric::euclidean, Metric::cosine, Metric::dot}) {
        for (const std::size_t n : {16U, 33U, 161U}) {
            for (const std::size_t d : {1U, 3U, 300U}) {
                SCOPED_TRACE(testing::Message()
                             << names_of(metric)[static_cast<std::size_t>(metric)] << " " << n
                             << " x " << d);
                // Angles that are equal but for rounding have no order, so there are none.
                const std::uint64_t spread = d == 1 ? 40 : metric == Metric::cosine ? 900 : 3;
                const Matrix points = whole_numbers(n, d, spread, n + d);
                const Matrix layout = whole_numbers(n, 2, 6, n);
                expect_as_defined(points.view(), points.view(), layout.view(), metric);
            }
        }
    }
}

TEST(Quality, BytesAreJudgedLikeTheFloatsTheyAre) {
    Matrix points = whole_numbers(70, 40, 100, 3);
    std::vector<std::uint8_t> bytes;
    for (std::size_t i = 0; i < 70 * 40; ++i) {
        points.row(0)[i] += 100;
        bytes.push_back(static_cast<std::uint8_t>(points.row(0)[i]));
    }
    const Matrix layout = whole_numbers(70, 3, 50, 4);
    expect_as_defined({bytes.data(), 70, 40, ElementType::uint8},
                      points.view(),
                      layout.view(),
                      Metric::euclidean);
}

TEST(Quality, ALayoutOfThePointsThemselvesIsPerfect) {
    const Matrix points = whole_numbers(400, 2, 100000, 5);
    const Quality result = run(points.view(), points.view());
    EXPECT_EQ(result.trustworthiness, 1.0);
    EXPECT_EQ(result.continuity, 1.0);
    EXPECT_EQ(result.overlap, 1.0);
    EXPECT_FALSE(result.label_hit);
    EXPECT_TRUE(result.label_hit_by_row.empty());
}

TEST(Quality, ALayoutAtRandomIsNoBetterThanChance) {
    const Quality result =
        run(whole_numbers(1000, 20, 1000, 1).view(), whole_numbers(1000, 2, 1000, 2).view());
    EXPECT_NEAR(result.trustworthiness, 0.5, 0.03);
    EXPECT_NEAR(result.continuity, 0.5, 0.03);
    EXPECT_NEAR(result.overlap, 15.0 / 999, 0.005);
}

TEST(Quality, ASampleHasTheValuesThatItsRowsHaveAmongAll) {
    const Matrix points = whole_numbers(500, 10, 9, 1);
    const Matrix layout = whole_numbers(500, 2, 30, 2);
    const Quality whole = run(points.view(), layout.view());
    const Quality some = run(points.view(), layout.view(), {.n_sample = 77, .seed = 5});
    EXPECT_TRUE(some.is_sampled);
    ASSERT_EQ(some.rows.size(), 77U);
    EXPECT_TRUE(std::is_sorted(some.rows.begin(), some.rows.end()));
    double sum = 0;
    for (std::size_t i = 0; i < 77; ++i) {
        EXPECT_EQ(some.trustworthiness_by_row[i], whole.trustworthiness_by_row[some.rows[i]]);
        EXPECT_EQ(some.continuity_by_row[i], whole.continuity_by_row[some.rows[i]]);
        EXPECT_EQ(some.overlap_by_row[i], whole.overlap_by_row[some.rows[i]]);
        sum += static_cast<double>(some.overlap_by_row[i]);
    }
    EXPECT_NEAR(some.overlap, sum / 77, 1e-12);
    EXPECT_NE(run(points.view(), layout.view(), {.n_sample = 77, .seed = 6}).rows, some.rows);
}

TEST(Quality, ThreadsDoNotChangeASingleBit) {
    const Matrix points = whole_numbers(700, 30, 1000, 1);
    const Matrix layout = whole_numbers(700, 2, 500, 2);
    const Quality one = run(points.view(), layout.view(), {}, {}, 1);
    for (const int n_threads : {2, 8}) {
        const Quality many = run(points.view(), layout.view(), {}, {}, n_threads);
        EXPECT_EQ(one.trustworthiness_by_row, many.trustworthiness_by_row);
        EXPECT_EQ(one.continuity_by_row, many.continuity_by_row);
        EXPECT_EQ(one.trustworthiness, many.trustworthiness);
        EXPECT_EQ(one.overlap, many.overlap);
    }
}

TEST(Quality, LabelsAreCountedAmongTheNeighboursInTheLayoutOnly) {
    const Matrix points = column({0, 100, 200, 300, 400, 500});
    const Matrix layout = column({0, 1, 3, 10, 11, 13});
    const Quality result = run(points.view(),
                               layout.view(),
                               {.n_neighbors = 2},
                               {7, 7, 8, 9, missing_label, missing_label});
    expect_rows({result.label_hit_by_row.begin(), result.label_hit_by_row.begin() + 4},
                {0.5, 0.5, 0, 0});
    EXPECT_TRUE(std::isnan(result.label_hit_by_row[4]));
    EXPECT_TRUE(std::isnan(result.label_hit_by_row[5]));
    EXPECT_NEAR(result.label_hit.value(), 0.25, 1e-7);
}

TEST(Quality, DuplicatesAreAsNearAsEachOther) {
    // 2000 copies of two points: whichever copies stand beside a row in the layout, none is a
    // stranger.
    Matrix points(2000, 3);
    Matrix layout(2000, 2);
    Random random(1);
    for (std::size_t i = 0; i < 2000; ++i) {
        points.row(i)[0] = i % 2 == 0 ? 0.1F : 0.7F;
        layout.row(i)[0] = (i % 2 == 0 ? 0.0F : 10.0F) + static_cast<float>(random.uniform());
        layout.row(i)[1] = static_cast<float>(random.uniform());
    }
    const Quality result = run(points.view(), layout.view(), {.n_sample = 200});
    EXPECT_EQ(result.trustworthiness, 1.0);
    EXPECT_EQ(result.overlap, 1.0);
    EXPECT_GT(result.continuity, 0.7);  // the true neighbours are the copies that come first
    const Quality equal = run(Matrix(300, 5).view(), Matrix(300, 2).view());
    EXPECT_EQ(equal.trustworthiness, 1.0);
    EXPECT_EQ(equal.continuity, 1.0);
    EXPECT_EQ(equal.overlap, 1.0);
}

TEST(Quality, AFewPointsEndWell) {
    for (const std::size_t n : {1U, 2U, 3U, 4U, 5U}) {
        const Matrix points = whole_numbers(n, 3, 50, n);
        const std::vector<std::uint32_t> labels(n, 1);
        const Quality result = run(points.view(), points.view(), {}, labels);
        EXPECT_EQ(result.n_neighbors, (n - 1) / 2);
        EXPECT_EQ(result.trustworthiness, 1.0);
        EXPECT_EQ(result.continuity, 1.0);
        EXPECT_EQ(result.overlap, 1.0);
        EXPECT_EQ(result.rows.size(), n);
        EXPECT_EQ(result.label_hit_by_row.size(), n);
        EXPECT_EQ(result.label_hit.has_value(), n > 2);
    }
}

ErrorCode code_of(const Matrix& points,
                  const Matrix& layout,
                  const QualityOptions& options = {},
                  std::vector<std::uint32_t> labels = {},
                  std::stop_token stop = {}) {
    ThreadPool pool(2);
    try {
        quality(points.view(), layout.view(), labels, options, pool, stop);
    } catch (const Error& error) {
        return error.code();
    }
    ADD_FAILURE() << "nothing was thrown";
    return ErrorCode::internal;
}

TEST(Quality, WrongInputIsRefusedAndAStopIsSeen) {
    const Matrix points(9, 3);
    EXPECT_EQ(code_of(points, Matrix(8, 2)), ErrorCode::invalid_argument);
    EXPECT_EQ(code_of(Matrix(0, 3), Matrix(0, 2)), ErrorCode::invalid_argument);
    EXPECT_EQ(code_of(points, Matrix(9, 2), {}, {1, 2}), ErrorCode::invalid_argument);
    EXPECT_EQ(code_of(points, Matrix(9, 2), {.n_neighbors = 0}), ErrorCode::invalid_argument);
    EXPECT_EQ(code_of(points, Matrix(9, 2), {.n_sample = 0}), ErrorCode::invalid_argument);
    std::stop_source stop;
    stop.request_stop();
    EXPECT_EQ(code_of(points, Matrix(9, 2), {}, {}, stop.get_token()), ErrorCode::cancelled);
}

}  // namespace
}  // namespace oort
