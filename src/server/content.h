// SPDX-License-Identifier: Apache-2.0
// Bytes with a digest, as an answer: conditional requests, ranges, and what a browser may do with
// them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/message.h"

namespace oort {

/// Whether If-None-Match names this entity tag (RFC 9110 section 13.1.2; weak comparison).
bool matches_etag(const Request& request, std::string_view etag);

/// `"…"` around a digest or another text without quotes.
std::string quoted_etag(std::string_view text);

/// 304 with the tag.
Response not_modified(std::string_view etag);

struct ByteRange {
    std::uint64_t offset;
    std::uint64_t length;
};

enum class RangeForm { none, satisfiable, unsatisfiable };

/// Reads a Range header for `size` bytes (RFC 9110 section 14). More than one range, another unit,
/// or a form that is not understood count as none: the whole is a correct answer to them.
RangeForm parse_range(std::string_view header, std::uint64_t size, ByteRange& range);

/// The stored bytes of an asset, hashed on the way if all of them are asked for. Only PNG, JPEG,
/// WebP and GIF, recognised by their first bytes, are shown in place; all else is a file to
/// download, whatever its name or declared type say.
Response file_response(const Request& request,
                       File file,
                       const Digest& digest,
                       std::string_view name);

/// Derived numbers: `application/octet-stream`, or JSON text. Kept by the browser and asked for
/// again by tag.
Response derived_response(const Request& request,
                          std::string_view etag,
                          std::string_view content_type,
                          std::string body);

}  // namespace oort
