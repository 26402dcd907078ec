// SPDX-License-Identifier: Apache-2.0
// Ids made by clients, before the first send, so that a retry is the same request.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace oort {

/// A UUID version 7 (RFC 9562, section 5.7) as 32 lower-case hexadecimal digits: ids sort by time.
std::string new_id();

/// Whether the text is 32 lower-case hexadecimal digits. Nothing else is ever used as an id.
bool is_id(std::string_view text) noexcept;

/// n_chars characters of [0-9A-Za-z] from the operating system's random source: 5.95 bits each.
std::string random_secret(std::size_t n_chars);

}  // namespace oort
