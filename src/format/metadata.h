// SPDX-License-Identifier: Apache-2.0
// Metadata files: the table of labels, one row a point, as TAB-separated text with CSV quoting. The
// TensorFlow projector's own files (no quoting at all) and those of Comet's SDK (quoting, CRLF,
// Python lists as text) are read too; which is which is decided by the tensor's number of rows.
// Grammar and the order of guesses: docs/formats/labels.md.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace oort {

/// Cells by column; all columns have the same length. An empty cell is a missing value.
struct Table {
    std::vector<std::string> names = {};  ///< one a column, or empty: the columns have no names
    std::vector<std::vector<std::string>> columns = {};  ///< n_columns x n_rows

    std::size_t n_rows() const noexcept { return columns.empty() ? 0 : columns.front().size(); }

    bool operator==(const Table&) const = default;
};

struct Metadata {
    Table table = {};
    std::vector<std::string> notes =
        {};  ///< sentences: every guess, replacement and row that did not fit
};

/// Reads a metadata file. n_rows is the tensor's number of rows, if known: a file of n_rows rows
/// has no header, whatever its first row looks like; n_rows + 1 rows begin with one; if neither
/// fits, the reading that comes closest is taken and noted (the table then has another number of
/// rows than the tensor). Bytes that are not UTF-8 and NULs become U+FFFD. Never throws for
/// content.
Metadata read_metadata(std::string_view text, std::optional<std::size_t> n_rows = std::nullopt);

/// TAB-separated UTF-8, LF, cells quoted where needed with doubled quotes; no line is ever blank,
/// so that readers that skip blank lines stay aligned. A header line is written if the table has
/// names or more than one column ("column 1", … if it has no names). Throws Error(invalid_argument)
/// if columns differ in length or names in number.
std::string write_metadata(const Table& table);

}  // namespace oort
