// SPDX-License-Identifier: Apache-2.0
#include "numeric/clean_points.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "base/error.h"

namespace oort {
namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

CleanPoints clean(PointsView points, std::vector<std::uint32_t> rows = {}) {
    ThreadPool pool(2);
    return clean_points(points, rows, pool);
}

Matrix counting(std::size_t n, std::size_t d) {
    Matrix points(n, d);
    std::iota(points.row(0), points.row(0) + n * d, 1.0F);
    return points;
}

std::vector<float> values_of(PointsView points) {
    std::vector<float> values(points.n_rows * points.n_columns);
    points.read(0, points.n_rows, values.data());
    return values;
}

ErrorCode code_of(PointsView points, std::vector<std::uint32_t> rows, std::stop_token stop = {}) {
    ThreadPool pool(2);
    try {
        clean_points(points, rows, pool, stop);
    } catch (const Error& error) {
        return error.code();
    }
    ADD_FAILURE() << "nothing was thrown";
    return ErrorCode::internal;
}

TEST(CleanPoints, WhatIsCleanIsReferredTo) {
    const Matrix points = counting(5, 3);
    const CleanPoints result = clean(points.view());
    EXPECT_EQ(result.view().data, points.row(0));
    EXPECT_EQ(result.view().n_rows, 5U);
    EXPECT_EQ(result.view().n_columns, 3U);
    EXPECT_EQ(result.rows(), (std::vector<std::uint32_t>{0, 1, 2, 3, 4}));
    EXPECT_EQ(result.scale(), 1.0);
    EXPECT_EQ(result.n_left_out(), 0U);
    EXPECT_TRUE(result.notes().empty());
}

TEST(CleanPoints, NeighbouringRowsAreReferredToAndOthersCopied) {
    const Matrix points = counting(5, 2);
    EXPECT_EQ(clean(points.view(), {1, 2, 3}).view().data, points.row(1));
    const CleanPoints result = clean(points.view(), {0, 3});
    EXPECT_EQ(values_of(result.view()), (std::vector<float>{1, 2, 7, 8}));
    EXPECT_EQ(result.rows(), (std::vector<std::uint32_t>{0, 3}));
}

TEST(CleanPoints, RowsThatAreNotFiniteAreLeftOutAndCounted) {
    Matrix points = counting(6, 40);
    points.row(1)[39] = nan;
    points.row(4)[0] = -infinity;
    const CleanPoints result = clean(points.view(), {0, 1, 2, 4, 5});
    EXPECT_EQ(result.rows(), (std::vector<std::uint32_t>{0, 2, 5}));
    EXPECT_EQ(result.n_left_out(), 2U);
    EXPECT_EQ(result.notes(),
              (std::vector<std::string>{"2 of 5 rows hold NaN or infinity and were left out"}));
    const std::vector<float> values = values_of(result.view());
    EXPECT_EQ(values[40], points.row(2)[0]);
    EXPECT_EQ(values[119], points.row(5)[39]);
}

TEST(CleanPoints, WithNoFiniteRowNothingIsLeft) {
    Matrix points(2, 3);
    points.row(0)[1] = nan;
    points.row(1)[1] = infinity;
    const CleanPoints result = clean(points.view());
    EXPECT_EQ(result.view().n_rows, 0U);
    EXPECT_TRUE(result.rows().empty());
    EXPECT_EQ(result.n_left_out(), 2U);
}

TEST(CleanPoints, ExtremeValuesAreScaledByAPowerOfTwo) {
    for (const float largest : {1e38F, 3e12F, 1e-7F, 1e-38F, 1e-44F}) {
        SCOPED_TRACE(largest);
        Matrix points(2, 2);
        points.row(0)[0] = -largest;
        points.row(1)[1] = largest / 2;
        const CleanPoints result = clean(points.view());
        const std::vector<float> values = values_of(result.view());
        EXPECT_EQ(std::ilogb(values[0]), 0);
        EXPECT_EQ(static_cast<double>(values[0]),
                  static_cast<double>(points.row(0)[0]) * result.scale());
        EXPECT_EQ(static_cast<double>(values[3]),
                  static_cast<double>(points.row(1)[1]) * result.scale());
        EXPECT_EQ(values[1], 0.0F);
        ASSERT_EQ(result.notes().size(), 1U);
        EXPECT_NE(result.notes()[0].find("2^"), std::string::npos) << result.notes()[0];
    }
}

TEST(CleanPoints, TheSizeThatIsFineReachesFromLimitToLimit) {
    for (const float largest : {0.0F, 0x1p-20F, 1.0F, 0x1p40F}) {
        Matrix points(1, 1);
        points.row(0)[0] = largest;
        EXPECT_EQ(clean(points.view()).view().data, points.row(0)) << largest;
    }
    for (const float largest : {0x1.fffffep-21F, 0x1.000002p40F}) {
        Matrix points(1, 1);
        points.row(0)[0] = largest;
        EXPECT_NE(clean(points.view()).scale(), 1.0) << largest;
    }
}

TEST(CleanPoints, ARowLeftOutDoesNotDecideTheScale) {
    Matrix points = counting(2, 2);
    points.row(0)[0] = 1e38F;
    points.row(0)[1] = nan;
    EXPECT_EQ(clean(points.view()).scale(), 1.0);
    EXPECT_EQ(clean(counting(2, 2).view(), {1}).scale(), 1.0);
}

TEST(CleanPoints, TinyHalvesBecomeScaledFloatsAndBytesStayBytes) {
    const std::uint16_t halves[] = {1, 0x8003, 0, 2};  // of 2^-24
    const CleanPoints result = clean({halves, 2, 2, ElementType::float16});
    EXPECT_EQ(result.view().type, ElementType::float32);
    EXPECT_EQ(values_of(result.view()), (std::vector<float>{0.5F, -1.5F, 0, 1}));
    EXPECT_EQ(result.scale(), 0x1p23);
    const std::uint8_t bytes[] = {1, 2, 3, 255, 0, 6};
    const CleanPoints some = clean({bytes, 3, 2, ElementType::uint8}, {0, 2});
    EXPECT_EQ(some.view().type, ElementType::uint8);
    EXPECT_EQ(values_of(some.view()), (std::vector<float>{1, 2, 0, 6}));
}

TEST(CleanPoints, ACopyCanBeGivenBack) {
    const Matrix points = counting(5, 2);
    CleanPoints result = clean(points.view(), {0, 3});
    result.drop_points();
    EXPECT_EQ(result.view().n_rows, 0U);
    EXPECT_EQ(result.rows(), (std::vector<std::uint32_t>{0, 3}));
}

TEST(CleanPoints, WrongInputIsRefusedAndAStopIsSeen) {
    const Matrix points = counting(3, 2);
    EXPECT_EQ(code_of(Matrix(0, 3).view(), {}), ErrorCode::invalid_argument);
    EXPECT_EQ(code_of(Matrix(3, 0).view(), {}), ErrorCode::invalid_argument);
    EXPECT_EQ(code_of(points.view(), {0, 3}), ErrorCode::invalid_argument);
    EXPECT_EQ(code_of(points.view(), {1, 1}), ErrorCode::invalid_argument);
    EXPECT_EQ(code_of(points.view(), {2, 0}), ErrorCode::invalid_argument);
    std::stop_source stop;
    stop.request_stop();
    EXPECT_EQ(code_of(points.view(), {}, stop.get_token()), ErrorCode::cancelled);
}

}  // namespace
}  // namespace oort
