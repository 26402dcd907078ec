// SPDX-License-Identifier: Apache-2.0
#include "numeric/thin_products.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/error.h"
#include "numeric/krylov_points.h"
#include "numeric/random.h"

namespace oort {
namespace {

/// Points with rows, statistics and centring, as PCA hands them on.
struct Case {
    explicit Case(const Matrix& points)
        : stats(column_stats(points.view(), pool)),
          centring(centring_alike(stats)),
          reader(points.view()) {}

    ThreadPool pool{2};
    std::stop_token stop;
    ColumnStats stats;
    Centring centring;
    RowReader reader;
};

Matrix random_points(std::size_t n, std::size_t d) {
    Random random(7);
    Matrix points(n, d);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < d; ++j) {
            points.row(i)[j] =
                static_cast<float>(3 + random.normal() / std::sqrt(1.0 + static_cast<double>(j)));
        }
    }
    return points;
}

std::vector<double> random_values(std::size_t n) {
    Random random(8);
    std::vector<double> values(n);
    for (double& value : values) value = static_cast<float>(random.normal());
    return values;
}

/// The centred rows that take part, scaled, in double: n x d.
std::vector<double> centred(const Matrix& points, const Case& c) {
    std::vector<double> values;
    for (const std::uint32_t i : c.stats.finite_rows) {
        for (std::size_t j = 0; j < points.n_columns(); ++j) {
            values.push_back((static_cast<double>(points.row(i)[j]) - c.stats.means[j]) *
                             c.centring.common_scale);
        }
    }
    return values;
}

TEST(ThinProducts, AreTheProductsByTheirDefinition) {
    const std::size_t shapes[][3] = {
        {1, 1, 1}, {5, 3, 2}, {33, 31, 33}, {300, 40, 7}, {70, 600, 40}};
    for (const auto& [n, d, b] : shapes) {
        SCOPED_TRACE(testing::Message() << n << " x " << d << ", " << b);
        Matrix points = random_points(n + 1, d);
        points.row(n / 2)[d - 1] = NAN;  // takes no part
        Case c(points);
        const ThinProducts products(c.reader, c.stats.finite_rows, c.centring, c.pool, c.stop);
        const std::vector<double> x = centred(points, c);
        const std::vector<double> v = random_values(d * b);
        std::vector<double> u(n * b, 0.0);
        std::vector<double> z(d * b, 0.0);
        double sum = 0;
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j < d; ++j) {
                sum += x[i * d + j] * x[i * d + j];
                for (std::size_t t = 0; t < b; ++t) u[i * b + t] += x[i * d + j] * v[j * b + t];
            }
        }
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j < d; ++j) {
                for (std::size_t t = 0; t < b; ++t) z[j * b + t] += x[i * d + j] * u[i * b + t];
            }
        }
        EXPECT_NEAR(products.sum_of_squares(), sum, 1e-5 * sum);
        const double reach = std::sqrt(static_cast<double>(d));
        products.times(
            v,
            b,
            [&](std::size_t first, std::size_t count, const double* values, std::size_t stride) {
                for (std::size_t i = 0; i < count; ++i) {
                    for (std::size_t t = 0; t < b; ++t)
                        EXPECT_NEAR(values[i * stride + t], u[(first + i) * b + t], 2e-6 * reach);
                }
            });
        const std::vector<double> by_rows = products.transposed_times(u, b);
        const std::vector<double> at_once = products.gram_times(v, b);
        const double tolerance = 3e-6 * reach * std::sqrt(static_cast<double>(n));
        for (std::size_t i = 0; i < d * b; ++i) {
            EXPECT_NEAR(by_rows[i], z[i], tolerance);
            EXPECT_NEAR(at_once[i], z[i], tolerance);
        }
    }
}

TEST(KrylovEigenpairsOfPoints, AgreeWithThoseOfTheGramMatrix) {
    const Matrix points = random_points(700, 420);
    Case c(points);
    const ThinProducts products(c.reader, c.stats.finite_rows, c.centring, c.pool, c.stop);
    const EigenPairs exact = largest_eigenpairs(
        gram_of_columns(c.reader, c.stats.finite_rows, c.centring, c.pool), 12, c.pool);
    const std::optional<EigenPairs> found =
        krylov_eigenpairs_of_points(products, 420, 12, c.pool, c.stop);
    ASSERT_TRUE(found);
    for (std::size_t i = 0; i < 12; ++i)
        EXPECT_NEAR(found->values[i] / exact.values[i], 1, 1e-5) << i;
    for (std::size_t i = 0; i < 3; ++i) {  // whose values stand well apart
        const double cosine = std::inner_product(
            &found->vectors[i * 420], &found->vectors[i * 420] + 420, &exact.vectors[i * 420], 0.0);
        EXPECT_NEAR(std::abs(cosine), 1, 1e-5) << i;
    }
    ThreadPool one(1);
    const ThinProducts again(c.reader, c.stats.finite_rows, c.centring, one, c.stop);
    const std::optional<EigenPairs> same = krylov_eigenpairs_of_points(again, 420, 12, one, c.stop);
    EXPECT_EQ(same->values, found->values);
    EXPECT_EQ(same->vectors, found->vectors);
}

TEST(KrylovEigenpairsOfPoints, FindEveryCopyOfAValueThatIsThereOften) {
    // Pairs of rows at a e_j and -a e_j: the value of direction j is 2 a^2.
    const std::size_t d = 480;
    Matrix points(2 * d, d);
    for (std::size_t j = 0; j < d; ++j) {
        const float a = j < 4 ? 2 : j < 50 ? 1 : 0.8F * std::pow(0.99F, static_cast<float>(j - 50));
        points.row(2 * j)[j] = a;
        points.row(2 * j + 1)[j] = -a;
    }
    Case c(points);
    const ThinProducts products(c.reader, c.stats.finite_rows, c.centring, c.pool, c.stop);
    const std::optional<EigenPairs> found =
        krylov_eigenpairs_of_points(products, d, 52, c.pool, c.stop);
    ASSERT_TRUE(found);
    const double unit = 2 * c.centring.common_scale * c.centring.common_scale;
    for (std::size_t i = 0; i < 50; ++i)
        EXPECT_NEAR(found->values[i] / unit, i < 4 ? 4 : 1, 1e-5) << i;
    EXPECT_NEAR(found->values[50] / unit, 0.64, 1e-3);
}

TEST(KrylovEigenpairsOfPoints, PointsOnALineHaveOneDirection) {
    Matrix points(300, 400);
    for (std::size_t i = 0; i < 300; ++i) {
        for (std::size_t j = 0; j < 400; ++j)
            points.row(i)[j] = static_cast<float>(i) * static_cast<float>(j % 5);
    }
    Case c(points);
    const ThinProducts products(c.reader, c.stats.finite_rows, c.centring, c.pool, c.stop);
    const std::optional<EigenPairs> found =
        krylov_eigenpairs_of_points(products, 400, 3, c.pool, c.stop);
    ASSERT_TRUE(found);
    EXPECT_NEAR(found->values[0] / products.sum_of_squares(), 1, 1e-6);
    EXPECT_LE(std::abs(found->values[1]), 1e-6 * found->values[0]);
}

TEST(KrylovEigenpairsOfPoints, StopWhenAsked) {
    const Matrix points = random_points(300, 400);
    Case c(points);
    std::stop_source source;
    source.request_stop();
    const std::stop_token stop = source.get_token();
    const ThinProducts products(c.reader, c.stats.finite_rows, c.centring, c.pool, stop);
    EXPECT_THROW(krylov_eigenpairs_of_points(products, 400, 3, c.pool, stop), Error);
}

}  // namespace
}  // namespace oort
