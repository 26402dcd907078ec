// SPDX-License-Identifier: Apache-2.0
#include "numeric/points.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

namespace oort {
namespace {

/// The number that IEEE 754 says these bits are, by the definition.
float number_of_half(std::uint16_t bits) {
    const int exponent = bits >> 10 & 31;
    const double mantissa = bits & 1023;
    double magnitude =
        exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
    if (exponent == 31) {
        magnitude = mantissa == 0 ? std::numeric_limits<double>::infinity()
                                  : std::numeric_limits<double>::quiet_NaN();
    }
    return static_cast<float>(bits >> 15 != 0 ? -magnitude : magnitude);
}

TEST(PointsView, EveryHalfIsReadExactly) {
    // Two columns, so that a row is no whole vector; both signs of zero, subnormals, infinity, NaN.
    std::vector<std::uint16_t> halves(65536);
    std::iota(halves.begin(), halves.end(), std::uint16_t{0});
    const PointsView points(halves.data(), 32768, 2, ElementType::float16);
    std::vector<float> out(65536);
    points.read(0, 32768, out.data());
    for (std::size_t i = 0; i < halves.size(); ++i) {
        const float wanted = number_of_half(halves[i]);
        if (std::isnan(wanted)) {
            EXPECT_TRUE(std::isnan(out[i])) << i;
        } else {
            EXPECT_EQ(std::bit_cast<std::uint32_t>(out[i]), std::bit_cast<std::uint32_t>(wanted))
                << i;
        }
    }
}

TEST(PointsView, EveryByteIsReadAsItsNumber) {
    std::vector<std::uint8_t> bytes(255);
    std::iota(bytes.begin(), bytes.end(), std::uint8_t{1});
    const PointsView points(bytes.data(), 85, 3, ElementType::uint8);
    std::vector<float> out(255);
    points.read(0, 85, out.data());
    for (std::size_t i = 0; i < 255; ++i) EXPECT_EQ(out[i], static_cast<float>(i + 1));
}

TEST(PointsView, SomeRowsAreThoseOfTheWholeAndNothingBesideIsTouched) {
    constexpr float untouched = -1;
    const std::size_t d = 21;
    std::vector<float> values(9 * d);
    std::iota(values.begin(), values.end(), 0.0F);
    std::vector<std::uint8_t> bytes(values.begin(), values.end());
    std::vector<std::uint16_t> halves(9 * d);
    std::iota(halves.begin(), halves.end(), std::uint16_t{0x3c00});
    const PointsView views[] = {{values.data(), 9, d, ElementType::float32},
                                {bytes.data(), 9, d, ElementType::uint8},
                                {halves.data(), 9, d, ElementType::float16}};
    for (std::size_t v = 0; v < 3; ++v) {
        std::vector<float> whole(9 * d);
        views[v].read(0, 9, whole.data());
        for (std::size_t count = 0; count < 4; ++count) {
            std::vector<float> some(4 * d, untouched);
            views[v].read(5, count, some.data());
            for (std::size_t i = 0; i < some.size(); ++i)
                EXPECT_EQ(some[i], i < count * d ? whole[5 * d + i] : untouched) << v << " " << i;
        }
    }
}

TEST(PointsView, AnElementHasTheSizeOfItsType) {
    EXPECT_EQ(size_bytes(ElementType::float32), 4U);
    EXPECT_EQ(size_bytes(ElementType::float16), 2U);
    EXPECT_EQ(size_bytes(ElementType::uint8), 1U);
}

}  // namespace
}  // namespace oort
