// SPDX-License-Identifier: Apache-2.0
#include "format/columns.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "sprite/test_random.h"

namespace oort {
namespace {

using Cells = std::vector<std::string>;

Column typed(const Cells& cells) {
    std::vector<std::string> notes;
    return type_column("c", cells, notes);
}

TEST(Columns, ValuesComeMostFrequentFirstAndTiesByFirstAppearance) {
    const Column column = typed({"b", "a", "", "c", "c", "b", "d"});
    EXPECT_EQ(column.values, (Cells{"b", "c", "a", "d"}));
    EXPECT_EQ(column.counts, (std::vector<std::uint32_t>{2, 2, 1, 1}));
    EXPECT_EQ(column.codes, (std::vector<std::uint32_t>{0, 2, missing_code, 1, 1, 0, 3}));
    EXPECT_EQ(column.n_missing, 1U);
    EXPECT_EQ(column.kind, ColumnKind::category);
    EXPECT_TRUE(column.numbers.empty());
}

TEST(Columns, NumbersMayBeMissingAndMayBeNan) {
    const Column column = typed({"1", "", "-2.5", "nan", "1", "inf"});
    EXPECT_EQ(column.kind, ColumnKind::number);
    ASSERT_EQ(column.numbers.size(), 6U);
    EXPECT_EQ(column.numbers[0], 1);
    EXPECT_TRUE(std::isnan(column.numbers[1]));
    EXPECT_EQ(column.numbers[2], -2.5F);
    EXPECT_TRUE(std::isnan(column.numbers[3]));
    EXPECT_TRUE(std::isinf(column.numbers[5]));
    EXPECT_EQ(column.min, -2.5);
    EXPECT_EQ(column.max, 1);
    EXPECT_EQ(column.n_missing, 1U);
    EXPECT_EQ(column.values.front(), "1");
}

TEST(Columns, OneWordAmongNumbersMakesText) {
    EXPECT_EQ(typed({"1", "2", "three"}).kind, ColumnKind::category);
    EXPECT_EQ(typed({"nan", "inf"}).kind, ColumnKind::category);
    EXPECT_EQ(typed({"", ""}).kind, ColumnKind::category);
    EXPECT_EQ(typed({}).kind, ColumnKind::category);
}

TEST(Columns, ManyDistinctWordsAreTextUnlessEachIsMetTwice) {
    Cells cells;
    for (int i = 0; i < 1001; ++i) cells.push_back(fmt::format("w{}", i));
    EXPECT_EQ(typed(cells).kind, ColumnKind::text);
    EXPECT_EQ(typed({cells.begin(), cells.end() - 1}).kind, ColumnKind::category);
    Cells twice = cells;
    twice.insert(twice.end(), cells.begin(), cells.end());
    EXPECT_EQ(typed(twice).kind, ColumnKind::category);
}

TEST(Columns, LargeWholeNumbersAreSaidToBeRounded) {
    std::vector<std::string> notes;
    type_column("id", {"123456789"}, notes);
    EXPECT_EQ(notes.size(), 1U);
    type_column("share", {"0.1", "16777216"}, notes);
    EXPECT_EQ(notes.size(), 1U);
}

TEST(Columns, TheDictionaryAlwaysGivesTheCellsBack) {
    TestRandom random(11);
    for (int round = 0; round < 300; ++round) {
        Cells cells(random.below(60));
        for (auto& cell : cells) {
            if (const auto n = random.below(12); n > 0) cell = std::to_string(n * n);
        }
        const Column column = typed(cells);
        std::vector<std::uint32_t> counts(column.values.size());
        for (std::size_t row = 0; row < cells.size(); ++row) {
            const std::uint32_t code = column.codes[row];
            ASSERT_EQ(code == missing_code ? "" : column.values.at(code), cells[row]);
            if (code != missing_code) ++counts[code];
        }
        ASSERT_EQ(counts, column.counts);
        ASSERT_TRUE(std::is_sorted(counts.rbegin(), counts.rend()));
    }
}

TEST(Columns, WithoutNamesTheyAreCountedOrCalledLabel) {
    std::vector<std::string> notes;
    EXPECT_EQ(type_columns({{}, {{"a"}}}, notes)[0].name, "label");
    EXPECT_EQ(type_columns({{}, {{"a"}, {"b"}}}, notes)[1].name, "column 2");
    EXPECT_EQ(type_columns({{"x", ""}, {{"a"}, {"b"}}}, notes)[0].name, "x");
    EXPECT_TRUE(type_columns({}, notes).empty());
}

}  // namespace
}  // namespace oort
