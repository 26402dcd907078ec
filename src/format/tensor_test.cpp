// SPDX-License-Identifier: Apache-2.0
#include "format/tensor.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <filesystem>
#include <limits>

#include "base/error.h"
#include "base/id.h"
#include "format/number_text.h"
#include "sprite/test_random.h"

namespace oort {
namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

std::vector<float> values_of(const Tensor& tensor) {
    return {tensor.vectors.values().begin(), tensor.vectors.values().end()};
}

std::vector<float> read_values(std::string_view text) {
    return values_of(read_tensor_tsv(text));
}

std::string all_notes(const Tensor& tensor) {
    std::string text;
    for (const auto& note : tensor.notes) text += note + "\n";
    return text;
}

std::string refusal(std::string_view text, std::optional<TensorShape> expected = std::nullopt) {
    try {
        read_tensor_tsv(text, expected);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::corrupt);
        return error.what();
    }
    return "nothing was thrown";
}

std::shared_ptr<const MappedFile> file_with(std::string_view content) {
    const auto path = std::filesystem::temp_directory_path() / ("oort-" + new_id());
    write_file_durably(path, content);
    auto file = std::make_shared<const MappedFile>(path);
    std::filesystem::remove(path);
    return file;
}

std::string raw(const std::vector<float>& values) {
    return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

TEST(Number, EveryUsualSpellingIsRead) {
    EXPECT_EQ(parse_number("1"), 1.0);
    EXPECT_EQ(parse_number(" +1.5e3\r"), 1500.0);
    EXPECT_EQ(parse_number("-.5"), -0.5);
    EXPECT_EQ(parse_number("5."), 5.0);
    EXPECT_EQ(parse_number("-Infinity"), -infinity);
    EXPECT_EQ(parse_number("INF"), infinity);
    EXPECT_TRUE(std::isnan(parse_number("NaN").value()));
    EXPECT_TRUE(std::isnan(parse_number("-nan").value()));
    EXPECT_EQ(parse_number("1e999"), infinity);
    EXPECT_EQ(parse_number("-1e+999"), -infinity);
    EXPECT_EQ(parse_number("1e-999"), 0.0);
    EXPECT_EQ(parse_number("0.0000001e-320"), 0.0);
    EXPECT_EQ(parse_number(std::string(400, '9')), infinity);
    EXPECT_EQ(parse_number("0." + std::string(400, '0') + "1"), 0.0);
}

TEST(Number, OtherTextIsNone) {
    for (const char* text : {"",
                             " ",
                             "+",
                             "-",
                             "+-1",
                             "--1",
                             "1 2",
                             "0x10",
                             "1,5",
                             "1e",
                             "e5",
                             "nan(1)",
                             "nano",
                             "True",
                             "1_0",
                             "."}) {
        EXPECT_FALSE(parse_number(text)) << text;
    }
}

TEST(TensorTsv, NumbersInEverySpelling) {
    const Tensor tensor = read_tensor_tsv("1\t-2.5\t1e3\r\nnan\tNaN\tinf\n-Infinity\t0\t3");
    ASSERT_EQ(tensor.shape.n_rows, 3U);
    ASSERT_EQ(tensor.shape.n_dims, 3U);
    const auto values = values_of(tensor);
    EXPECT_EQ(values[0], 1);
    EXPECT_EQ(values[1], -2.5F);
    EXPECT_EQ(values[2], 1000);
    EXPECT_TRUE(std::isnan(values[3]));
    EXPECT_TRUE(std::isnan(values[4]));
    EXPECT_EQ(values[5], infinity);
    EXPECT_EQ(values[6], -infinity);
    EXPECT_EQ(tensor.n_nonfinite_rows, 2U);
    EXPECT_TRUE(tensor.labels.empty());
    EXPECT_TRUE(tensor.notes.empty());
}

TEST(TensorTsv, RowsOfOneNumberMayBePythonLists) {
    EXPECT_EQ(read_values("[1]\r\n[2.5]\r\n"), (std::vector<float>{1, 2.5F}));
}

TEST(TensorTsv, BlankLinesAreSkippedAndBlankCellsAreMissing) {
    const Tensor tensor = read_tensor_tsv("\n1\t2\n\r\n3\t\n \n");
    EXPECT_EQ(tensor.shape.n_rows, 2U);
    EXPECT_TRUE(std::isnan(values_of(tensor)[3]));
    EXPECT_EQ(all_notes(tensor), "1 cells of the vectors are blank and became NaN.\n");
}

TEST(TensorTsv, WordsBeforeTheNumbersAreLabels) {
    const Tensor tensor = read_tensor_tsv("cat\t1\t2\n\"dog\"\t3\t4\n");
    EXPECT_EQ(values_of(tensor), (std::vector<float>{1, 2, 3, 4}));
    EXPECT_EQ(tensor.labels, (std::vector<std::string>{"cat", "dog"}));
    EXPECT_EQ(tensor.notes.size(), 1U);
}

TEST(TensorTsv, AFirstRowThatBeginsWithNanIsNoLabel) {
    const Tensor tensor = read_tensor_tsv("nan\t1\n2\t3\n");
    EXPECT_TRUE(tensor.labels.empty());
    EXPECT_EQ(tensor.shape.n_dims, 2U);
    EXPECT_EQ(tensor.n_nonfinite_rows, 1U);
}

TEST(TensorTsv, AHeaderIsLeftOutAndSaid) {
    const Tensor tensor = read_tensor_tsv("x\ty\n1\t2\n", TensorShape{1, 2});
    EXPECT_EQ(values_of(tensor), (std::vector<float>{1, 2}));
    EXPECT_NE(all_notes(tensor).find("header"), std::string::npos);
}

TEST(TensorTsv, FaultsNameLineAndCell) {
    EXPECT_EQ(refusal("1\t2\n3\tfour\n"),
              "line 2 of the vectors, cell 2: \"four\" is not a number");
    EXPECT_EQ(refusal("1\t2\n\n3\n"),
              "line 3 of the vectors has 1 numbers: the lines before it have 2");
    EXPECT_EQ(refusal("1\t2\n", TensorShape{1, 3}),
              "the vectors have 2 numbers a line: the template says 3");
    EXPECT_EQ(refusal("", TensorShape{4, 3}),
              "the vectors have 0 numbers a line: the template says 3");
}

TEST(TensorTsv, AnotherNumberOfRowsThanPromisedIsNoted) {
    const Tensor tensor = read_tensor_tsv("1\n2\n", TensorShape{3, 1});
    EXPECT_EQ(tensor.shape.n_rows, 2U);
    EXPECT_EQ(all_notes(tensor), "The vectors have 2 rows where the template says 3.\n");
    EXPECT_EQ(read_tensor_tsv("1\n", TensorShape{std::size_t{1} << 60, 1}).shape.n_rows, 1U);
}

TEST(TensorTsv, RoundingIsNotedButNotForNumbersWrittenShort) {
    EXPECT_TRUE(read_tensor_tsv("0.1\t0.30000001192092896\n").notes.empty());
    EXPECT_EQ(
        all_notes(read_tensor_tsv("0.1234567890123\t1e39\n")),
        "1 numbers have more digits than float32 holds and were rounded; 1 numbers are beyond the "
        "range of float32 and became infinite.\n");
}

TEST(TensorTsv, AnyFloatsComeBackBitForBit) {
    TestRandom random(6);
    for (int round = 0; round < 200; ++round) {
        const TensorShape shape{random.below(20), 1 + random.below(20)};
        std::vector<float> values(shape.n_rows * shape.n_dims);
        for (float& value : values) {
            do value = std::bit_cast<float>(static_cast<std::uint32_t>(random.next()));
            while (std::isnan(value));
        }
        const Tensor tensor = read_tensor_tsv(write_tensor_tsv(shape, values));
        ASSERT_EQ(raw(values_of(tensor)), raw(values));
        ASSERT_TRUE(tensor.notes.empty()) << all_notes(tensor);
    }
    EXPECT_TRUE(std::isnan(read_values(write_tensor_tsv({1, 1}, std::vector<float>{nan}))[0]));
    EXPECT_THROW(write_tensor_tsv({2, 2}, std::vector<float>{1}), Error);
}

TEST(TensorTsv, DamageNeverDoesMoreThanThrow) {
    TestRandom random(7);
    const std::string whole = "a\t1\t-2.5e3\nb\tnan\t[4]\n\nc\t0.12345678901\tinf\n";
    int n_refused = 0;
    for (int round = 0; round < 5000; ++round) {
        try {
            const Tensor tensor = read_tensor_tsv(random.damaged(whole), TensorShape{3, 2});
            ASSERT_EQ(tensor.vectors.values().size(), tensor.shape.n_rows * tensor.shape.n_dims);
        } catch (const Error& error) {
            ASSERT_EQ(error.code(), ErrorCode::corrupt);
            ++n_refused;
        }
    }
    EXPECT_GT(n_refused, 500);
    EXPECT_LT(n_refused, 5000);
}

TEST(RawTensor, TheNumbersStayInTheFile) {
    const std::vector<float> values{1, nan, 3, 4, -infinity, 6, 7, 8, 3e38F};
    const auto file = file_with(raw(values));
    const Tensor tensor = read_raw_tensor(file, {3, 3});
    EXPECT_EQ(static_cast<const void*>(tensor.vectors.values().data()), file->bytes().data());
    EXPECT_EQ(raw(values_of(tensor)), raw(values));
    EXPECT_EQ(tensor.n_nonfinite_rows, 2U);
}

TEST(RawTensor, AnotherSizeIsRefused) {
    const auto file = file_with(raw({1, 2, 3, 4, 5, 6}));
    EXPECT_NO_THROW(read_raw_tensor(file, {2, 3}));
    for (const TensorShape& shape : {TensorShape{3, 3},
                                     {6, 0},
                                     {0, 6},
                                     {std::size_t{1} << 62, 4},
                                     {3, std::size_t{1} << 63}}) {
        EXPECT_THROW(read_raw_tensor(file, shape), Error) << shape.n_rows << " x " << shape.n_dims;
    }
    EXPECT_THROW(read_raw_tensor(file_with("12345"), {1, 1}), Error);
    const auto empty = file_with("");
    EXPECT_NO_THROW(read_raw_tensor(empty, {0, 3}));
    EXPECT_NO_THROW(read_raw_tensor(empty, {0, 0}));
    EXPECT_THROW(read_raw_tensor(empty, {std::size_t{1} << 40, 0}), Error);
}

TEST(Narrow, CountsWhatFloat32CannotHold) {
    const std::vector<double> wide{0.5,
                                   0.1,
                                   1e300,
                                   -1e300,
                                   std::numeric_limits<double>::quiet_NaN(),
                                   std::numeric_limits<double>::infinity(),
                                   16777217,
                                   3.4028235e38};
    std::vector<float> narrowed(wide.size());
    const Narrowing narrowing = narrow(wide, narrowed);
    EXPECT_EQ(narrowing.n_rounded, 3U);
    EXPECT_EQ(narrowing.n_overflowed, 2U);
    EXPECT_EQ(narrowed[0], 0.5F);
    EXPECT_EQ(narrowed[3], -infinity);
    EXPECT_EQ(narrowed[6], 16777216.F);
    EXPECT_TRUE(std::isnan(narrowed[4]));
    EXPECT_TRUE(narrowing_note(narrowing));
    EXPECT_FALSE(narrowing_note({}));
}

}  // namespace
}  // namespace oort
