// SPDX-License-Identifier: Apache-2.0
// The strict front end of the HTTP parser: what a well-behaved HTTP/1.1 client never sends is
// refused before a more patient parser could read it in its own way (request smuggling lives on
// such differences). Source: RFC 9112 sections 2 to 6, RFC 9110 section 5; narrower wherever that
// costs no real client.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace oort {

/// Why a request is refused: status, code and sentence of the error body.
struct Refusal {
    int status;
    std::string_view code;
    std::string_view message;
};

inline constexpr std::size_t max_head_bytes = 16 * 1024;
inline constexpr std::size_t max_target_bytes = 8 * 1024;
inline constexpr std::size_t max_fields = 100;

/// With ASCII capitals made small; other bytes stay, whatever the locale.
std::string lower(std::string_view text);

/// Looks at the bytes of a head, the empty line included. Nothing if they may go on to the parser.
std::optional<Refusal> check_head(std::string_view head);

/// What the head says about its body. Header names in lower case, each at most once where it
/// matters (check_head). Throws Refusal for a framing that this server does not take.
std::uint64_t body_length(const std::vector<std::pair<std::string, std::string>>& headers);

/// A request target in origin form, taken apart.
struct Target {
    std::vector<std::string> segments;                       ///< decoded once; "/" has none
    std::vector<std::pair<std::string, std::string>> query;  ///< decoded once, "+" as a space
};

/// Throws Refusal for any other form, broken or overlong escapes, control characters, text that is
/// not UTF-8, "." and ".." as segments, and query members that repeat.
Target parse_target(std::string_view target);

}  // namespace oort
