// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "base/error.h"

namespace oort {

Json parse_json(std::string_view text, std::string_view what) {
    boost::json::parse_options options;
    options.max_depth = 32;
    boost::json::error_code error;
    Json value = boost::json::parse(text, error, {}, options);
    if (error) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("{} is not valid JSON: {}", what, error.message()));
    }
    return value;
}

std::string to_text(const Json& value) {
    return boost::json::serialize(value);
}

Json number_or_name(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
    return value;
}

double number_from(const Json& value, std::string_view what) {
    if (value.is_number()) return value.to_number<double>();
    if (value.is_string()) {
        const std::string_view name = value.get_string();
        if (name == "NaN") return std::numeric_limits<double>::quiet_NaN();
        if (name == "Infinity") return std::numeric_limits<double>::infinity();
        if (name == "-Infinity") return -std::numeric_limits<double>::infinity();
    }
    throw Error(ErrorCode::invalid_argument,
                fmt::format("{} must be a number, \"NaN\", \"Infinity\" or \"-Infinity\"", what));
}

std::string_view string_member(const JsonObject& object, std::string_view key) {
    const Json* member = object.if_contains(key);
    if (!member || !member->is_string()) {
        throw Error(ErrorCode::invalid_argument, fmt::format("\"{}\" must be a string", key));
    }
    return member->get_string();
}

std::int64_t integer_member(const JsonObject& object, std::string_view key) {
    const Json* member = object.if_contains(key);
    boost::json::error_code error;
    if (member && member->is_number()) {
        const auto number = member->to_number<std::int64_t>(error);
        if (!error) return number;
    }
    throw Error(ErrorCode::invalid_argument, fmt::format("\"{}\" must be a whole number", key));
}

}  // namespace oort
