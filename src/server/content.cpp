// SPDX-License-Identifier: Apache-2.0
#include "server/content.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "sprite/image.h"

namespace oort {

namespace {

constexpr std::size_t sniff_bytes = std::size_t{64} << 10;

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

// The type of a picture that a browser may show in place; nothing for all else.
std::optional<std::string_view> picture_type(const File& file) {
    std::vector<std::byte> head(
        static_cast<std::size_t>(std::min<std::uint64_t>(sniff_bytes, file.size())));
    head.resize(file.read_at(0, head));
    const auto info = sniff_image(head);
    if (!info) return std::nullopt;
    switch (info->format) {
        case ImageFormat::png: return "image/png";
        case ImageFormat::jpeg: return "image/jpeg";
        case ImageFormat::webp: return "image/webp";
        case ImageFormat::gif: return "image/gif";
    }
    return std::nullopt;
}

// RFC 6266 with RFC 8187: an ASCII name that cannot break out of its quotes, and the real one
// escaped.
std::string disposition(std::string_view name) {
    std::string plain;
    std::string escaped;
    for (const char c : name.substr(0, 255)) {
        const bool safe = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                          (c >= 'a' && c <= 'z') || c == '.' || c == '-' || c == '_';
        plain.push_back(safe ? c : '_');
        escaped += safe ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return fmt::format("attachment; filename=\"{}\"; filename*=UTF-8''{}", plain, escaped);
}

}  // namespace

bool matches_etag(const Request& request, std::string_view etag) {
    std::string_view list = request.header("if-none-match").value_or("");
    if (trimmed(list) == "*") return true;
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        std::string_view tag = trimmed(list.substr(0, comma));
        if (tag.starts_with("W/")) tag.remove_prefix(2);
        if (tag == etag) return true;
        list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    }
    return false;
}

std::string quoted_etag(std::string_view text) {
    return fmt::format("\"{}\"", text);
}

Response not_modified(std::string_view etag) {
    Response response;
    response.status = 304;
    response.set("ETag", etag);
    response.set("Cache-Control", "private, no-cache");
    return response;
}

RangeForm parse_range(std::string_view header, std::uint64_t size, ByteRange& range) {
    static constexpr std::string_view unit = "bytes=";
    if (!header.starts_with(unit)) return RangeForm::none;
    header = trimmed(header.substr(unit.size()));
    const std::size_t dash = header.find('-');
    if (dash == std::string_view::npos || header.find(',') != std::string_view::npos) {
        return RangeForm::none;
    }
    const auto first = number(header.substr(0, dash));
    const auto last = number(header.substr(dash + 1));
    if (dash == 0) {
        if (!last) return RangeForm::none;
        if (*last == 0 || size == 0) return RangeForm::unsatisfiable;
        range.length = std::min(*last, size);
        range.offset = size - range.length;
        return RangeForm::satisfiable;
    }
    if (!first || (!last && dash + 1 != header.size()) || (last && *last < *first)) {
        return RangeForm::none;
    }
    if (*first >= size) return RangeForm::unsatisfiable;
    range.offset = *first;
    range.length = std::min(last.value_or(size - 1), size - 1) - *first + 1;
    return RangeForm::satisfiable;
}

Response file_response(const Request& request,
                       File file,
                       const Digest& digest,
                       std::string_view name) {
    const std::string etag = quoted_etag(to_hex(digest));
    if (matches_etag(request, etag)) return not_modified(etag);
    Response response;
    response.kind = ContentKind::blob;
    const std::uint64_t size = file.size();
    if (const auto type = picture_type(file)) {
        response.set("Content-Type", *type);
    } else {
        response.set("Content-Type", "application/octet-stream");
        response.set("Content-Disposition", disposition(name));
    }
    response.set("ETag", etag);
    response.set("Cache-Control", "private, no-cache");
    response.set("Accept-Ranges", "bytes");
    ByteRange range{.offset = 0, .length = size};
    const auto condition = request.header("if-range");
    const auto wanted = condition && *condition != etag ? std::nullopt : request.header("range");
    switch (wanted ? parse_range(*wanted, size, range) : RangeForm::none) {
        case RangeForm::none: break;
        case RangeForm::satisfiable:
            response.status = 206;
            response.set(
                "Content-Range",
                fmt::format("bytes {}-{}/{}", range.offset, range.offset + range.length - 1, size));
            break;
        case RangeForm::unsatisfiable: {
            Response refusal =
                error_response(416, "invalid_argument", "the range lies behind the end");
            refusal.set("Content-Range", fmt::format("bytes */{}", size));
            return refusal;
        }
    }
    const bool is_whole = range.length == size;
    response.body = FileBody{.file = std::move(file),
                             .offset = range.offset,
                             .length = range.length,
                             .digest = is_whole ? std::optional(digest) : std::nullopt};
    return response;
}

Response derived_response(const Request& request,
                          std::string_view etag,
                          std::string_view content_type,
                          std::string body) {
    if (matches_etag(request, etag)) return not_modified(etag);
    Response response;
    response.set("Content-Type", content_type);
    response.set("ETag", etag);
    response.set("Cache-Control", "private, no-cache");
    response.body = std::move(body);
    return response;
}

}  // namespace oort
