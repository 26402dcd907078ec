// SPDX-License-Identifier: Apache-2.0
#include "format/metadata.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "format/delimited.h"
#include "format/python_text.h"
#include "format/utf8.h"
#include "sprite/test_random.h"

namespace oort {
namespace {

using Cells = std::vector<std::string>;
using Columns = std::vector<Cells>;

std::string all_notes(const Metadata& metadata) {
    std::string text;
    for (const auto& note : metadata.notes) text += note + "\n";
    return text;
}

bool mentions(const Metadata& metadata, std::string_view words) {
    return all_notes(metadata).find(words) != std::string::npos;
}

void expect_read(std::string_view text, std::size_t n_rows, const Table& table) {
    const Metadata metadata = read_metadata(text, n_rows);
    EXPECT_EQ(metadata.table.names, table.names) << text;
    EXPECT_EQ(metadata.table.columns, table.columns) << text;
}

TEST(Metadata, APlainListHasNoHeader) {
    expect_read("one\r\ntwo\r\nthree\r\nfour\r\n", 4, {{}, {{"one", "two", "three", "four"}}});
    EXPECT_EQ(all_notes(read_metadata("one\ntwo\n", 2)), "");
}

TEST(Metadata, ATableHasAHeaderIfThereIsARowMoreThanPoints) {
    const Table table{{"name", "age"}, {{"ann", "bob"}, {"3", "4"}}};
    expect_read("name\tage\nann\t3\nbob\t4\n", 2, table);
    expect_read("\xEF\xBB\xBFname\tage\r\nann\t3\r\nbob\t4", 2, table);
    EXPECT_EQ(all_notes(read_metadata("name\tage\nann\t3\nbob\t4\n", 2)), "");
}

TEST(Metadata, AsManyRowsAsPointsMeansNoHeaderWhateverTheFirstLooksLike) {
    expect_read("name\tage\nann\t3\n", 2, {{}, {{"name", "ann"}, {"age", "3"}}});
    EXPECT_TRUE(mentions(read_metadata("name\tage\nann\t3\n", 2), "no header"));
}

TEST(Metadata, OneColumnMayHaveAHeaderToo) {
    expect_read("label\n7\n8\n", 2, {{"label"}, {{"7", "8"}}});
    EXPECT_EQ(all_notes(read_metadata("label\n7\n8\n", 2)), "");  // counted, not guessed
}

TEST(Metadata, QuotesHoldTabsLineEndsAndQuotes) {
    // As Python's csv module writes the row ['a\tb', 'q"x', 'new\nline', None, ''].
    expect_read("a\tb\tc\td\te\r\n\"a\tb\"\t\"q\"\"x\"\t\"new\nline\"\t\t\r\n",
                1,
                {{"a", "b", "c", "d", "e"}, {{"a\tb"}, {"q\"x"}, {"new\nline"}, {""}, {""}}});
    expect_read("x\n\"\"\n\"\r\n\"\n", 3, {{}, {{"x", "", "\r\n"}}});
    expect_read("5\" disk\n3.5\" disk\n", 2, {{}, {{"5\" disk", "3.5\" disk"}}});
}

TEST(Metadata, FilesWithoutQuotingAreKnownByTheirRows) {
    // The vocabulary of a language model has a word that is one quotation mark.
    expect_read("word\tn\n\"\t1\nthe\t2\n\"\"\t3\n",
                3,
                {{"word", "n"}, {{"\"", "the", "\"\""}, {"1", "2", "3"}}});
    EXPECT_TRUE(mentions(read_metadata("word\tn\n\"\t1\nthe\t2\n\"\"\t3\n", 3), "read as letters"));
    expect_read("\"\na\n\"\n", 3, {{}, {{"\"", "a", "\""}}});
    // Without a count an open quote gives it away.
    EXPECT_EQ(read_metadata("\"\nthe\n").table.n_rows(), 2U);
}

TEST(Metadata, BlankLinesAreSkippedUnlessTheRowsSayOtherwise) {
    expect_read("a\n\nb\n\n", 2, {{}, {{"a", "b"}}});
    expect_read("a\n\nb\n\n", 3, {{}, {{"a", "", "b"}}});
    expect_read("a\n\nb\n\n", 4, {{}, {{"a", "", "b", ""}}});
    EXPECT_TRUE(mentions(read_metadata("a\n\nb\n\n", 3), "missing values"));
    expect_read("name\tage\n\nann\t3\n", 2, {{"name", "age"}, {{"", "ann"}, {"", "3"}}});
}

TEST(Metadata, AnEmptyFirstCellKeepsItsRow) {
    expect_read("name\tage\n\t3\n\t\n", 2, {{"name", "age"}, {{"", ""}, {"3", ""}}});
    expect_read("\tage\n\t3\n", 1, {{"column 1", "age"}, {{""}, {"3"}}});
}

TEST(Metadata, PythonListsOfOneItemAreUnwrapped) {
    expect_read("label\r\n['a']\r\n\"[\"\"it's\"\"]\"\r\n[np.str_('c')]\r\n[None]\r\n",
                4,
                {{"label"}, {{"a", "it's", "c", ""}}});
    expect_read("[1]\n[np.float64(0.5)]\n", 2, {{}, {{"1", "0.5"}}});
    expect_read("[1]\n2\n", 2, {{}, {{"[1]", "2"}}});
    EXPECT_TRUE(mentions(read_metadata("[1]\n", 1), "Python lists"));
}

TEST(Metadata, AOneHotRowTakenForAHeaderIsRecovered) {
    const Metadata whole = read_metadata("0.0\t0.0\t1.0\r\n0.0\t1.0\t0.0\r\n", 2);
    EXPECT_TRUE(whole.table.names.empty());
    EXPECT_EQ(whole.table.columns, (Columns{{"0.0", "0.0"}, {"0.0", "1.0"}, {"1.0", "0.0"}}));
    EXPECT_TRUE(mentions(whole, "the first of them is data"));
    // What Comet's SDK makes of classes 1, 0, 2, 1: equal names, the last value repeated.
    const Metadata merged = read_metadata("0\t1\t0\r\n0\t0\t0\r\n1\t0\t1\r\n0\t1\t0\r\n", 4);
    EXPECT_TRUE(mentions(merged, "the labels of 2 rows are lost")) << all_notes(merged);
    // Two yes-or-no columns are not one-hot.
    EXPECT_FALSE(mentions(read_metadata("0\t1\t0\n1\t1\t0\n0\t0\t1\n", 3), "one-hot"));
}

TEST(Metadata, UnevenRowsAreFilledUpAndNoted) {
    const Metadata metadata = read_metadata("name\tage\nann\nbob\t4\t5\n", 2);
    EXPECT_EQ(metadata.table.names, (Cells{"name", "age", "column 3"}));
    EXPECT_EQ(metadata.table.columns, (Columns{{"ann", "bob"}, {"", "4"}, {"", "5"}}));
    EXPECT_TRUE(mentions(metadata, "fewer than 3 cells"));
}

TEST(Metadata, AnotherNumberOfRowsIsReadAsWellAsCanBe) {
    const Metadata metadata = read_metadata("name\tage\nann\t3\nbob\t4\n", 7);
    EXPECT_EQ(metadata.table.names, (Cells{"name", "age"}));
    EXPECT_EQ(metadata.table.n_rows(), 2U);
    EXPECT_TRUE(mentions(metadata, "fits no reading"));
    EXPECT_EQ(read_metadata("", 3).table, Table{});
    EXPECT_EQ(read_metadata("\n\n").table, Table{});
}

TEST(Metadata, WithoutACountNumbersTellAHeaderFromData) {
    EXPECT_EQ(read_metadata("a\tb\n1\t2\n").table.names, (Cells{"a", "b"}));
    EXPECT_TRUE(read_metadata("a\t1\nb\t2\n").table.names.empty());
    EXPECT_EQ(read_metadata("age\n1\n2\n").table.names, Cells{"age"});
    EXPECT_TRUE(read_metadata("ann\nbob\n").table.names.empty());
    EXPECT_TRUE(mentions(read_metadata("ann\nbob\n"), "not known"));
}

TEST(Metadata, BytesThatAreNoTextAreReplacedAndCounted) {
    const Metadata metadata =
        read_metadata(std::string_view("a\xff\xc3\nb\0\n\xe2\x82\xac\n", 11), 3);
    EXPECT_EQ(metadata.table.columns, (Columns{{"a\uFFFD\uFFFD", "b\uFFFD", "€"}}));
    EXPECT_TRUE(mentions(metadata, "3 bytes of the labels are not UTF-8"));
}

TEST(Metadata, AnEndlessLineIsNotMultipliedByTheRows) {
    const std::string text = std::string(5000, '\t') + "\n" + std::string("a\nb\nc\n");
    const Metadata metadata = read_metadata(text, 4);
    EXPECT_EQ(metadata.table.columns.size(), 4096U);
    EXPECT_EQ(metadata.table.n_rows(), 4U);
    EXPECT_TRUE(mentions(metadata, "left out"));
}

Table random_table(TestRandom& random) {
    const auto cell = [&] {
        static const Cells pieces = {"a",
                                     "b",
                                     "1",
                                     "0.5",
                                     "\t",
                                     "\n",
                                     "\r\n",
                                     "\r",
                                     "\"",
                                     "\"\"",
                                     " ",
                                     "é",
                                     "[1]",
                                     "['x']",
                                     "\xEF\xBB\xBF"};
        std::string text;
        for (std::size_t n = random.below(4); n > 0; --n)
            text += pieces[random.below(pieces.size())];
        return text;
    };
    Table table;
    table.columns.resize(1 + random.below(4));
    const std::size_t n_rows = 1 + random.below(6);
    if (table.columns.size() > 1 || random.below(2) == 0) {
        for (std::size_t c = 0; c < table.columns.size(); ++c)
            table.names.push_back(fmt::format("n{}", c));
    }
    for (auto& column : table.columns) {
        for (std::size_t row = 0; row < n_rows; ++row) column.push_back(cell());
    }
    return table;
}

TEST(Metadata, WhatIsWrittenIsReadBack) {
    TestRandom random(8);
    for (int round = 0; round < 5000; ++round) {
        const Table table = random_table(random);
        const std::string text = write_metadata(table);
        const Metadata metadata = read_metadata(text, table.n_rows());
        ASSERT_EQ(metadata.table.names, table.names) << text;
        ASSERT_EQ(metadata.table.columns, table.columns) << text;
    }
}

TEST(Metadata, NoLineWrittenIsBlankAndHeadersAreGivenWhereReadersNeedThem) {
    EXPECT_EQ(write_metadata({{}, {{"one", "", "two"}}}), "one\n\"\"\ntwo\n");
    EXPECT_EQ(write_metadata({{}, {{"a", ""}, {"1", ""}}}), "column 1\tcolumn 2\na\t1\n\"\"\t\n");
    EXPECT_EQ(write_metadata({{"digit"}, {{"7"}}}), "digit\n7\n");
    EXPECT_EQ(write_metadata({{}, {{"[1]"}}}), "\"[1]\"\n");
    EXPECT_EQ(write_metadata({}), "");
    EXPECT_THROW(write_metadata({{}, {{"a"}, {}}}), Error);
    EXPECT_THROW(write_metadata({{"a", "b"}, {{"1"}}}), Error);
}

TEST(Metadata, DamageIsReadAsSomething) {
    TestRandom random(9);
    for (int round = 0; round < 5000; ++round) {
        const std::string text = random.damaged(write_metadata(random_table(random)));
        const std::size_t n_rows = random.below(8);
        const Metadata metadata = read_metadata(text, n_rows);
        const Table& table = metadata.table;
        ASSERT_TRUE(table.names.empty() || table.names.size() == table.columns.size());
        for (const auto& column : table.columns) {
            ASSERT_EQ(column.size(), table.n_rows());
            for (const auto& cell : column) ASSERT_TRUE(is_clean_utf8(cell));
        }
    }
}

TEST(PythonList, EscapesAreThoseOfRepr) {
    EXPECT_EQ(parse_python_list_item("['a\\'\\t\\n\\\\\\x41\\u20ac\\U0001F600']"), "a'\t\n\\A€😀");
    EXPECT_EQ(parse_python_list_item("[True]"), "True");
    EXPECT_EQ(parse_python_list_item("[ 1.5 ]"), "1.5");
    for (const char* text : {"[]",
                             "[",
                             "a",
                             "['a', 'b']",
                             "['a'",
                             "['\\q']",
                             "['\\x4']",
                             "[a]",
                             "['a'b]",
                             "[np.x()]",
                             "['\\"}) {
        EXPECT_FALSE(parse_python_list_item(text)) << text;
    }
}

TEST(Utf8, IllFormedPartsAreReplacedOnceEach) {
    EXPECT_EQ(clean_utf8("a\xe2\x82z").text, "a\uFFFDz");              // cut short
    EXPECT_EQ(clean_utf8("\xc0\xaf").text, "\uFFFD\uFFFD");            // overlong
    EXPECT_EQ(clean_utf8("\xed\xa0\x80").text, "\uFFFD\uFFFD\uFFFD");  // surrogate
    EXPECT_EQ(clean_utf8("\xf4\x90\x80\x80").n_replaced, 4U);          // beyond U+10FFFF
    EXPECT_EQ(clean_utf8("\xf0\x9f\x98").n_replaced, 1U);
    EXPECT_EQ(to_utf8(0xD800), "\uFFFD");
    EXPECT_FALSE(is_clean_utf8(std::string_view("a\0b", 3)));
    EXPECT_TRUE(is_clean_utf8("plain text, naïve €uro 😀, long enough for words of eight bytes"));
}

TEST(Utf8, CleanTextIsCleanAndStaysAsItIs) {
    TestRandom random(10);
    for (int round = 0; round < 3000; ++round) {
        const std::string text = random.damaged("naïve €uro 😀 and more than eight plain bytes");
        const CleanText clean = clean_utf8(text);
        ASSERT_TRUE(is_clean_utf8(clean.text));
        ASSERT_EQ(clean.n_replaced == 0, is_clean_utf8(text));
        ASSERT_EQ(clean_utf8(clean.text).text, clean.text);
    }
}

TEST(Delimited, CellsKnowWhetherTheyWereQuoted) {
    const DelimitedText text = split_delimited("a\t\"b\"c\n\"x", Quoting::csv);
    ASSERT_EQ(text.cells.size(), 3U);
    EXPECT_FALSE(text.cells[0].was_quoted);
    EXPECT_EQ(text.cells[1].text, "bc");
    EXPECT_TRUE(text.cells[1].was_quoted);
    EXPECT_TRUE(text.ends_in_quotes);
    EXPECT_FALSE(split_delimited("\"a\"\n", Quoting::csv).ends_in_quotes);
    EXPECT_EQ(split_delimited("a\rb\r\n", Quoting::none).cells[0].text, "a\rb");
}

}  // namespace
}  // namespace oort
