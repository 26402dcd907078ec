// SPDX-License-Identifier: Apache-2.0
// The splatter against slow references written straight from raster.h.
#include "raster/raster.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

namespace oort {
namespace {

constexpr int32_t picture_width = 90;
constexpr int32_t picture_height = 61;
constexpr float nan_value = std::numeric_limits<float>::quiet_NaN();

struct Cloud {
    std::vector<float> x, y, z;
    std::vector<uint8_t> slots, states;

    RasterPoints points() const {
        return {x.data(),
                y.data(),
                z.data(),
                slots.data(),
                states.data(),
                static_cast<uint32_t>(x.size())};
    }
};

Cloud random_cloud(uint32_t n, uint32_t seed) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<float> place(-1.6f, 1.6f);
    Cloud cloud;
    for (uint32_t i = 0; i < n; ++i) {
        cloud.x.push_back(i % 97 == 5 ? nan_value : place(random));
        cloud.y.push_back(place(random));
        cloud.z.push_back(place(random));
        cloud.slots.push_back(static_cast<uint8_t>(random() & 255));
        cloud.states.push_back(static_cast<uint8_t>(random() % 4));
    }
    return cloud;
}

/// A key buffer with its pads.
struct Picture {
    int32_t stride;
    std::vector<uint32_t> keys;

    Picture()
        : stride((picture_width + 2 * raster_pad_px + 11) / 4 * 4),
          keys(static_cast<size_t>(stride) * (picture_height + 2 * raster_pad_px + 1),
               raster_empty_key) {}

    RasterTarget target() {
        return {keys.data() + static_cast<ptrdiff_t>(raster_pad_px) * stride + raster_pad_px,
                stride,
                picture_width,
                picture_height};
    }

    uint32_t at(int32_t x, int32_t y) {
        return target().keys[static_cast<ptrdiff_t>(y) * stride + x];
    }
};

RasterView perspective() {
    // Eye at z = 3, looking along -z, focal length 50 px.
    RasterView view{};
    const float rows[12] = {50, 0, -45, 135, 0, -50, -30, 90, 0, 0, -1, 3};
    std::copy(std::begin(rows), std::end(rows), std::begin(view.rows));
    view.near_w = 1;
    view.far_w = 5;
    view.focus_w = 3;
    view.diameter_px = 5;
    return view;
}

RasterView flat() {
    RasterView view{};
    const float rows[12] = {25, 0, 0, 45, 0, -25, 0, 30, 0, 0, 0, 1};
    std::copy(std::begin(rows), std::end(rows), std::begin(view.rows));
    view.far_w = 2;
    view.focus_w = 1;
    view.diameter_px = 3;
    view.flat = 1;
    return view;
}

struct Spot {
    float x, y, w;
};

Spot spot_of(const RasterView& v, const Cloud& c, uint32_t i) {
    const float* r = v.rows;
    const float w = r[8] * c.x[i] + r[9] * c.y[i] + r[10] * c.z[i] + r[11];
    const float inverse = 1 / w;
    return {(r[0] * c.x[i] + r[1] * c.y[i] + r[2] * c.z[i] + r[3]) * inverse,
            (r[4] * c.x[i] + r[5] * c.y[i] + r[6] * c.z[i] + r[7]) * inverse,
            w};
}

int diameter_of(const RasterView& v, float w) {
    const float factor = v.flat ? 1 : std::clamp(v.focus_w * (1 / w), 0.5f, 2.5f);
    return std::clamp(static_cast<int>(v.diameter_px * factor + 0.5f), 1, 64);
}

/// Is the pixel in a disc whose bounding square begins at `corner`?
bool in_disc(int dx, int dy, int d) {
    if (dx < 0 || dy < 0 || dx >= d || dy >= d) return false;
    const int u = 2 * dx + 1 - d;
    const int v = 2 * dy + 1 - d;
    return d == 1 || u * u + v * v <= d * d - 2;
}

/// For every pixel, the smallest key of all points that cover it: slow, and nothing to go wrong.
uint32_t slow_key(const RasterView& view, const Cloud& cloud, int px, int py) {
    uint32_t best = raster_empty_key;
    for (uint32_t i = 0; i < cloud.x.size(); ++i) {
        if (cloud.states[i] == state_hidden) continue;
        const Spot s = spot_of(view, cloud, i);
        if (!(s.w > view.near_w) || !(std::abs(s.x) < 1e4f) || !(std::abs(s.y) < 1e4f)) continue;
        if (s.x <= -32 || s.y <= -32 || s.x >= picture_width + 32 || s.y >= picture_height + 32) {
            continue;
        }
        const int d = diameter_of(view, s.w);
        const float half = static_cast<float>(d - 1) * 0.5f;
        const int left = static_cast<int>(std::floor(s.x - half));
        const int top = static_cast<int>(std::floor(s.y - half));
        if (!in_disc(px - left, py - top, d)) continue;
        const uint32_t kind = cloud.states[i] == state_dimmed ? kind_dimmed : kind_normal;
        const uint32_t key = raster_depth_key(&view, s.w, i, 0) | kind << 8 | cloud.slots[i];
        best = std::min(best, key);
    }
    return best;
}

void expect_like_reference(const RasterView& view, uint32_t seed) {
    const Cloud cloud = random_cloud(301, seed);
    Picture picture;
    const RasterPoints points = cloud.points();
    const RasterTarget target = picture.target();
    raster_splat(&points, &view, &target, 0, points.n);
    int different = 0;
    int covered = 0;
    for (int32_t y = 0; y < picture_height; ++y) {
        for (int32_t x = 0; x < picture_width; ++x) {
            const uint32_t want = slow_key(view, cloud, x, y);
            different += picture.at(x, y) != want;
            covered += want != raster_empty_key;
        }
    }
    EXPECT_EQ(different, 0) << "seed " << seed;
    EXPECT_GT(covered, 300) << "the case draws too little to prove anything";
}

TEST(Raster, PerspectiveKeysEqualTheSlowReference) {
    for (uint32_t seed = 1; seed <= 5; ++seed) expect_like_reference(perspective(), seed);
}

TEST(Raster, FlatKeysEqualTheSlowReference) {
    for (uint32_t seed = 1; seed <= 5; ++seed) expect_like_reference(flat(), seed);
}

TEST(Raster, SlicesInAnyOrderGiveTheSameKeys) {
    const Cloud cloud = random_cloud(1000, 9);
    const RasterPoints points = cloud.points();
    const RasterView view = perspective();
    Picture whole;
    Picture sliced;
    const RasterTarget a = whole.target();
    const RasterTarget b = sliced.target();
    raster_splat(&points, &view, &a, 0, 1000);
    raster_splat(&points, &view, &b, 701, 1000);
    raster_splat(&points, &view, &b, 0, 333);
    raster_splat(&points, &view, &b, 333, 701);
    EXPECT_EQ(whole.keys, sliced.keys);
}

TEST(Raster, NothingIsWrittenOutsideTheBufferWhateverTheInput) {
    Cloud cloud = random_cloud(4000, 3);
    const float wild[] = {0, 1e30f, -1e30f, nan_value, std::numeric_limits<float>::infinity(), 3};
    std::mt19937 random(4);
    for (size_t i = 0; i < cloud.x.size(); i += 3) cloud.z[i] = wild[random() % 6];
    RasterView view = perspective();
    view.diameter_px = 400;
    Picture picture;
    const RasterPoints points = cloud.points();
    const RasterTarget target = picture.target();
    raster_splat(&points, &view, &target, 0, points.n);  // the sanitizer build is the judge
    EXPECT_NE(picture.at(45, 30), raster_empty_key);
}

TEST(Raster, SelectedPointsLieAboveAllOthersWithAnOutline) {
    Cloud cloud;
    cloud.x = {0, 0};
    cloud.y = {0, 0};
    cloud.z = {1, -1};  // the selected one is behind
    cloud.slots = {1, 2};
    cloud.states = {state_normal, state_selected};
    const RasterPoints points = cloud.points();
    RasterView view = perspective();
    view.diameter_px = 8;
    Picture picture;
    const RasterTarget target = picture.target();
    const uint32_t selected[] = {1, 0, 77};
    raster_splat(&points, &view, &target, 0, 2);
    raster_splat_selected(&points, &view, &target, selected, 3, 2);
    const auto kind_at = [&](int32_t x) { return picture.at(x, 30) >> 8 & 3; };
    EXPECT_EQ(picture.at(45, 30) & 255, 2u);
    EXPECT_EQ(kind_at(45), kind_selected);
    EXPECT_EQ(kind_at(50), kind_outline);
    EXPECT_LT(picture.at(45, 30) >> raster_depth_shift, raster_depth_front);
}

class Resolve : public testing::Test {
  protected:
    Picture picture;
    std::vector<uint32_t> table = std::vector<uint32_t>(4 * 32 * 256);
    std::vector<uint32_t> pixels = std::vector<uint32_t>(picture_width * picture_height + 4);

    Resolve() {
        for (uint32_t i = 0; i < table.size(); ++i) table[i] = 0xFF000000u | i * 2654435761u >> 8;
    }

    RasterResolve how(int32_t scale, float edge) {
        return {table.data(), 0xFF201008u, edge, scale, pixels.data()};
    }
};

TEST_F(Resolve, LooksUpKindFogAndSlotAndLeavesTheRestBackground) {
    const RasterTarget target = picture.target();
    const uint32_t depth = (20u << 17) + 5;  // fog level 20
    target.keys[3] = depth << raster_depth_shift | kind_dimmed << 8 | 77;
    const RasterResolve r = how(1, 0);
    raster_resolve(&target, &r);
    EXPECT_EQ(pixels[3], table[1 << 13 | 20 << 8 | 77]);
    EXPECT_EQ(pixels[2], 0xFF201008u);
}

TEST_F(Resolve, SupersamplingGivesTheMeanOfFour) {
    RasterTarget target = picture.target();
    table[5] = 0xFF0000FFu;
    target.keys[0] = 5;
    target.keys[1] = 5;
    const RasterResolve r = how(2, 0);
    raster_resolve(&target, &r);
    EXPECT_EQ(pixels[0] & 255, (2 * 0xFFu + 2 * 0x08u + 2) / 4);
    EXPECT_EQ(pixels[0] >> 8 & 255, (2 * 0x10u + 2) / 4);
    EXPECT_EQ(pixels[0] >> 24, 255u);
}

TEST_F(Resolve, EdgesDarkenOnlyWhatLiesBehind) {
    const RasterTarget target = picture.target();
    for (uint32_t fog = 0; fog < 32; ++fog) table[fog << 8 | 5] = 0xFFC8C8C8u;
    uint32_t* row = target.keys + 20 * picture.stride;
    const uint32_t near_key = 200000u << raster_depth_shift | 5;
    const uint32_t far_key = 3000000u << raster_depth_shift | 5;
    for (int x = 0; x < 20; ++x) row[x] = x < 10 ? near_key : far_key;
    const RasterResolve r = how(1, 6);
    raster_resolve(&target, &r);
    const uint32_t* line = pixels.data() + 20 * picture_width;
    EXPECT_EQ(line[9], 0xFFC8C8C8u);
    EXPECT_LT(line[10] & 255, 0xC8u);
    EXPECT_EQ(line[11], 0xFFC8C8C8u);
}

TEST(Tile, MagnifiedPixelsAreCrispBlocks) {
    const uint32_t source[4] = {0xFF0000FF, 0xFF00FF00, 0xFFFF0000, 0xFFFFFFFF};
    std::vector<uint32_t> out(60 * 60);
    raster_scale_tile(source, 2, 2, out.data(), 60, 60, 0xFFFFFFFFu);
    for (size_t y = 0; y < 60; ++y) {
        for (size_t x = 0; x < 60; ++x) {
            ASSERT_EQ(out[y * 60 + x], source[(y / 30) * 2 + x / 30]) << x << ", " << y;
        }
    }
}

TEST(Tile, AnyScaleKeepsTheMeanColour) {
    std::mt19937 random(11);
    for (int trial = 0; trial < 40; ++trial) {
        const int sw = 1 + static_cast<int>(random() % 40);
        const int sh = 1 + static_cast<int>(random() % 40);
        const int dw = 1 + static_cast<int>(random() % 60);
        const int dh = 1 + static_cast<int>(random() % 60);
        std::vector<uint32_t> source(static_cast<size_t>(sw * sh));
        for (uint32_t& p : source) p = 0xFF000000u | (random() & 0xFFFFFF);
        std::vector<uint32_t> out(static_cast<size_t>(dw * dh));
        raster_scale_tile(source.data(), sw, sh, out.data(), dw, dh, 0xFFFFFFFFu);
        const auto mean = [](const std::vector<uint32_t>& image, int shift) {
            double sum = 0;
            for (const uint32_t p : image) sum += p >> shift & 255;
            return sum / static_cast<double>(image.size());
        };
        for (const int shift : {0, 8, 16, 24}) {
            EXPECT_NEAR(mean(source, shift), mean(out, shift), 0.51)
                << sw << "x" << sh << " to " << dw << "x" << dh;
        }
    }
}

TEST(Tile, TintMultipliesColoursAndKeepsAlpha) {
    const uint32_t source = 0x80808080u;
    uint32_t out = 0;
    raster_scale_tile(&source, 1, 1, &out, 1, 1, 0xFF0000FFu);
    EXPECT_EQ(out, 0x80000080u);
}

class Blit : public Resolve {
  protected:
    static constexpr uint32_t ground = 0xFF201008u;

    void blit(
        const std::vector<uint32_t>& image, int w, int x, int y, uint32_t key, uint32_t fade) {
        std::fill(pixels.begin(), pixels.end(), ground);
        const RasterTarget target = picture.target();
        const RasterResolve r = how(1, 0);
        const RasterTile tile{
            image.data(), w, static_cast<int32_t>(image.size()) / w, x, y, key, fade};
        raster_blit(&target, &r, &tile);
    }

    uint32_t pixel(int x, int y) const {
        return pixels[static_cast<size_t>(y * picture_width + x)];
    }
};

TEST_F(Blit, TransparentPixelsAreNotDrawnAndOpaqueOnesAreExact) {
    blit({0, 0xFF336699u, 0xFF804020u, 0}, 2, 10, 10, 0, 0);
    EXPECT_EQ(pixel(10, 10), ground);
    EXPECT_EQ(pixel(11, 10), 0xFF336699u);
    EXPECT_EQ(pixel(10, 11), 0xFF804020u);
    EXPECT_EQ(pixel(11, 11), ground);
}

TEST_F(Blit, HalfTransparentPixelsBlend) {
    blit({0x80000080u}, 1, 5, 5, 0, 0);  // premultiplied red 128 at alpha 128
    EXPECT_NEAR(static_cast<int>(pixel(5, 5) & 255), 128 + 8 * 127 / 255, 1);
    EXPECT_NEAR(static_cast<int>(pixel(5, 5) >> 16 & 255), 0x20 * 127 / 255, 1);
}

TEST_F(Blit, NearerPointsHideIt) {
    picture.target().keys[10 * picture.stride + 10] = 1000;
    blit({0xFF111111u, 0xFF111111u}, 2, 10, 10, 2000, 0);
    EXPECT_EQ(pixel(10, 10), ground);
    EXPECT_EQ(pixel(11, 10), 0xFF111111u);
}

TEST_F(Blit, IsCutAtEveryEdgeOfThePicture) {
    const std::vector<uint32_t> image(20 * 20, 0xFFABCDEFu);
    const int places[] = {-25, -7, 0, 50, 55, 85, 100};
    for (const int x : places) {
        for (const int y : places) {
            blit(image, 20, x, y, 0, 0);
            for (int v = 0; v < picture_height; ++v) {
                for (int u = 0; u < picture_width; ++u) {
                    const bool in = u >= x && u < x + 20 && v >= y && v < y + 20;
                    ASSERT_EQ(pixel(u, v), in ? 0xFFABCDEFu : ground) << x << "," << y;
                }
            }
        }
    }
}

TEST_F(Blit, FadingMixesInTheBackgroundAndStaysOpaque) {
    blit({0xFFC8C8C8u}, 1, 5, 5, 0, 128);
    EXPECT_EQ(pixel(5, 5),
              0xFF000000u | (0xC8 + 0x20) / 2 << 16 | (0xC8 + 0x10) / 2 << 8 | (0xC8 + 0x08) / 2);
}

TEST(Mix, GoesFromOneEndToTheOtherAndSkipsMissingOnes) {
    const float from[] = {0, 2, nan_value, 1};
    const float to[] = {10, 4, 5, nan_value};
    float out[4];
    raster_mix(from, to, 4, 0.25f, out);
    EXPECT_FLOAT_EQ(out[0], 2.5f);
    EXPECT_FLOAT_EQ(out[1], 2.5f);
    EXPECT_FLOAT_EQ(out[2], 5);
    EXPECT_TRUE(std::isnan(out[3]));
}

}  // namespace
}  // namespace oort
