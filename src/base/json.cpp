// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include <fmt/format.h>

#include <boost/json/basic_parser_impl.hpp>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace oort {

namespace {

using boost::json::error_code;

/// Builds the value. Boost 1.81's own handler keeps the parser's quick sum of digits, which is off
/// by a unit in the last place for about one double in ten; this one reads the digits again,
/// exactly.
struct ExactHandler {
    static constexpr std::size_t max_array_size = std::size_t(-1);
    static constexpr std::size_t max_object_size = std::size_t(-1);
    static constexpr std::size_t max_key_size = std::size_t(-1);
    static constexpr std::size_t max_string_size = std::size_t(-1);

    boost::json::value_stack stack;

    bool on_document_begin(error_code&) { return stack.reset(), true; }

    bool on_document_end(error_code&) { return true; }

    bool on_object_begin(error_code&) { return true; }

    bool on_object_end(std::size_t n, error_code&) { return stack.push_object(n), true; }

    bool on_array_begin(error_code&) { return true; }

    bool on_array_end(std::size_t n, error_code&) { return stack.push_array(n), true; }

    bool on_key_part(boost::json::string_view s, std::size_t, error_code&) {
        return stack.push_chars(s), true;
    }

    bool on_key(boost::json::string_view s, std::size_t, error_code&) {
        return stack.push_key(s), true;
    }

    bool on_string_part(boost::json::string_view s, std::size_t, error_code&) {
        return stack.push_chars(s), true;
    }

    bool on_string(boost::json::string_view s, std::size_t, error_code&) {
        return stack.push_string(s), true;
    }

    bool on_number_part(boost::json::string_view, error_code&) { return true; }

    bool on_int64(std::int64_t i, boost::json::string_view, error_code&) {
        return stack.push_int64(i), true;
    }

    bool on_uint64(std::uint64_t u, boost::json::string_view, error_code&) {
        return stack.push_uint64(u), true;
    }

    bool on_double(double number, boost::json::string_view digits, error_code&) {
        // Out of range keeps the parser's infinity or zero.
        double exact = number;
        const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), exact);
        return stack.push_double(read.ec == std::errc() ? exact : number), true;
    }

    bool on_bool(bool b, error_code&) { return stack.push_bool(b), true; }

    bool on_null(error_code&) { return stack.push_null(), true; }

    bool on_comment_part(boost::json::string_view, error_code&) { return true; }

    bool on_comment(boost::json::string_view, error_code&) { return true; }
};

}  // namespace

Json parse_json(std::string_view text, std::string_view what) {
    boost::json::parse_options options;
    options.max_depth = 32;
    boost::json::basic_parser<ExactHandler> parser(options);
    error_code error;
    // The text is there as a whole, so no number arrives in parts.
    const std::size_t n_read = parser.write_some(false, text.data(), text.size(), error);
    if (!error && n_read < text.size()) error = boost::json::error::extra_data;
    if (error) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("{} is not valid JSON: {}", what, error.message()));
    }
    return parser.handler().stack.release();
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
