// SPDX-License-Identifier: Apache-2.0
// One line a message on standard error: time, level, text. Control characters in the text are
// escaped, so that a name from outside cannot forge a line or drive a terminal.
#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace oort {

enum class LogLevel { debug, info, warning, error };

void log_line(LogLevel level, std::string_view text);
void set_log_level(LogLevel lowest);

template <class... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
    log_line(LogLevel::info, fmt::format(format, std::forward<Args>(args)...));
}

template <class... Args>
void log_warning(fmt::format_string<Args...> format, Args&&... args) {
    log_line(LogLevel::warning, fmt::format(format, std::forward<Args>(args)...));
}

template <class... Args>
void log_error(fmt::format_string<Args...> format, Args&&... args) {
    log_line(LogLevel::error, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace oort
