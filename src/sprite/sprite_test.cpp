// SPDX-License-Identifier: Apache-2.0
#include "sprite/sprite.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/error.h"
#include "sprite/fit.h"
#include "sprite/image.h"
#include "sprite/palette.h"
#include "sprite/strips.h"
#include "sprite/test_random.h"

namespace oort {
namespace {

constexpr Color black = 0xFF000000;
constexpr Color white = 0xFFFFFFFF;
constexpr Color red = 0xFF0000FF;

Image decoded(const Sprite& sprite) {
    const std::string png = sprite.png();
    return decode_image(std::as_bytes(std::span(png)));
}

Color pixel(const Image& image, std::size_t x, std::size_t y) {
    const std::uint8_t* p = &image.rgba[4 * (y * static_cast<std::size_t>(image.width) + x)];
    return pack(p[0], p[1], p[2], p[3]);
}

// The four pictures of the documentation's example.
Sprite four_pictures() {
    Sprite sprite(4, 2, 2);
    for (std::size_t row = 0; row < 4; ++row) {
        std::vector<std::uint8_t> picture(4);
        picture[row] = 255;
        sprite.set_tile(row, {picture, 2, 2, 1});
    }
    return sprite;
}

TEST(Sprite, TilesStandRowByRowInASquare) {
    const Sprite sprite = four_pictures();
    const Image image = decoded(sprite);
    EXPECT_EQ(sprite.columns(), 2U);
    ASSERT_EQ(image.width, 4);
    ASSERT_EQ(image.height, 4);
    for (std::size_t y = 0; y < 4; ++y) {
        for (std::size_t x = 0; x < 4; ++x) {
            const bool lit = (x == 0 && y == 0) || (x == 3 && y == 0) || (x == 0 && y == 3) ||
                             (x == 3 && y == 3);
            EXPECT_EQ(pixel(image, x, y), lit ? white : black) << x << ", " << y;
        }
    }
}

TEST(Sprite, FiveTilesTakeThreeColumnsAndTheRestIsTransparent) {
    Sprite sprite(5, 1, 1);
    for (std::size_t row = 0; row < 4; ++row)
        sprite.set_tile(row, {std::vector<std::uint8_t>{9}, 1, 1, 1});
    const Image image = decoded(sprite);
    EXPECT_EQ(image.width, 3);
    EXPECT_EQ(image.height, 3);
    EXPECT_EQ(pixel(image, 0, 1), pack(9, 9, 9, 255));
    EXPECT_EQ(pixel(image, 1, 1), 0U);  // row 4, never set
    EXPECT_EQ(pixel(image, 2, 2), 0U);  // no row
}

TEST(Sprite, TheTransparentColourMatchesExactlyAndTheGroundShowsThrough) {
    Sprite sprite(2, 3, 1);
    const std::vector<std::uint8_t> picture{0, 1, 2};
    sprite.set_tile(0, {picture, 3, 1, 1}, {.transparent = Rgb{0, 0, 0}});
    sprite.set_tile(
        1, {picture, 3, 1, 1}, {.transparent = Rgb{0, 0, 0}, .background = Rgb{255, 0, 0}});
    const Image image = decoded(sprite);
    EXPECT_EQ(pixel(image, 0, 0), 0U);
    EXPECT_EQ(pixel(image, 1, 0), pack(1, 1, 1, 255));
    EXPECT_EQ(pixel(image, 3, 0), red);
    EXPECT_EQ(pixel(image, 4, 0), pack(1, 1, 1, 255));
    EXPECT_EQ(pixel(image, 5, 0), pack(2, 2, 2, 255));
}

TEST(Sprite, HalfTransparentPixelsAreMixedWithTheGround) {
    Sprite sprite(1, 1, 1);
    sprite.set_tile(
        0, {std::vector<std::uint8_t>{255, 128}, 1, 1, 2}, {.background = Rgb{1, 0, 0}});
    EXPECT_EQ(pixel(decoded(sprite), 0, 0), pack(128, 128, 128, 255));
}

TEST(Sprite, APictureOfAnotherSizeKeepsItsAspectAndIsCentred) {
    Sprite sprite(2, 4, 4);
    const std::vector<std::uint8_t> wide(3 * 8 * 4, 200);
    sprite.set_tile(0, {wide, 8, 4, 3});
    sprite.set_tile(1, {wide, 8, 4, 3}, {.background = Rgb{255, 0, 0}});
    const Image image = decoded(sprite);
    const Color ink = pack(200, 200, 200, 255);
    for (std::size_t x = 0; x < 4; ++x) {
        EXPECT_EQ(pixel(image, x, 0), 0U);
        EXPECT_EQ(pixel(image, x, 1), ink);
        EXPECT_EQ(pixel(image, x, 2), ink);
        EXPECT_EQ(pixel(image, x, 3), 0U);
        EXPECT_EQ(pixel(image, 4 + x, 0), red);
        EXPECT_EQ(pixel(image, 4 + x, 1), ink);
    }
}

// n tiles of random pixels with `n_colors` colours, filled in an order and number of threads of
// choice.
std::string random_sprite(std::size_t n, std::size_t n_colors, std::size_t n_threads) {
    Sprite sprite(n, 5, 3);
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
        for (std::size_t i = next++; i < n; i = next++) {
            const std::size_t row = n_threads == 1 ? n - 1 - i : i;
            TestRandom random(row);
            std::vector<std::uint8_t> picture;
            for (int p = 0; p < 15; ++p) {
                const std::size_t color = random.below(n_colors);
                for (int shift = 0; shift < 24; shift += 8) {
                    picture.push_back(static_cast<std::uint8_t>(color * 2654435761U >> shift));
                }
            }
            sprite.set_tile(row, {picture, 5, 3, 3});
        }
    };
    {
        std::vector<std::jthread> threads;
        for (std::size_t t = 0; t < n_threads; ++t) threads.emplace_back(work);
    }
    return sprite.png();
}

TEST(Sprite, OrderAndThreadsDoNotChangeTheResult) {
    for (const std::size_t n_colors : {3U, 16U, 255U, 256U, 257U, 5000U}) {
        const std::string one = random_sprite(700, n_colors, 1);
        EXPECT_EQ(one, random_sprite(700, n_colors, 8)) << n_colors << " colours";
    }
}

TEST(Sprite, AThousandColoursAreKeptWhenThePaletteOverflows) {
    const std::string png = random_sprite(700, 5000, 8);
    const Image image = decode_image(std::as_bytes(std::span(png)));
    for (std::size_t row = 0; row < 700; ++row) {
        TestRandom random(row);
        for (std::size_t p = 0; p < 15; ++p) {
            const auto bits = static_cast<Color>(random.below(5000) * 2654435761U & 0xFFFFFF);
            ASSERT_EQ(pixel(image, row % 27 * 5 + p % 5, row / 27 * 3 + p / 5), bits | black)
                << "row " << row;
        }
    }
}

TEST(Sprite, AllGraysAndNoneMissingStayOneByteAPixel) {
    Sprite sprite(257, 1, 1);  // the square has room for 289
    for (std::size_t row = 0; row < 257; ++row) {
        sprite.set_tile(row, {std::vector<std::uint8_t>{static_cast<std::uint8_t>(row)}, 1, 1, 1});
    }
    const std::string png = sprite.png();
    EXPECT_EQ(png.at(25), 0);  // gray
    EXPECT_EQ(pixel(decode_image(std::as_bytes(std::span(png))), 7, 1), pack(24, 24, 24, 255));
}

TEST(Sprite, AMissingTileStaysTransparentEvenBesideAllGrays) {
    Sprite sprite(257, 1, 1);
    for (std::size_t row = 0; row < 256; ++row) {
        sprite.set_tile(row, {std::vector<std::uint8_t>{static_cast<std::uint8_t>(row)}, 1, 1, 1});
    }
    const Image image = decoded(sprite);
    EXPECT_EQ(pixel(image, 256 % 17, 256 / 17), 0U);
    EXPECT_EQ(pixel(image, 255 % 17, 255 / 17), white);
}

TEST(Sprite, WrongSizesAreRefused) {
    EXPECT_THROW(Sprite(0, 1, 1), Error);
    EXPECT_THROW(Sprite(1, 0, 1), Error);
    EXPECT_THROW(Sprite(1, 1, -1), Error);
    EXPECT_THROW(Sprite(std::size_t{1} << 60, 1, 1), Error);
    EXPECT_THROW(Sprite(1, 1 << 30, 1 << 30), Error);
    EXPECT_THROW(Sprite(1'000'000, 64, 64), Error);
    Sprite sprite(2, 2, 2);
    const std::vector<std::uint8_t> four(4);
    EXPECT_THROW(sprite.set_tile(2, {four, 2, 2, 1}), Error);
    EXPECT_THROW(sprite.set_tile(0, {four, 2, 2, 3}), Error);
    EXPECT_THROW(sprite.set_tile(0, {four, 2, 2, 5}), Error);
    EXPECT_THROW(sprite.set_tile(0, {four, 0, 2, 1}), Error);
    EXPECT_THROW(sprite.set_tile(0, {four, -2, -2, 1}), Error);
}

TEST(Fit, ShrinkingAveragesAreas) {
    const std::vector<Color> picture{black, white, white, black};
    EXPECT_EQ(fit(picture, {2, 2}, {1, 1}), std::vector<Color>{pack(128, 128, 128, 255)});
    const std::vector<Color> thirds{black, black, white};
    EXPECT_EQ(fit(thirds, {3, 1}, {1, 1}), std::vector<Color>{pack(85, 85, 85, 255)});
}

TEST(Fit, TransparentNeighboursDoNotDarken) {
    EXPECT_EQ(fit(std::vector<Color>{0, white}, {2, 1}, {1, 1}),
              std::vector<Color>{pack(255, 255, 255, 128)});
}

TEST(Fit, WholeFactorsRepeatPixels) {
    const std::vector<Color> doubled{red, red, white, white, red, red, white, white};
    EXPECT_EQ(fit(std::vector<Color>{red, white}, {2, 1}, {4, 2}), doubled);
}

TEST(Fit, OneColourStaysThatColourAtEverySize) {
    for (int side = 1; side < 40; ++side) {
        const std::vector<Color> picture(static_cast<std::size_t>(side * side), red);
        EXPECT_EQ(fit(picture, {side, side}, {13, 13}), std::vector<Color>(169, red)) << side;
    }
}

TEST(Fit, AnySizeFitsAnyTile) {
    TestRandom random(5);
    for (int round = 0; round < 500; ++round) {
        const auto side = [&] {
            return 1 + static_cast<int>(random.below(random.below(8) == 0 ? 300 : 20));
        };
        const PixelSize size{side(), side()};
        const PixelSize tile{side(), side()};
        const PixelSize out = fitted_size(size, tile);
        EXPECT_LE(out.width, tile.width);
        EXPECT_LE(out.height, tile.height);
        EXPECT_TRUE(out.width == tile.width || out.height == tile.height);
        const std::vector<Color> picture(static_cast<std::size_t>(size.width * size.height), white);
        std::size_t n_white = 0;
        for (const Color color : fit(picture, size, tile)) n_white += color == white;
        EXPECT_EQ(n_white, static_cast<std::size_t>(out.width * out.height));
    }
}

TEST(Strips, EachIsDoneOnceAndTheFirstExceptionComesBack) {
    std::vector<std::atomic<int>> done(1000);
    for_each_strip(1000, [&](std::size_t i) { ++done[i]; });
    for (const auto& n : done) EXPECT_EQ(n, 1);
    EXPECT_THROW(for_each_strip(100,
                                [](std::size_t i) {
                                    if (i == 50) throw std::runtime_error("x");
                                }),
                 std::runtime_error);
    for_each_strip(0, [](std::size_t) { FAIL(); });
}

}  // namespace
}  // namespace oort
