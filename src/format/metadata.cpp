// SPDX-License-Identifier: Apache-2.0
// Which way of reading a table of labels is right: the tensor's number of rows tells.
#include "format/metadata.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "format/delimited.h"
#include "format/number_text.h"
#include "format/python_text.h"
#include "format/utf8.h"

namespace oort {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::size_t max_columns = 4096;

enum class Blanks { skip, keep };
enum class Header { absent, present };

// One way to read the file: how to split it, what blank lines are, whether the first row holds
// names.
struct Reading {
    const DelimitedText* text = nullptr;
    Quoting quoting = Quoting::csv;
    Blanks blanks = Blanks::skip;
    Header header = Header::absent;
    std::vector<DelimitedRow> rows;

    std::size_t n_rows() const { return rows.size() - (header == Header::present ? 1 : 0); }

    std::string_view cell(std::size_t row, std::size_t column) const {
        const DelimitedRow& r = rows[row];
        return column < r.n_cells ? text->cells[r.first_cell + column].text : std::string_view();
    }
};

bool is_number(std::string_view cell) {
    return parse_number(cell).has_value();
}

// Without a count to go by. Like the TensorFlow projector: several columns have a header; but not
// if a number stands in it. A single column has one only if its name is a word above numbers.
Header guess_header(const Reading& reading) {
    if (reading.rows.empty()) return Header::absent;
    const std::size_t n_cells = reading.rows[0].n_cells;
    for (std::size_t c = 0; c < n_cells; ++c) {
        if (is_number(reading.cell(0, c))) return Header::absent;
    }
    if (n_cells > 1) return Header::present;
    const std::size_t n = std::min<std::size_t>(reading.rows.size(), 1000);
    for (std::size_t row = 1; row < n; ++row) {
        if (!is_number(reading.cell(row, 0))) return Header::absent;
    }
    return n > 1 ? Header::present : Header::absent;
}

std::vector<DelimitedRow> without_blanks(const std::vector<DelimitedRow>& rows) {
    std::vector<DelimitedRow> kept;
    std::copy_if(rows.begin(), rows.end(), std::back_inserter(kept), [](const DelimitedRow& row) {
        return !row.is_blank;
    });
    return kept;
}

// The rows with blank ones kept as missing values, but no more blank ones at the end than `n`
// needs.
std::vector<DelimitedRow> with_blanks(std::vector<DelimitedRow> rows, std::size_t n) {
    while (rows.size() > n && rows.back().is_blank) rows.pop_back();
    return rows;
}

// Every way worth trying for one split, the likeliest first.
std::vector<Reading> readings_of(const DelimitedText& text, Quoting quoting, std::size_t n) {
    const Reading base{.text = &text, .quoting = quoting, .rows = {}};
    std::vector<Reading> readings;
    const auto add = [&](Blanks blanks, Header header, std::vector<DelimitedRow> rows) {
        Reading reading = base;
        reading.blanks = blanks;
        reading.header = header;
        reading.rows = std::move(rows);
        if (!reading.rows.empty()) readings.push_back(std::move(reading));
    };
    const std::vector<DelimitedRow> solid = without_blanks(text.rows);
    const std::vector<DelimitedRow> all = with_blanks(text.rows, n + 1);
    // n rows and a blank one could be n labels, or a header over n of which one is missing.
    if (all.size() == n + 1 && solid.size() == n) {
        Reading whole = base;
        whole.rows = all;
        if (!all.front().is_blank && all.front().n_cells > 1 &&
            guess_header(whole) == Header::present) {
            add(Blanks::keep, Header::present, all);
        }
    }
    add(Blanks::skip, Header::absent, solid);
    add(Blanks::skip, Header::present, solid);
    if (solid.size() != text.rows.size()) {
        add(Blanks::keep, Header::absent, with_blanks(text.rows, n));
        add(Blanks::keep, Header::present, all);
    }
    return readings;
}

Reading first_guess(const DelimitedText& text, Quoting quoting) {
    Reading reading{.text = &text, .quoting = quoting, .rows = without_blanks(text.rows)};
    reading.header = guess_header(reading);
    return reading;
}

void note_reading(const Reading& reading,
                  std::optional<std::size_t> n,
                  std::vector<std::string>& notes) {
    if (reading.rows.empty()) return;
    const bool single = reading.rows[0].n_cells == 1;
    const bool fits = n && reading.n_rows() == *n;
    if (fits && !single && reading.header == Header::absent) {
        notes.push_back("The labels have no header: there are as many lines as points.");
    }
    if (!n) {
        notes.push_back(fmt::format(
            "The number of points is not known; the first line of the labels was taken as {}.",
            reading.header == Header::present ? "a header" : "data"));
    } else if (!fits) {
        notes.push_back(fmt::format(
            "The number of lines of the labels fits no reading; the first was taken as {}.",
            reading.header == Header::present ? "a header" : "data"));
    }
    if (reading.quoting == Quoting::none) {
        notes.push_back(
            "Quotation marks in the labels were read as letters: only so do the lines fit.");
    }
    if (reading.blanks == Blanks::keep) {
        notes.push_back(
            "Blank lines in the labels were read as missing values: only so do the lines fit.");
    }
}

// The names of the columns, one for each of `n_columns`; none if the file has none.
std::vector<std::string> names_of(const Reading& reading, std::size_t n_columns) {
    std::vector<std::string> names;
    if (reading.header == Header::absent) return names;
    for (std::size_t c = 0; c < n_columns; ++c) {
        const std::string_view name = trimmed(reading.cell(0, c));
        names.push_back(name.empty() ? fmt::format("column {}", c + 1) : std::string(name));
    }
    return names;
}

std::size_t count_columns(const Reading& reading, std::vector<std::string>& notes) {
    std::size_t widest = 0;
    for (const DelimitedRow& row : reading.rows) widest = std::max(widest, row.n_cells);
    // A single endless line must not be multiplied by the number of rows.
    const std::size_t most =
        std::max<std::size_t>(1, std::min(max_columns, max_cells / reading.rows.size()));
    const std::size_t n_columns = std::min(widest, most);
    std::size_t n_ragged = 0;
    for (const DelimitedRow& row : reading.rows) n_ragged += row.n_cells != widest && !row.is_blank;
    if (n_ragged > 0) {
        notes.push_back(fmt::format(
            "{} lines of the labels have fewer than {} cells; the rest of their cells is missing.",
            n_ragged,
            widest));
    }
    if (n_columns < widest) {
        notes.push_back(
            fmt::format("The labels have {} columns; those after the first {} were left out.",
                        widest,
                        n_columns));
    }
    return n_columns;
}

// ['a'] -> a, if every row that is not missing is so. A quoted cell is meant as it is, unless it
// had to be quoted for the quotation marks within it.
bool unwrap_python_lists(const Reading& reading, std::vector<std::string>& cells) {
    std::vector<std::string> items;
    items.reserve(cells.size());
    const std::size_t first = reading.header == Header::present ? 1 : 0;
    bool any = false;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        if (cells[i].empty()) {
            items.emplace_back();
            continue;
        }
        const Cell& cell = reading.text->cells[reading.rows[first + i].first_cell];
        if (cell.was_quoted && cells[i].find('"') == std::string::npos) return false;
        auto item = parse_python_list_item(cells[i]);
        if (!item) return false;
        any = true;
        items.push_back(*std::move(item));
    }
    if (any) cells = std::move(items);
    return any;
}

// Where the one of a one-hot row stands.
std::optional<std::size_t> hot_column(const Table& table, std::size_t row) {
    std::optional<std::size_t> hot;
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
        const std::optional<double> value = parse_number(table.columns[c][row]);
        if (!value || (*value != 0 && (*value != 1 || hot))) return std::nullopt;
        if (*value == 1) hot = c;
    }
    return hot;
}

// Comet's SDK logs one-hot labels as a table whose first row it takes for names. That row is
// recovered by the count; but where names are equal ("0.0"), columns overwrite each other in all
// other rows, so that those but the first row's hot one are the same. Then most labels are lost,
// which must be said.
void note_one_hot(const Table& table, std::vector<std::string>& notes) {
    if (table.columns.size() < 2 || !table.names.empty() || table.n_rows() == 0) return;
    const std::optional<std::size_t> first = hot_column(table, 0);
    if (!first) return;
    const std::size_t other = *first == 0 ? 1 : 0;
    std::size_t n_lost = 0;
    bool merged = true;
    for (std::size_t row = 1; row < table.n_rows(); ++row) {
        n_lost += !hot_column(table, row);
        for (std::size_t c = 0; c < table.columns.size(); ++c) {
            merged = merged && (c == *first || table.columns[c][row] == table.columns[other][row]);
        }
    }
    if (n_lost == 0) {
        notes.push_back("The labels are one-hot rows without a header; the first of them is data.");
    } else if (merged) {
        notes.push_back(
            fmt::format("The labels were one-hot rows whose first row was taken for names by the "
                        "program that wrote them; it "
                        "merged the columns named alike, and the labels of {} rows are lost.",
                        n_lost));
    }
}

Table table_of(const Reading& reading, std::vector<std::string>& notes) {
    Table table;
    if (reading.rows.empty()) return table;
    const std::size_t n_columns = count_columns(reading, notes);
    table.names = names_of(reading, n_columns);
    table.columns.resize(n_columns);
    const std::size_t first = reading.header == Header::present ? 1 : 0;
    for (std::size_t c = 0; c < n_columns; ++c) {
        table.columns[c].reserve(reading.n_rows());
        for (std::size_t row = first; row < reading.rows.size(); ++row) {
            table.columns[c].emplace_back(reading.cell(row, c));
        }
    }
    if (n_columns == 1 && unwrap_python_lists(reading, table.columns[0])) {
        notes.push_back("The labels are written as Python lists of one item; the item was taken.");
    }
    note_one_hot(table, notes);
    return table;
}

Metadata read_clean(std::string_view text, std::optional<std::size_t> n) {
    Metadata metadata;
    const DelimitedText csv = split_delimited(text, Quoting::csv);
    DelimitedText plain;
    if (!csv.unquoted.empty()) plain = split_delimited(text, Quoting::none);
    std::optional<Reading> chosen;
    if (n) {
        for (const DelimitedText* split : {&csv, &std::as_const(plain)}) {
            const Quoting quoting = split == &csv ? Quoting::csv : Quoting::none;
            for (Reading& reading : readings_of(*split, quoting, *n)) {
                if (!chosen && reading.n_rows() == *n) chosen = std::move(reading);
            }
        }
    }
    if (!chosen) {
        chosen =
            csv.ends_in_quotes ? first_guess(plain, Quoting::none) : first_guess(csv, Quoting::csv);
    }
    note_reading(*chosen, n, metadata.notes);
    if (chosen->text->is_cut) {
        metadata.notes.push_back(fmt::format(
            "The labels have more than {} cells; the lines after those were left out.", max_cells));
    }
    metadata.table = table_of(*chosen, metadata.notes);
    return metadata;
}

}  // namespace

Metadata read_metadata(std::string_view text, std::optional<std::size_t> n_rows) {
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    if (is_clean_utf8(text)) return read_clean(text, n_rows);
    const CleanText clean = clean_utf8(text);
    Metadata metadata = read_clean(clean.text, n_rows);
    metadata.notes.push_back(fmt::format(
        "{} bytes of the labels are not UTF-8 text; \xEF\xBF\xBD stands in their place.",
        clean.n_replaced));
    return metadata;
}

}  // namespace oort
