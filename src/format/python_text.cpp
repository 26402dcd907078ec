// SPDX-License-Identifier: Apache-2.0
#include "format/python_text.h"

#include <charconv>
#include <cstdint>

#include "format/number_text.h"
#include "format/utf8.h"

namespace oort {

namespace {

// The character that \xHH, \uHHHH or \UHHHHHHHH stands for; `text` begins behind the letter and is
// moved on.
std::optional<std::string> hex_escape(std::string_view& text, std::size_t n_digits) {
    std::uint32_t code_point = 0;
    if (text.size() < n_digits) return std::nullopt;
    const char* end = text.data() + n_digits;
    const auto result = std::from_chars(text.data(), end, code_point, 16);
    if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
    text.remove_prefix(n_digits);
    return to_utf8(code_point);
}

std::optional<std::string> escape(std::string_view& text) {
    if (text.empty()) return std::nullopt;
    const char letter = text.front();
    text.remove_prefix(1);
    switch (letter) {
        case 'n': return "\n";
        case 't': return "\t";
        case 'r': return "\r";
        case '\\':
        case '\'':
        case '"': return std::string(1, letter);
        case 'x': return hex_escape(text, 2);
        case 'u': return hex_escape(text, 4);
        case 'U': return hex_escape(text, 8);
        default: return std::nullopt;
    }
}

std::optional<std::string> parse_string(std::string_view text) {
    const char quote = text.front();
    text.remove_prefix(1);
    std::string value;
    while (!text.empty()) {
        const char c = text.front();
        text.remove_prefix(1);
        if (c == quote) {
            if (text.empty()) return value;
            return std::nullopt;
        }
        if (c == '\\') {
            const auto character = escape(text);
            if (!character) return std::nullopt;
            value += *character;
        } else {
            value.push_back(c);
        }
    }
    return std::nullopt;
}

// np.float64(0.5) -> 0.5, as numpy 2 prints its scalars.
std::string_view without_numpy(std::string_view text) {
    const std::size_t open = text.find('(');
    if (!text.starts_with("np.") || open == std::string_view::npos || text.back() != ')')
        return text;
    return text.substr(open + 1, text.size() - open - 2);
}

}  // namespace

std::optional<std::string> parse_python_list_item(std::string_view text) {
    text = trimmed(text);
    if (text.size() < 3 || text.front() != '[' || text.back() != ']') return std::nullopt;
    text = without_numpy(trimmed(text.substr(1, text.size() - 2)));
    if (text.empty()) return std::nullopt;
    if (text == "None") return "";
    if (text.front() == '\'' || text.front() == '"') return parse_string(text);
    if (text == "True" || text == "False" || parse_number(text)) return std::string(text);
    return std::nullopt;
}

}  // namespace oort
