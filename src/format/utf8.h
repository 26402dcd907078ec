// SPDX-License-Identifier: Apache-2.0
// Text from outside made safe to show.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace oort {

/// Whether the text is well-formed UTF-8 (Unicode 15, table 3-7) without NULs.
bool is_clean_utf8(std::string_view text) noexcept;

struct CleanText {
    std::string text;
    std::size_t n_replaced = 0;  ///< U+FFFD put in for NULs and ill-formed bytes
};

/// The text with every NUL and every maximal ill-formed part replaced by U+FFFD.
CleanText clean_utf8(std::string_view text);

/// The code point as UTF-8; U+FFFD for surrogates and numbers beyond U+10FFFF.
std::string to_utf8(char32_t code_point);

}  // namespace oort
