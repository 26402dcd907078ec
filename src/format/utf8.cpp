// SPDX-License-Identifier: Apache-2.0
#include "format/utf8.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace oort {

namespace {

struct Part {
    std::size_t size = 1;
    bool valid = false;
};

// The character at the beginning of a text that is not empty, or the longest beginning of one
// (Unicode 15, section 3.9, "substitution of maximal subparts").
Part first_part(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned lead = byte(0);
    if (lead < 0x80) return {1, lead != 0};
    unsigned low = 0x80;
    unsigned high = 0xBF;
    std::size_t size = 0;
    if (lead >= 0xC2 && lead <= 0xDF) size = 2;
    if (lead >= 0xE0 && lead <= 0xEF) size = 3;
    if (lead >= 0xF0 && lead <= 0xF4) size = 4;
    if (size == 0) return {1, false};
    if (lead == 0xE0) low = 0xA0;   // no overlong forms
    if (lead == 0xED) high = 0x9F;  // no surrogates
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;  // no more than U+10FFFF
    for (std::size_t i = 1; i < size; ++i) {
        if (i >= text.size() || byte(i) < low || byte(i) > high) return {i, false};
        low = 0x80;
        high = 0xBF;
    }
    return {size, true};
}

// How many bytes from the beginning are ASCII other than NUL, in steps of eight.
std::size_t plain_prefix(std::string_view text) {
    std::size_t i = 0;
    for (; i + 8 <= text.size(); i += 8) {
        std::uint64_t word;
        std::memcpy(&word, text.data() + i, 8);
        constexpr std::uint64_t ones = 0x0101010101010101;
        constexpr std::uint64_t tops = 0x8080808080808080;
        if (((word - ones) | word) & tops) break;  // a byte is 0 or beyond 127
    }
    return i;
}

}  // namespace

bool is_clean_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        text.remove_prefix(plain_prefix(text));
        if (text.empty()) return true;
        const Part part = first_part(text);
        if (!part.valid) return false;
        text.remove_prefix(part.size);
    }
    return true;
}

CleanText clean_utf8(std::string_view text) {
    CleanText clean;
    clean.text.reserve(text.size());
    while (!text.empty()) {
        const Part part = first_part(text);
        clean.text += part.valid ? text.substr(0, part.size) : std::string_view("\xEF\xBF\xBD");
        clean.n_replaced += !part.valid;
        text.remove_prefix(part.size);
    }
    return clean;
}

std::string to_utf8(char32_t code_point) {
    const bool valid = code_point <= 0x10FFFF && !(code_point >= 0xD800 && code_point <= 0xDFFF);
    const char32_t c = valid ? code_point : 0xFFFD;
    const auto tail = [&](int shift) { return static_cast<char>(0x80 | (c >> shift & 0x3F)); };
    if (c < 0x80) return {static_cast<char>(c)};
    if (c < 0x800) return {static_cast<char>(0xC0 | c >> 6), tail(0)};
    if (c < 0x10000) return {static_cast<char>(0xE0 | c >> 12), tail(6), tail(0)};
    return {static_cast<char>(0xF0 | c >> 18), tail(12), tail(6), tail(0)};
}

}  // namespace oort
