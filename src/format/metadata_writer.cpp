// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "format/metadata.h"
#include "format/python_text.h"

namespace oort {

namespace {

enum class Quotes { where_needed, always };

void append_cell(std::string& text, std::string_view cell, Quotes quotes) {
    const bool needed = cell.find_first_of("\t\n\r\"") != std::string_view::npos ||
                        cell.starts_with("\xEF\xBB\xBF");  // else read as a byte order mark
    if (!needed && quotes == Quotes::where_needed) {
        text += cell;
        return;
    }
    text.push_back('"');
    for (const char c : cell) {
        if (c == '"') text.push_back('"');
        text.push_back(c);
    }
    text.push_back('"');
}

void check_table(const Table& table) {
    for (const auto& column : table.columns) {
        if (column.size() != table.n_rows()) {
            throw Error(ErrorCode::invalid_argument,
                        fmt::format("a column of labels has {} rows: the first has {}",
                                    column.size(),
                                    table.n_rows()));
        }
    }
    if (!table.names.empty() && table.names.size() != table.columns.size()) {
        throw Error(
            ErrorCode::invalid_argument,
            fmt::format(
                "a table of {} columns has {} names", table.columns.size(), table.names.size()));
    }
}

void append_header(std::string& text, const Table& table) {
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
        const bool named = c < table.names.size() && !table.names[c].empty();
        append_cell(
            text, named ? table.names[c] : fmt::format("column {}", c + 1), Quotes::where_needed);
        text.push_back(c + 1 < table.columns.size() ? '\t' : '\n');
    }
}

}  // namespace

std::string write_metadata(const Table& table) {
    check_table(table);
    std::string text;
    if (table.columns.empty()) return text;
    const bool single = table.columns.size() == 1;
    if (!single || !table.names.empty()) append_header(text, table);
    for (std::size_t row = 0; row < table.n_rows(); ++row) {
        const bool blank = std::all_of(table.columns.begin(),
                                       table.columns.end(),
                                       [row](const auto& column) { return column[row].empty(); });
        for (std::size_t c = 0; c < table.columns.size(); ++c) {
            const std::string& cell = table.columns[c][row];
            // "" keeps a line from being blank; quotes keep a label like [1] from being read as a
            // list.
            const bool quote = (blank && c == 0) || (single && parse_python_list_item(cell));
            append_cell(text, cell, quote ? Quotes::always : Quotes::where_needed);
            text.push_back(c + 1 < table.columns.size() ? '\t' : '\n');
        }
    }
    return text;
}

}  // namespace oort
