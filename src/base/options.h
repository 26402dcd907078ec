// SPDX-License-Identifier: Apache-2.0
// Options are plain structs with one list of names and ranges each:
//
//     template <class Field> void fields(Field&& field, PcaOptions& o) {
//         field("n_components", o.n_components, 1, 65536);
//     }
//
// From that list come JSON in and out, the range check and the schema that forms are made of; the
// command line and Python read it too. An option of an enum type is a name out of names_of(enum), a
// constexpr array in the order of its values.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/error.h"
#include "base/json.h"

namespace oort {

namespace detail {

template <class T>
struct is_optional : std::false_type {};

template <class T>
struct is_optional<std::optional<T>> : std::true_type {};

template <class T>
Json option_to_json(const T& value) {
    if constexpr (is_optional<T>::value) {
        return value ? option_to_json(*value) : Json(nullptr);
    } else if constexpr (std::is_enum_v<T>) {
        return Json(names_of(value)[static_cast<std::size_t>(value)]);
    } else {
        return Json(value);
    }
}

template <class T>
T option_from_json(std::string_view name, const Json& value) {
    if constexpr (is_optional<T>::value) {
        if (value.is_null()) return std::nullopt;
        return option_from_json<typename T::value_type>(name, value);
    } else if constexpr (std::is_enum_v<T>) {
        constexpr auto names = names_of(T{});
        for (std::size_t i = 0; i < names.size(); ++i) {
            if (value.is_string() && value.get_string() == names[i]) return static_cast<T>(i);
        }
        throw Error(
            ErrorCode::invalid_argument,
            fmt::format("{} {} is none of {}", name, to_text(value), fmt::join(names, ", ")));
    } else {
        boost::json::error_code error;
        if constexpr (std::is_same_v<T, bool>) {
            if (value.is_bool()) return value.get_bool();
        } else if constexpr (std::is_arithmetic_v<T>) {
            if (value.is_number()) {
                const T number = value.to_number<T>(error);
                if (!error) return number;
            }
        } else {
            if (value.is_string()) return T(std::string_view(value.get_string()));
        }
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("{} {} is not of the right type", name, to_text(value)));
    }
}

template <class T>
constexpr std::string_view option_type() {
    if constexpr (is_optional<T>::value) {
        return option_type<typename T::value_type>();
    } else if constexpr (std::is_enum_v<T>) {
        return "choice";
    } else if constexpr (std::is_same_v<T, bool>) {
        return "boolean";
    } else if constexpr (std::is_integral_v<T>) {
        return "integer";
    } else if constexpr (std::is_floating_point_v<T>) {
        return "number";
    } else {
        return "string";
    }
}

template <class T, class Low, class High>
void check_option(std::string_view name, const T& value, Low low, High high) {
    if constexpr (is_optional<T>::value) {
        if (value) check_option(name, *value, low, high);
    } else {
        // Written so that NaN fails too.
        if (!(value >= static_cast<T>(low) && value <= static_cast<T>(high))) {
            throw Error(ErrorCode::invalid_argument,
                        fmt::format("{} {} is out of range: {}..{}", name, value, low, high));
        }
    }
}

}  // namespace detail

/// Throws Error(invalid_argument) for the first option outside its range.
template <class Options>
void check_options(Options options) {
    fields(
        [](std::string_view name, const auto& value, const auto&... range) {
            if constexpr (sizeof...(range) == 2) detail::check_option(name, value, range...);
        },
        options);
}

/// All options by name, unset ones as null.
template <class Options>
JsonObject options_to_json(Options options) {
    JsonObject object;
    fields(
        [&](std::string_view name, const auto& value, const auto&...) {
            object[name] = detail::option_to_json(value);
        },
        options);
    return object;
}

/// What a form needs to know of each option, in order: {"name", "type", "default"} and, where they
/// apply, "min" and "max" or "choices". The type is "integer", "number", "boolean", "string" or
/// "choice"; an option that may be unset has "optional": true.
template <class Options>
JsonArray options_schema() {
    JsonArray schema;
    Options options;
    fields(
        [&]<class T>(std::string_view name, const T& value, const auto&... range) {
            JsonObject option{{"name", name},
                              {"type", detail::option_type<T>()},
                              {"default", detail::option_to_json(value)}};
            if constexpr (detail::is_optional<T>::value) option["optional"] = true;
            if constexpr (std::is_enum_v<T>) {
                constexpr auto names = names_of(T{});
                option["choices"] = JsonArray(names.begin(), names.end());
            }
            if constexpr (sizeof...(range) == 2) {
                const std::array<Json, 2> ends{Json(range)...};
                option["min"] = ends[0];
                option["max"] = ends[1];
            }
            schema.push_back(std::move(option));
        },
        options);
    return schema;
}

/// Defaults overridden by the members of `object`, checked. Throws Error(invalid_argument) for a
/// name that is no option, a wrong type or a value out of range.
template <class Options>
Options options_from_json(const JsonObject& object) {
    Options options;
    std::set<std::string, std::less<>> known;
    fields(
        [&](std::string_view name, auto& value, const auto&...) {
            known.emplace(name);
            if (const Json* member = object.if_contains(name)) {
                value = detail::option_from_json<std::remove_reference_t<decltype(value)>>(name,
                                                                                           *member);
            }
        },
        options);
    for (const auto& member : object) {
        if (!known.contains(std::string_view(member.key()))) {
            throw Error(ErrorCode::invalid_argument,
                        fmt::format("\"{}\" is not an option", std::string_view(member.key())));
        }
    }
    check_options(options);
    return options;
}

}  // namespace oort
