// SPDX-License-Identifier: Apache-2.0
#include "numeric/pca.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "base/error.h"
#include "numeric/random.h"

namespace oort {
namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

/// n x d, column j normal with standard deviation 1 / (1 + j), mixed a little with its neighbour.
Matrix random_points(std::size_t n, std::size_t d, std::uint64_t seed = 1) {
    Random random(seed);
    Matrix points(n, d);
    for (std::size_t i = 0; i < n; ++i) {
        double before = 0;
        for (std::size_t j = 0; j < d; ++j) {
            const double value = random.normal() / (1.0 + static_cast<double>(j)) + 0.3 * before;
            points.row(i)[j] = static_cast<float>(value);
            before = value;
        }
    }
    return points;
}

PcaResult run(const Matrix& points, int k = 10, int n_threads = 2) {
    ThreadPool pool(n_threads);
    return pca(points.view(), {.n_components = k}, pool);
}

double coordinate(const PcaResult& result, std::size_t row, std::size_t component) {
    return static_cast<double>(result.coordinates[component * result.n_rows + row]);
}

/// Whatever the data: components orthonormal, coordinates centred and of the variance told, the
/// largest first.
void expect_consistent(const PcaResult& result, std::size_t d, double tolerance = 1e-5) {
    const std::size_t n = result.n_rows;
    const std::size_t k = result.n_components;
    ASSERT_EQ(result.coordinates.size(), n * k);
    ASSERT_EQ(result.components.size(), k * d);
    ASSERT_EQ(result.explained_variance.size(), k);
    double sum_variance = 0;
    for (std::size_t a = 0; a < k; ++a) {
        for (std::size_t b = 0; b <= a; ++b) {
            double product = 0;
            for (std::size_t j = 0; j < d; ++j) {
                product += static_cast<double>(result.components[a * d + j]) *
                           static_cast<double>(result.components[b * d + j]);
            }
            EXPECT_NEAR(product, a == b ? 1.0 : 0.0, 1e-6) << a << " " << b;
        }
        double sum = 0;
        double sum_squares = 0;
        for (std::size_t i = 0; i < n; ++i) {
            const double value = coordinate(result, i, a);
            if (std::isnan(value)) continue;
            sum += value;
            sum_squares += value * value;
        }
        const double n_used = static_cast<double>(result.n_rows_used);
        const double largest = result.explained_variance[0];
        EXPECT_NEAR(sum / n_used, 0.0, tolerance * std::sqrt(largest)) << a;
        const double variance = n_used > 1 ? sum_squares / (n_used - 1) : 0.0;
        EXPECT_NEAR(variance, result.explained_variance[a], tolerance * largest) << a;
        EXPECT_GE(result.explained_variance[a], 0.0);
        if (a > 0) {
            EXPECT_LE(result.explained_variance[a], result.explained_variance[a - 1]);
        }
        sum_variance += result.explained_variance[a];
    }
    EXPECT_LE(sum_variance, result.total_variance * (1 + tolerance));
}

void expect_same_bits(const PcaResult& a, const PcaResult& b) {
    ASSERT_EQ(a.coordinates.size(), b.coordinates.size());
    EXPECT_EQ(std::memcmp(
                  a.coordinates.data(), b.coordinates.data(), a.coordinates.size() * sizeof(float)),
              0);
    EXPECT_EQ(a.components, b.components);
    EXPECT_EQ(a.explained_variance, b.explained_variance);
    EXPECT_EQ(a.total_variance, b.total_variance);
    EXPECT_EQ(a.mean, b.mean);
}

ErrorCode code_of(const Matrix& points, int k = 10, std::stop_token stop = {}) {
    ThreadPool pool(2);
    try {
        pca(points.view(), {.n_components = k}, pool, stop);
    } catch (const Error& error) {
        return error.code();
    }
    ADD_FAILURE() << "nothing was thrown";
    return ErrorCode::internal;
}

TEST(Pca, FourPointsOnACrossAreSolvedAsByHand) {
    // Along (3, 4) / 5 at 10 and -10, along (-4, 3) / 5 at 5 and -5, around (1, 2).
    Matrix points(4, 2);
    const float values[] = {7, 10, -5, -6, -3, 5, 5, -1};
    std::memcpy(points.row(0), values, sizeof(values));
    const PcaResult result = run(points);
    ASSERT_EQ(result.n_components, 2U);
    EXPECT_EQ(result.mean, (std::vector<float>{1, 2}));
    EXPECT_NEAR(result.explained_variance[0], 200.0 / 3, 1e-12);
    EXPECT_NEAR(result.explained_variance[1], 50.0 / 3, 1e-12);
    EXPECT_NEAR(result.total_variance, 250.0 / 3, 1e-12);
    const float components[] = {0.6F, 0.8F, 0.8F, -0.6F};
    const float coordinates[] = {10, -10, 0, 0, 0, 0, -5, 5};
    for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(result.components[i], components[i], 1e-7F);
    for (std::size_t i = 0; i < 8; ++i) EXPECT_NEAR(result.coordinates[i], coordinates[i], 1e-6F);
    EXPECT_TRUE(result.notes.empty());
}

TEST(Pca, AllComponentsTogetherHoldTheTotalVariance) {
    const PcaResult result = run(random_points(300, 40), 40);
    expect_consistent(result, 40);
    double sum = 0;
    for (const double variance : result.explained_variance) sum += variance;
    EXPECT_NEAR(sum, result.total_variance, 1e-9 * result.total_variance);
    EXPECT_TRUE(result.notes.empty());
}

TEST(Pca, ShapesOfEveryKindAreConsistent) {
    const std::size_t shapes[][2] = {{1, 1},
                                     {1, 5},
                                     {2, 1},
                                     {2, 9},
                                     {3, 3},
                                     {5, 1},
                                     {31, 33},
                                     {33, 31},
                                     {64, 64},
                                     {257, 256},
                                     {256, 257},
                                     {1000, 65},
                                     {65, 1000},
                                     {700, 300},
                                     {40, 700}};
    for (const auto& [n, d] : shapes) {
        SCOPED_TRACE(testing::Message() << n << " x " << d);
        const PcaResult result = run(random_points(n, d));
        EXPECT_EQ(result.n_components, std::min<std::size_t>({10, n, d}));
        expect_consistent(result, d);
    }
}

TEST(Pca, ThreadsAndRepetitionDoNotChangeASingleBit) {
    const std::size_t shapes[][2] = {{3000, 17}, {1500, 200}, {150, 600}, {600, 550}};
    for (const auto& [n, d] : shapes) {
        SCOPED_TRACE(testing::Message() << n << " x " << d);
        const Matrix points = random_points(n, d);
        const PcaResult one = run(points, 20, 1);
        expect_same_bits(one, run(points, 20, 1));
        expect_same_bits(one, run(points, 20, 2));
        expect_same_bits(one, run(points, 20, 8));
    }
}

TEST(Pca, WideAndTallWaysAgree) {
    // The same points once more with the rows repeated: eigenvalues and components stay, up to the
    // divisor n - 1.
    const std::size_t n = 50;
    const std::size_t d = 60;
    const Matrix wide = random_points(n, d);
    Matrix tall(2 * n, d);
    for (std::size_t i = 0; i < 2 * n; ++i)
        std::memcpy(tall.row(i), wide.row(i % n), d * sizeof(float));
    const PcaResult a = run(wide);
    const PcaResult b = run(tall);
    for (std::size_t c = 0; c < 10; ++c) {
        EXPECT_NEAR(a.explained_variance[c] * 49 / 50,
                    b.explained_variance[c] * 99 / 100,
                    1e-6 * a.explained_variance[0]);
        for (std::size_t i = 0; i < n; ++i)
            EXPECT_NEAR(coordinate(a, i, c), coordinate(b, i, c), 1e-4);
    }
}

TEST(Pca, RowsWithNanOrInfinityAreLeftOutAndCounted) {
    const Matrix clean = random_points(200, 20);
    Matrix dirty(203, 20);
    std::size_t from = 0;
    for (std::size_t i = 0; i < 203; ++i) {
        const bool is_bad = i == 0 || i == 77 || i == 202;
        std::memcpy(dirty.row(i), clean.row(is_bad ? 5 : from++), 20 * sizeof(float));
    }
    dirty.row(0)[19] = nan;
    dirty.row(77)[0] = infinity;
    dirty.row(202)[7] = -infinity;
    const PcaResult a = run(clean);
    const PcaResult b = run(dirty);
    EXPECT_EQ(b.n_rows_used, 200U);
    EXPECT_EQ(b.notes,
              (std::vector<std::string>{"3 of 203 rows hold NaN or infinity and were left out"}));
    EXPECT_EQ(a.explained_variance, b.explained_variance);
    EXPECT_EQ(a.components, b.components);
    for (std::size_t c = 0; c < 10; ++c) {
        EXPECT_TRUE(std::isnan(coordinate(b, 0, c)));
        EXPECT_TRUE(std::isnan(coordinate(b, 77, c)));
        EXPECT_TRUE(std::isnan(coordinate(b, 202, c)));
        EXPECT_EQ(coordinate(b, 1, c), coordinate(a, 0, c));
        EXPECT_EQ(coordinate(b, 201, c), coordinate(a, 199, c));
    }
}

TEST(Pca, WithNoFiniteRowThereIsNoComponent) {
    Matrix points(3, 2);
    for (std::size_t i = 0; i < 3; ++i) points.row(i)[i % 2] = nan;
    const PcaResult result = run(points);
    EXPECT_EQ(result.n_components, 0U);
    EXPECT_EQ(result.n_rows_used, 0U);
    EXPECT_TRUE(result.coordinates.empty());
    EXPECT_EQ(result.notes.size(), 1U);
}

TEST(Pca, EqualRowsHaveNoVarianceAndStandAtTheOrigin) {
    for (const std::size_t n : {1U, 2U, 7U, 100U}) {
        Matrix points(n, 12);
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j < 12; ++j)
                points.row(i)[j] = 0.1F + static_cast<float>(j) / 3.0F;
        }
        const PcaResult result = run(points);
        EXPECT_EQ(result.total_variance, 0.0);
        for (const float value : result.coordinates) EXPECT_EQ(value, 0.0F);
        expect_consistent(result, 12);
    }
}

TEST(Pca, ConstantColumnsChangeNothing) {
    const Matrix points = random_points(150, 20);
    Matrix padded(150, 50);
    for (std::size_t i = 0; i < 150; ++i) {
        for (std::size_t j = 0; j < 50; ++j)
            padded.row(i)[j] = j % 2 == 0 && j < 40 ? points.row(i)[j / 2] : 0.7F;
    }
    const PcaResult a = run(points);
    const PcaResult b = run(padded);
    for (std::size_t c = 0; c < 10; ++c) {
        EXPECT_NEAR(a.explained_variance[c], b.explained_variance[c], 1e-12);
        for (std::size_t j = 1; j < 50; j += 2) EXPECT_NEAR(b.components[c * 50 + j], 0.0F, 1e-12F);
    }
}

TEST(Pca, ALargeMeanCostsNoAccuracy) {
    // Quarters of integers are exact in float beside 10,000, so both inputs hold the same
    // differences.
    Random random(3);
    Matrix small(2000, 30);
    Matrix offset(2000, 30);
    for (std::size_t i = 0; i < 2000; ++i) {
        for (std::size_t j = 0; j < 30; ++j) {
            small.row(i)[j] = static_cast<float>(std::round(random.normal() * 64.0 /
                                                            (1.0 + static_cast<double>(j % 7)))) /
                              64.0F;
            offset.row(i)[j] = small.row(i)[j] + 10000.0F;
        }
    }
    const PcaResult a = run(small);
    const PcaResult b = run(offset);
    for (std::size_t c = 0; c < 10; ++c) {
        EXPECT_NEAR(a.explained_variance[c] / b.explained_variance[c], 1.0, 1e-6);
    }
    expect_consistent(b, 30);
}

TEST(Pca, ValuesNearTheLimitsOfFloatNeitherOverflowNorVanish) {
    for (const std::size_t n : {20U, 200U}) {
        const Matrix points = random_points(n, 40);
        const PcaResult plain = run(points);
        for (const double scale : {0x1p120, 0x1p-110}) {
            SCOPED_TRACE(testing::Message() << n << " rows times " << scale);
            Matrix scaled(n, 40);
            for (std::size_t i = 0; i < n * 40; ++i) {
                scaled.row(0)[i] =
                    static_cast<float>(static_cast<double>(points.row(0)[i]) * scale);
            }
            const PcaResult result = run(scaled);
            EXPECT_TRUE(result.notes.empty());
            for (std::size_t c = 0; c < 10; ++c) {
                EXPECT_NEAR(result.explained_variance[c] / scale / scale,
                            plain.explained_variance[c],
                            1e-6);
                EXPECT_NEAR(coordinate(result, 3, c) / scale, coordinate(plain, 3, c), 1e-4);
            }
        }
    }
}

TEST(Pca, CoordinatesTooLargeForFloatAreDividedAndItIsSaid) {
    Matrix points(30, 100);
    for (std::size_t i = 0; i < 30; ++i) {
        for (std::size_t j = 0; j < 100; ++j) points.row(i)[j] = i % 2 == 0 ? 3e38F : -3e38F;
    }
    const PcaResult result = run(points, 2);
    ASSERT_EQ(result.notes.size(), 1U);
    EXPECT_EQ(result.notes[0], "the coordinates are too large for float32 and were divided by 2^4");
    EXPECT_NEAR(std::abs(coordinate(result, 0, 0)) / (3e39 / 16), 1.0, 1e-5);
    EXPECT_NEAR(result.explained_variance[0] / (9e78 * 30 / 29), 1.0, 1e-5);
}

TEST(Pca, AColumnOfSmallValuesKeepsItsDigitsBesideALargeOne) {
    const Matrix points = random_points(500, 3);
    Matrix mixed(500, 3);
    for (std::size_t i = 0; i < 500; ++i) {
        mixed.row(i)[0] = points.row(i)[0] * 1e6F;
        mixed.row(i)[1] = i % 2 == 0 ? 1.0F : -1.0F;
        mixed.row(i)[2] = i % 4 < 2 ? 1e-3F : -1e-3F;
    }
    const PcaResult result = run(mixed);
    EXPECT_NEAR(result.explained_variance[1], 1.0, 0.02);
    EXPECT_NEAR(result.explained_variance[2], 1e-6, 2e-8);
}

TEST(Pca, MoreThanSixteenComponentsAreTheSameAsAFew) {
    const Matrix points = random_points(400, 50);
    const PcaResult few = run(points, 3);
    const PcaResult many = run(points, 37);
    expect_consistent(many, 50);
    for (std::size_t c = 0; c < 3; ++c) {
        EXPECT_NEAR(few.explained_variance[c], many.explained_variance[c], 1e-9);
        for (std::size_t i = 0; i < 400; ++i)
            EXPECT_NEAR(coordinate(few, i, c), coordinate(many, i, c), 1e-5);
    }
}

TEST(Pca, ManyRowsOfManyDimensionsAreSolvedAsByHand) {
    // Pairs of rows at a e_j and -a e_j: direction j has the variance 2 a^2 / (n - 1), and where
    // the matrix of products would be large, it is found without it.
    const std::size_t d = 1600;
    Matrix points(2 * d, d);
    for (std::size_t j = 0; j < d; ++j) {
        points.row(2 * j)[j] = 10 / (1 + static_cast<float>(j));
        points.row(2 * j + 1)[j] = -points.row(2 * j)[j];
    }
    const PcaResult result = run(points, 4);
    double total = 0;
    for (std::size_t j = d; j-- > 0;) total += 200 / std::pow(1 + static_cast<double>(j), 2);
    EXPECT_NEAR(result.total_variance, total / 3199, 1e-6 * total / 3199);
    for (std::size_t c = 0; c < 4; ++c) {
        const double a = 10 / (1 + static_cast<double>(c));
        EXPECT_NEAR(result.explained_variance[c], 2 * a * a / 3199, 1e-6 * a * a) << c;
        EXPECT_NEAR(result.components[c * d + c], 1, 1e-5) << c;
        EXPECT_NEAR(coordinate(result, 2 * c, c), a, 1e-4) << c;
    }
    expect_consistent(result, d);
    expect_same_bits(run(points, 4, 1), result);
}

TEST(Pca, BytesAndHalvesGiveWhatTheirFloatsGive) {
    Random random(4);
    for (const auto& [n, d] : {std::pair<std::size_t, std::size_t>{300, 40}, {40, 300}}) {
        Matrix floats(n, d);
        std::vector<std::uint8_t> bytes(n * d);
        std::vector<std::uint16_t> halves(n * d);
        for (std::size_t i = 0; i < n * d; ++i) {
            // 1 + m / 1024 with m below 256: a half with these bits as its mantissa.
            const auto m = static_cast<std::uint8_t>(i % d == 3 ? 9 : random.below(256));
            bytes[i] = m;
            halves[i] = static_cast<std::uint16_t>(0x3c00 + m);
            floats.row(0)[i] = m;
        }
        ThreadPool pool(2);
        const PcaOptions options{.n_components = 5};
        const PcaResult of_floats = pca(floats.view(), options, pool);
        expect_same_bits(pca({bytes.data(), n, d, ElementType::uint8}, options, pool), of_floats);
        for (std::size_t i = 0; i < n * d; ++i) floats.row(0)[i] = 1 + floats.row(0)[i] / 1024;
        expect_same_bits(pca({halves.data(), n, d, ElementType::float16}, options, pool),
                         pca(floats.view(), options, pool));
    }
}

TEST(Pca, WrongInputIsRefused) {
    EXPECT_EQ(code_of(Matrix(0, 3)), ErrorCode::invalid_argument);
    EXPECT_EQ(code_of(Matrix(3, 0)), ErrorCode::invalid_argument);
    EXPECT_EQ(code_of(Matrix(3, 3), 0), ErrorCode::invalid_argument);
    EXPECT_EQ(code_of(Matrix(3, 3), 1001), ErrorCode::invalid_argument);
}

TEST(Pca, StopsWhenAsked) {
    std::stop_source source;
    source.request_stop();
    EXPECT_EQ(code_of(random_points(100, 10), 3, source.get_token()), ErrorCode::cancelled);
}

}  // namespace
}  // namespace oort
