// SPDX-License-Identifier: Apache-2.0
#include "format/npy.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "base/error.h"
#include "sprite/test_random.h"

namespace oort {
namespace {

/// A .npy of version 1 with that dict, and those bytes after it.
std::string file_of(std::string_view dict, std::string_view elements) {
    std::string bytes("\x93NUMPY\1\0", 8);
    bytes += static_cast<char>(dict.size() & 0xFF);
    bytes += static_cast<char>(dict.size() >> 8);
    bytes += dict;
    return bytes.append(elements);
}

std::string dict_of(std::string_view type, std::string_view shape, bool is_fortran = false) {
    std::string dict = "{'descr': '";
    dict.append(type).append("', 'fortran_order': ").append(is_fortran ? "True" : "False");
    return dict.append(", 'shape': ").append(shape).append(", }");
}

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

template <class T>
std::string raw(const std::vector<T>& values) {
    return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

std::vector<double> read_values(const std::string& file) {
    return to_float64(read_npy(bytes_of(file), "x.npy"));
}

std::string refusal(const std::string& file, ErrorCode code) {
    try {
        read_npy(bytes_of(file), "x.npy");
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), code) << error.what();
        return error.what();
    }
    return "nothing was thrown";
}

TEST(Npy, WhatWasWrittenIsRead) {
    const std::vector<float> values{1.5F, -2, 3e38F, 0, 7, std::numeric_limits<float>::infinity()};
    const std::vector<std::size_t> shape{3, 2};
    const std::string header = npy_header(NumberType::float32, shape);
    EXPECT_EQ(header.size() % 64, 0u);
    EXPECT_EQ(header.back(), '\n');
    const std::string file = header + raw(values);
    const NpyArray array = read_npy(bytes_of(file), "x.npy");
    EXPECT_EQ(array.type, NumberType::float32);
    EXPECT_EQ(array.shape, shape);
    EXPECT_FALSE(array.is_fortran);
    EXPECT_EQ(std::memcmp(array.elements.data(), values.data(), array.elements.size()), 0);
    EXPECT_EQ(array.as_matrix().n_rows, 3u);
    EXPECT_EQ(array.as_matrix().n_dims, 2u);
}

TEST(Npy, HeadersAreNumPys) {
    const std::vector<std::size_t> one{5};
    EXPECT_NE(npy_header(NumberType::uint8, one)
                  .find("{'descr': '|u1', 'fortran_order': False, 'shape': (5,), }"),
              std::string::npos);
    const std::vector<std::size_t> two{3, 4};
    EXPECT_NE(npy_header(NumberType::int32, two)
                  .find("{'descr': '<i4', 'fortran_order': False, 'shape': (3, 4), }"),
              std::string::npos);
}

TEST(Npy, EveryTypeIsRead) {
    const auto values_as = [](std::string_view type, const std::string& elements) {
        return read_values(file_of(dict_of(type, "(2,)"), elements));
    };
    using V = std::vector<double>;
    EXPECT_EQ(values_as("|b1", std::string("\0\5", 2)), (V{0, 1}));
    EXPECT_EQ(values_as("|i1", raw(std::vector<std::int8_t>{-7, 100})), (V{-7, 100}));
    EXPECT_EQ(values_as("|u1", raw(std::vector<std::uint8_t>{7, 200})), (V{7, 200}));
    EXPECT_EQ(values_as("<i2", raw(std::vector<std::int16_t>{-700, 3})), (V{-700, 3}));
    EXPECT_EQ(values_as("<u2", raw(std::vector<std::uint16_t>{65535, 3})), (V{65535, 3}));
    EXPECT_EQ(values_as("<i4", raw(std::vector<std::int32_t>{-70000, 3})), (V{-70000, 3}));
    EXPECT_EQ(values_as("<u4", raw(std::vector<std::uint32_t>{4000000000, 3})), (V{4e9, 3}));
    EXPECT_EQ(values_as("<i8", raw(std::vector<std::int64_t>{-5000000000, 3})), (V{-5e9, 3}));
    EXPECT_EQ(values_as("<u8", raw(std::vector<std::uint64_t>{5000000000, 3})), (V{5e9, 3}));
    EXPECT_EQ(values_as("<f4", raw(std::vector<float>{0.5F, -3})), (V{0.5, -3}));
    EXPECT_EQ(values_as("<f8", raw(std::vector<double>{0.1, -3})), (V{0.1, -3}));
    EXPECT_EQ(values_as(">i4", std::string("\0\0\1\2\xFF\xFF\xFF\xFF", 8)), (V{258, -1}));
    EXPECT_EQ(values_as(">f4", std::string("\x3F\x80\0\0\xC0\0\0\0", 8)), (V{1, -2}));
    // 1, the largest half.
    EXPECT_EQ(values_as("<f2", std::string("\0\x3C\xFF\x7B", 4)), (V{1, 65504}));
}

TEST(Npy, HalvesAreExact) {
    const std::vector<std::uint16_t> halves{0x0001, 0x8001, 0x0400, 0x7C00, 0xFC00, 0x7E00};
    const std::vector<double> values = read_values(file_of(dict_of("<f2", "(6,)"), raw(halves)));
    EXPECT_EQ(values[0], std::ldexp(1.0, -24));
    EXPECT_EQ(values[1], -std::ldexp(1.0, -24));
    EXPECT_EQ(values[2], std::ldexp(1.0, -14));
    EXPECT_EQ(values[3], std::numeric_limits<double>::infinity());
    EXPECT_EQ(values[4], -std::numeric_limits<double>::infinity());
    EXPECT_TRUE(std::isnan(values[5]));
}

TEST(Npy, TheOrderOfFortranIsTurned) {
    // Element (i, j, k) is 100 i + 10 j + k, the first index fastest.
    std::vector<std::int16_t> values;
    for (int k = 0; k < 4; ++k) {
        for (int j = 0; j < 3; ++j) {
            for (int i = 0; i < 2; ++i) {
                values.push_back(static_cast<std::int16_t>(100 * i + 10 * j + k));
            }
        }
    }
    const std::string file = file_of(dict_of("<i2", "(2, 3, 4)", true), raw(values));
    const NpyArray array = read_npy(bytes_of(file), "x.npy");
    EXPECT_TRUE(array.is_fortran);
    EXPECT_EQ(array.as_matrix().n_dims, 12u);
    const std::vector<double> turned = to_float64(array);
    for (std::size_t i = 0; i < 24; ++i) {
        EXPECT_EQ(turned[i], 100.0 * double(i / 12) + 10.0 * double(i / 4 % 3) + double(i % 4));
    }
}

TEST(Npy, FloatsAreTheNearestAndLossesAreCounted) {
    const std::vector<double> values{
        1, 0.1, 1e300, std::numeric_limits<double>::quiet_NaN(), 1e-60};
    const std::string file = file_of(dict_of("<f8", "(5, 1)"), raw(values));
    Narrowing narrowing;
    const std::vector<float> floats = to_float32(read_npy(bytes_of(file), "x.npy"), narrowing);
    EXPECT_EQ(floats[1], 0.1F);
    EXPECT_TRUE(std::isinf(floats[2]));
    EXPECT_TRUE(std::isnan(floats[3]));
    EXPECT_EQ(narrowing.n_rounded, 2u);
    EXPECT_EQ(narrowing.n_overflowed, 1u);
}

TEST(Npy, OtherSpellingsOfTheHeaderAreRead) {
    const std::string dict = "{\"shape\":(2L,),'fortran_order':True,\"descr\":'|u1'}   \n";
    const std::string file = file_of(dict, "ab");
    const NpyArray array = read_npy(bytes_of(file), "x.npy");
    EXPECT_FALSE(array.is_fortran) << "one index has one order";
    EXPECT_EQ(to_float64(array), (std::vector<double>{97, 98}));
    std::string second("\x93NUMPY\2\0", 8);
    const std::string plain = dict_of("|u1", "(1,)");
    second += static_cast<char>(plain.size());
    second += std::string(3, '\0') + plain + "a";
    EXPECT_EQ(read_values(second), (std::vector<double>{97}));
}

TEST(Npy, WhatIsNoArrayOfNumbersIsRefusedInOneSentence) {
    const auto said = [](std::string_view type) {
        return refusal(file_of(dict_of(type, "(1,)"), "12345678"), ErrorCode::invalid_argument);
    };
    EXPECT_EQ(said("|O"), "x.npy holds Python objects: only arrays of real numbers are read");
    EXPECT_EQ(said("<U2"), "x.npy holds text: only arrays of real numbers are read");
    EXPECT_EQ(said("<c8"), "x.npy holds complex numbers: only arrays of real numbers are read");
    EXPECT_EQ(said("<f16"), "x.npy holds numbers of type f16, which are not read");
    EXPECT_EQ(
        refusal(file_of("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", "1234"),
                ErrorCode::invalid_argument),
        "x.npy holds records: only arrays of real numbers are read");
    EXPECT_EQ(refusal(file_of(dict_of("<f4", "()"), "1234"), ErrorCode::invalid_argument),
              "x.npy holds a single number, not an array");
}

TEST(Npy, DamagedFilesAreRefused) {
    const std::string good = file_of(dict_of("<f4", "(2, 2)"), std::string(16, 'a'));
    EXPECT_EQ(refusal("", ErrorCode::corrupt), "x.npy is no .npy file: it does not begin as one");
    for (const std::size_t size : {6, 9, 40, 90}) {
        EXPECT_EQ(refusal(good.substr(0, std::min(size, good.size() - 1)), ErrorCode::corrupt),
                  "x.npy is damaged: it is cut short")
            << size;
    }
    for (const std::string_view dict : {"",
                                        "{",
                                        "{}",
                                        "()",
                                        "{'descr': '<f4'}",
                                        "{'descr': '<f4', 'fortran_order': 0}",
                                        "{'descr': '<f4', 'fortran_order': True, 'shape': (1,} "}) {
        EXPECT_EQ(refusal(file_of(dict, "1234"), ErrorCode::corrupt),
                  "x.npy is damaged: its header is not NumPy's")
            << dict;
    }
    for (const std::string_view shape :
         {"(3, 2)", "(4611686018427387904, 4)", "(18446744073709551615, 18446744073709551615)"}) {
        EXPECT_EQ(refusal(file_of(dict_of("<f4", shape), std::string(16, 'a')), ErrorCode::corrupt),
                  "x.npy is damaged: it is cut short")
            << shape;
    }
}

TEST(Npy, AnyBytesAreReadOrRefused) {
    TestRandom random(5);
    const std::string good = file_of(dict_of("<f4", "(2, 2)", true), std::string(16, 'a'));
    for (int trial = 0; trial < 20000; ++trial) {
        std::string bytes = good;
        for (int change = 0; change < 3; ++change) {
            bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
        }
        try {
            const NpyArray array = read_npy(bytes_of(bytes), "x.npy");
            EXPECT_LE(to_float64(array).size(), bytes.size());
        } catch (const Error& error) {
            EXPECT_TRUE(error.code() == ErrorCode::corrupt ||
                        error.code() == ErrorCode::invalid_argument);
        }
    }
}

}  // namespace
}  // namespace oort
