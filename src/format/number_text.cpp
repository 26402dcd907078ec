// SPDX-License-Identifier: Apache-2.0
#include "format/number_text.h"

#include <charconv>
#include <limits>

namespace oort {

namespace {

// from_chars says "out of range" for too large and too small alike: the exponent of the first digit
// tells.
double out_of_range(std::string_view digits) {
    long point_exponent = 0;
    bool nonzero = false;
    bool fraction = false;
    std::size_t i = 0;
    for (; i < digits.size() && digits[i] != 'e' && digits[i] != 'E'; ++i) {
        if (digits[i] == '.') {
            fraction = true;
            continue;
        }
        nonzero = nonzero || digits[i] != '0';
        if (fraction && !nonzero) --point_exponent;
        if (!fraction && nonzero) ++point_exponent;
    }
    long exponent = 0;
    if (i < digits.size()) {
        const char* begin = digits.data() + i + 1;
        if (begin != digits.data() + digits.size() && *begin == '+') ++begin;
        const auto result = std::from_chars(begin, digits.data() + digits.size(), exponent);
        if (result.ec != std::errc()) exponent = *begin == '-' ? -1'000'000'000 : 1'000'000'000;
    }
    return exponent + point_exponent > 0 ? std::numeric_limits<double>::infinity() : 0.0;
}

}  // namespace

std::string_view trimmed(std::string_view text) noexcept {
    constexpr std::string_view blanks = " \t\r\n\f\v";
    const std::size_t begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::optional<double> parse_number(std::string_view text) noexcept {
    text = trimmed(text);
    bool negative = false;
    if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
        negative = text[0] == '-';
        text.remove_prefix(1);
    }
    if (text.empty() || text[0] == '+' || text[0] == '-') return std::nullopt;
    double value = 0;
    const char* end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, value);
    // "nan(...)" is accepted by from_chars, but nobody writes it.
    if (result.ptr != end || text.back() == ')') return std::nullopt;
    if (result.ec == std::errc::result_out_of_range) {
        value = out_of_range(text);
    } else if (result.ec != std::errc()) {
        return std::nullopt;
    }
    return negative ? -value : value;
}

}  // namespace oort
