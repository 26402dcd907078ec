// SPDX-License-Identifier: Apache-2.0
// Lines and TABs to rows and cells, with or without CSV quoting (RFC 4180, TAB for comma). What the
// rows mean is decided in metadata.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace oort {

enum class Quoting {
    csv,   ///< a cell that begins with " goes on to the next lone "; "" within it is a "
    none,  ///< a " is a letter like others
};

struct Cell {
    std::string_view text;
    bool was_quoted = false;
};

struct DelimitedRow {
    std::size_t first_cell = 0;
    std::size_t n_cells = 0;
    bool is_blank = false;  ///< nothing at all on the line
};

/// Cells point into the text read and into `unquoted`, so both must outlive them.
struct DelimitedText {
    std::vector<Cell> cells;
    std::vector<DelimitedRow> rows;
    std::deque<std::string> unquoted;
    bool ends_in_quotes =
        false;            ///< the last quoted cell never ended: it reached the end of the text
    bool is_cut = false;  ///< there were more than max_cells; the rest was not read
};

inline constexpr std::size_t max_cells = std::size_t{1} << 24;

/// LF and CRLF end lines; a last line needs no end.
DelimitedText split_delimited(std::string_view text, Quoting quoting);

}  // namespace oort
