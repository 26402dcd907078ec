// SPDX-License-Identifier: Apache-2.0
// Boost.JSON behind names of ours, with the limits that untrusted text needs.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace oort {

using Json = boost::json::value;
using JsonObject = boost::json::object;
using JsonArray = boost::json::array;

/// Parses one JSON text (RFC 8259), at most 32 levels deep.
/// Throws Error(invalid_argument) naming `what` for anything else.
Json parse_json(std::string_view text, std::string_view what);

/// Compact JSON text. Non-finite numbers have no JSON form: pass them through number_or_name first.
std::string to_text(const Json& value);

/// A number as it is; NaN and infinities as "NaN", "Infinity", "-Infinity".
Json number_or_name(double value);

/// The inverse of number_or_name. Throws Error(invalid_argument) naming `what` if it is neither.
double number_from(const Json& value, std::string_view what);

/// The value, or null if there is none.
template <class T>
Json or_null(const std::optional<T>& value) {
    return value ? Json(*value) : Json(nullptr);
}

/// The text, or null if it is empty.
inline Json or_null(const std::string& text) {
    return text.empty() ? Json(nullptr) : Json(text);
}

/// The member of that type, or Error(invalid_argument) that names the key and the type wanted.
std::string_view string_member(const JsonObject& object, std::string_view key);
std::int64_t integer_member(const JsonObject& object, std::string_view key);

}  // namespace oort
