// SPDX-License-Identifier: Apache-2.0
// Comet's SDK writes the rows of a one-column table as Python prints a list: ['a'], [1],
// [np.str_('b')].
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace oort {

/// The one item of a Python list of one string, number, bool or None, as the text it stands for
/// (None: empty). Nothing for any other text. Escapes are those of Python's repr.
std::optional<std::string> parse_python_list_item(std::string_view text);

}  // namespace oort
