// SPDX-License-Identifier: Apache-2.0
// From cells to typed columns.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "embedding/dataset.h"
#include "format/metadata.h"

namespace oort {

/// One column encoded and typed; the rules are at ColumnKind. Empty cells are missing; in a number
/// column so is "nan" as far as `numbers` goes. Appends a sentence to `notes` where float32 had to
/// round. Cost O(bytes of all cells).
Column type_column(std::string_view name,
                   const std::vector<std::string>& cells,
                   std::vector<std::string>& notes);

/// All columns of a table. Columns without a name are called "label" (if alone) or "column 1",
/// "column 2", …
std::vector<Column> type_columns(const Table& table, std::vector<std::string>& notes);

}  // namespace oort
