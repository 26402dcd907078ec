// SPDX-License-Identifier: Apache-2.0
// Numbers as people and programs write them.
#pragma once

#include <optional>
#include <string_view>

namespace oort {

/// The text without blanks at its ends (space, TAB, CR, LF, form feed, vertical tab).
std::string_view trimmed(std::string_view text) noexcept;

/// The number that the whole text is, blanks around it aside: decimal or with an exponent, an
/// optional sign, "nan", "inf" and "infinity" in any case. Too large for double is infinite, too
/// small is 0. Nothing for anything else, the empty text included. Independent of the locale.
std::optional<double> parse_number(std::string_view text) noexcept;

}  // namespace oort
