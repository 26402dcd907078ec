// SPDX-License-Identifier: Apache-2.0
#include "sprite/image.h"

#include <gtest/gtest.h>
#include <spng.h>
#include <webp/encode.h>

#include <cstdio>
//
#include <jpeglib.h>
#include <zlib.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "sprite/test_random.h"

namespace oort {
namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
    return std::as_bytes(std::span(text));
}

std::string to_text(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

std::string random_pixels(TestRandom& random, int n_pixels, std::size_t n_colors) {
    std::vector<std::string> colors(n_colors);
    for (auto& color : colors) {
        for (int i = 0; i < 4; ++i) color.push_back(static_cast<char>(random.byte()));
        if (random.below(3) != 0) color[3] = '\xff';
        if (color[3] == 0) color.assign(4, '\0');  // the colour under full transparency is not kept
    }
    std::string pixels;
    for (int i = 0; i < n_pixels; ++i) pixels += colors[random.below(n_colors)];
    return pixels;
}

std::span<const std::uint8_t> unsigned_bytes(const std::string& text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string make_jpeg(int width, int height) {
    jpeg_compress_struct jpeg{};
    jpeg_error_mgr errors{};
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    unsigned char* data = nullptr;
    unsigned long size = 0;
    jpeg_mem_dest(&jpeg, &data, &size);
    jpeg.image_width = static_cast<JDIMENSION>(width);
    jpeg.image_height = static_cast<JDIMENSION>(height);
    jpeg.input_components = 3;
    jpeg.in_color_space = JCS_RGB;
    jpeg_set_defaults(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    std::vector<std::uint8_t> row(3 * static_cast<std::size_t>(width));
    for (std::size_t i = 0; i < row.size(); i += 3) row[i] = 200;  // red
    while (jpeg.next_scanline < jpeg.image_height) {
        JSAMPROW pointer = row.data();
        jpeg_write_scanlines(&jpeg, &pointer, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    const std::string text = to_text(data, size);
    std::free(data);
    return text;
}

std::string make_webp(int width, int height, bool lossless) {
    const std::vector<std::uint8_t> rgba(4 * static_cast<std::size_t>(width * height), 120);
    std::uint8_t* data = nullptr;
    const std::size_t size =
        lossless ? WebPEncodeLosslessRGBA(rgba.data(), width, height, 4 * width, &data)
                 : WebPEncodeRGBA(rgba.data(), width, height, 4 * width, 80, &data);
    const std::string text = to_text(data, size);
    WebPFree(data);
    return text;
}

std::string chunk(std::string_view type, const std::string& content) {
    const auto number = [](std::uint32_t value) {
        std::string text;
        for (int shift = 24; shift >= 0; shift -= 8)
            text.push_back(static_cast<char>(value >> shift));
        return text;
    };
    const std::string body = std::string(type) + content;
    const auto crc =
        ::crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
    return number(static_cast<std::uint32_t>(content.size())) + body +
           number(static_cast<std::uint32_t>(crc));
}

ErrorCode code_of(const std::string& bytes) {
    try {
        decode_image(bytes_of(bytes));
    } catch (const Error& error) {
        return error.code();
    }
    return ErrorCode::internal;
}

TEST(Png, AnyPixelsComeBackAsTheyWere) {
    TestRandom random(1);
    for (int round = 0; round < 300; ++round) {
        const int width = 1 + static_cast<int>(random.below(40));
        const int height = 1 + static_cast<int>(random.below(40));
        const std::size_t n_colors = std::size_t{1} << random.below(11);
        const std::string pixels = random_pixels(random, width * height, n_colors);
        const std::string png = encode_png(width, height, unsigned_bytes(pixels));
        const Image image = decode_image(bytes_of(png));
        ASSERT_EQ(image.width, width);
        ASSERT_EQ(image.height, height);
        ASSERT_EQ(to_text(image.rgba.data(), image.rgba.size()), pixels) << "round " << round;
    }
}

TEST(Png, ManyStripsMakeOneStream) {
    TestRandom random(2);
    const std::string noise = random_pixels(random, 1500 * 1500, 3000);
    const std::string png = encode_png(1500, 1500, unsigned_bytes(noise));
    const Image image = decode_image(bytes_of(png));
    EXPECT_EQ(to_text(image.rgba.data(), image.rgba.size()), noise);
    EXPECT_EQ(png, encode_png(1500, 1500, unsigned_bytes(noise)));
}

// Colour type and bit depth, as IHDR has them.
std::pair<int, int> form_of(const std::string& png) {
    return {png.at(25), png.at(24)};
}

TEST(Png, TheFormIsTheSmallestThatLosesNothing) {
    const auto encode = [](int n, auto color_at) {
        std::string pixels;
        for (int i = 0; i < n; ++i) pixels += color_at(i);
        return form_of(encode_png(n, 1, unsigned_bytes(pixels)));
    };
    const auto gray = [](int value, int alpha) {
        return std::string(3, static_cast<char>(value)) + static_cast<char>(alpha);
    };
    const auto color = [](int i, int alpha) {
        return std::string{
            static_cast<char>(i), static_cast<char>(i >> 8), '\1', static_cast<char>(alpha)};
    };
    using Form = std::pair<int, int>;
    EXPECT_EQ(encode(8, [&](int i) { return gray(255 * (i % 2), 255); }), Form(3, 1));
    EXPECT_EQ(encode(8, [&](int i) { return color(i % 4, 255); }), Form(3, 2));
    EXPECT_EQ(encode(16, [&](int i) { return color(i, 255); }), Form(3, 4));
    EXPECT_EQ(encode(256, [&](int i) { return color(i, i == 7 ? 0 : 255); }), Form(3, 8));
    EXPECT_EQ(encode(256, [&](int i) { return gray(i, 255); }), Form(0, 8));
    EXPECT_EQ(encode(512, [&](int i) { return gray(i, i < 256 ? 255 : 128); }), Form(4, 8));
    EXPECT_EQ(encode(512, [&](int i) { return color(i, 255); }), Form(2, 8));
    EXPECT_EQ(encode(512, [&](int i) { return color(i, i < 256 ? 255 : 128); }), Form(6, 8));
}

TEST(Png, SizesThatDoNotAgreeAreRefused) {
    const std::vector<std::uint8_t> four(4);
    EXPECT_THROW(encode_png(0, 1, four), Error);
    EXPECT_THROW(encode_png(-1, -1, four), Error);
    EXPECT_THROW(encode_png(2, 1, four), Error);
    EXPECT_NO_THROW(encode_png(1, 1, four));
}

TEST(Decode, JpegAndWebpGiveTheirPixels) {
    const Image jpeg = decode_image(bytes_of(make_jpeg(20, 10)));
    EXPECT_EQ(jpeg.width, 20);
    EXPECT_EQ(jpeg.height, 10);
    EXPECT_NEAR(jpeg.rgba[0], 200, 3);
    EXPECT_NEAR(jpeg.rgba[1], 0, 3);
    EXPECT_EQ(jpeg.rgba[3], 255);
    const Image webp = decode_image(bytes_of(make_webp(20, 10, true)));
    EXPECT_EQ(webp.rgba, std::vector<std::uint8_t>(800, 120));
}

TEST(Decode, BombsAreRefusedBeforeMemoryIsTaken) {
    const std::string end = chunk("IDAT", "") + chunk("IEND", "");
    const std::string start = "\x89PNG\r\n\x1a\n";
    const std::string giant(std::string("\x7f\xff\xff\xff\x7f\xff\xff\xff\x08\x06\0\0\0", 13));
    EXPECT_EQ(code_of(start + chunk("IHDR", giant) + end), ErrorCode::too_large);
    const std::string empty_promise(
        std::string("\0\0\x1f\x40\0\0\x1f\x40\x08\x06\0\0\0", 13));  // 8000 x 8000
    EXPECT_EQ(code_of(start + chunk("IHDR", empty_promise) + end), ErrorCode::corrupt);
    EXPECT_EQ(code_of(std::string("GIF89a\x01\0\x01\0", 10)), ErrorCode::corrupt);
    EXPECT_EQ(code_of(""), ErrorCode::corrupt);
}

TEST(Decode, EveryTruncationIsAnError) {
    const std::vector<std::uint8_t> rgba(4 * 9 * 7, 50);
    for (const std::string& whole :
         {encode_png(9, 7, rgba), make_jpeg(9, 7), make_webp(9, 7, true)}) {
        ASSERT_NO_THROW(decode_image(bytes_of(whole)));
        // What follows the pixels (PNG's IEND) is not waited for.
        const std::size_t needed = whole.size() - 32;
        for (std::size_t size = 0; size < needed; ++size) {
            const std::string cut = whole.substr(0, size);
            ASSERT_EQ(code_of(cut), ErrorCode::corrupt) << size << " of " << whole.size();
        }
    }
}

TEST(Decode, DamageNeverDoesMoreThanThrow) {
    TestRandom random(3);
    const std::string pixels = random_pixels(random, 30 * 20, 500);
    const std::vector<std::string> wholes = {encode_png(30, 20, unsigned_bytes(pixels)),
                                             encode_png(4, 4, std::vector<std::uint8_t>(64, 9)),
                                             make_jpeg(30, 20),
                                             make_webp(30, 20, true),
                                             make_webp(30, 20, false)};
    int n_refused = 0;
    for (int round = 0; round < 4000; ++round) {
        const std::string bytes = random.damaged(wholes[random.below(wholes.size())]);
        const auto info = sniff_image(bytes_of(bytes));
        // A lie about the size is checked above; here it would only take time.
        if (info && static_cast<std::int64_t>(info->width) * info->height > 1'000'000) continue;
        try {
            const Image image = decode_image(bytes_of(bytes));
            ASSERT_EQ(image.rgba.size(), static_cast<std::size_t>(4 * image.width * image.height));
        } catch (const Error&) {
            ++n_refused;
        }
    }
    EXPECT_GT(n_refused, 1000);
}

TEST(Sniff, TheHeaderAloneTellsKindAndSize) {
    const auto expect = [](const std::string& bytes, ImageFormat format) {
        for (const std::size_t size : {bytes.size(), std::min<std::size_t>(bytes.size(), 512)}) {
            const auto info = sniff_image(bytes_of(bytes.substr(0, size)));
            ASSERT_TRUE(info);
            EXPECT_EQ(info->format, format);
            EXPECT_EQ(info->width, 30);
            EXPECT_EQ(info->height, 20);
        }
    };
    expect(encode_png(30, 20, std::vector<std::uint8_t>(2400)), ImageFormat::png);
    expect(make_jpeg(30, 20), ImageFormat::jpeg);
    expect(make_webp(30, 20, true), ImageFormat::webp);
    expect(make_webp(30, 20, false), ImageFormat::webp);
    expect(std::string("GIF89a\x1e\0\x14\0\x80\0\0", 13), ImageFormat::gif);
    EXPECT_FALSE(sniff_image(bytes_of("<svg xmlns=\"http://www.w3.org/2000/svg\"/>")));
    EXPECT_FALSE(sniff_image(bytes_of(std::string("GIF89a\0\0\x14\0", 10))));
    EXPECT_EQ(content_type(ImageFormat::webp), "image/webp");
}

TEST(Sniff, RandomBytesBehindEveryMagicAreSafe) {
    TestRandom random(4);
    const std::vector<std::string> beginnings = {"\x89PNG\r\n\x1a\n",
                                                 "\xff\xd8\xff",
                                                 "RIFF\1\1\1\1WEBPVP8X",
                                                 "RIFF\1\1\1\1WEBPVP8L",
                                                 "GIF87a",
                                                 ""};
    for (int round = 0; round < 20000; ++round) {
        std::string bytes = beginnings[random.below(beginnings.size())];
        for (std::size_t n = random.below(60); n > 0; --n)
            bytes.push_back(static_cast<char>(random.byte()));
        if (const auto info = sniff_image(bytes_of(bytes))) {
            ASSERT_GT(info->width, 0);
            ASSERT_GT(info->height, 0);
        }
    }
}

}  // namespace
}  // namespace oort
