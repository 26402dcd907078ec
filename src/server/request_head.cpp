// SPDX-License-Identifier: Apache-2.0
#include "server/request_head.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

namespace oort {

namespace {

constexpr std::size_t max_segments = 32;
constexpr std::size_t max_query_members = 64;

constexpr Refusal bad_request(std::string_view message) {
    return {400, "invalid_argument", message};
}

bool is_token_char(char c) {
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) return true;
    // "_" is a token character by the RFC, but proxies confuse it with "-".
    return std::string_view("!#$%&'*+-.^`|~").find(c) != std::string_view::npos;
}

bool is_target_char(char c) {
    return c > 0x20 && c < 0x7f &&
           std::string_view("\"#<>\\^`{|}").find(c) == std::string_view::npos;
}

// Fields of which a second one would change the meaning of the first.
bool is_single(std::string_view name) {
    static constexpr std::array<std::string_view, 14> names{"host",
                                                            "content-length",
                                                            "transfer-encoding",
                                                            "content-type",
                                                            "content-encoding",
                                                            "authorization",
                                                            "origin",
                                                            "sec-fetch-site",
                                                            "sec-fetch-mode",
                                                            "expect",
                                                            "range",
                                                            "if-range",
                                                            "upload-offset",
                                                            "upload-length"};
    return std::find(names.begin(), names.end(), name) != names.end();
}

std::optional<Refusal> check_request_line(std::string_view line) {
    const std::size_t first = line.find(' ');
    const std::size_t second = first == std::string_view::npos ? first : line.find(' ', first + 1);
    if (second == std::string_view::npos) return bad_request("the request line is malformed");
    const std::string_view method = line.substr(0, first);
    const std::string_view target = line.substr(first + 1, second - first - 1);
    const std::string_view version = line.substr(second + 1);
    if (method.empty() || method.size() > 16 ||
        !std::all_of(method.begin(), method.end(), [](char c) { return c >= 'A' && c <= 'Z'; })) {
        return bad_request("the method is malformed");
    }
    if (target.size() > max_target_bytes)
        return Refusal{414, "too_large", "the target is too long"};
    if (target.empty() || !std::all_of(target.begin(), target.end(), is_target_char)) {
        return bad_request("the target is malformed");
    }
    if (version != "HTTP/1.1")
        return Refusal{505, "invalid_argument", "only HTTP/1.1 is spoken here"};
    return std::nullopt;
}

std::optional<Refusal> check_field(std::string_view line, std::set<std::string>& seen) {
    const std::size_t colon = line.find(':');
    if (colon == 0 || colon == std::string_view::npos) return bad_request("a header has no name");
    const std::string_view name = line.substr(0, colon);
    if (!std::all_of(name.begin(), name.end(), is_token_char)) {
        return bad_request("a header's name is malformed");
    }
    for (const char c : line.substr(colon + 1)) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x20 && c != '\t') || byte == 0x7f) return bad_request("a header is malformed");
    }
    std::string lowered = lower(name);
    if (is_single(lowered) && !seen.insert(std::move(lowered)).second) {
        return bad_request("a header that may stand once stands twice");
    }
    return std::nullopt;
}

bool is_utf8(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        const std::size_t n = lead < 0x80       ? 1
                              : lead >> 5 == 6  ? 2
                              : lead >> 4 == 14 ? 3
                              : lead >> 3 == 30 ? 4
                                                : 0;
        if (n == 0 || i + n > text.size()) return false;
        std::uint32_t code = n == 1 ? lead : lead & (0x7fu >> n);
        for (std::size_t k = 1; k < n; ++k) {
            const auto next = static_cast<unsigned char>(text[i + k]);
            if (next >> 6 != 2) return false;
            code = code << 6 | (next & 0x3fu);
        }
        static constexpr std::array<std::uint32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
        if (code < least[n] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return false;
        i += n;
    }
    return true;
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

enum class Plus { plus, space };

// Exactly once: what decodes to another escape stays one.
std::string decode(std::string_view text, Plus plus) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+' && plus == Plus::space) {
            out.push_back(' ');
        } else if (text[i] != '%') {
            out.push_back(text[i]);
        } else {
            const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
            const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
            if (high < 0 || low < 0) throw bad_request("the target holds a broken escape");
            out.push_back(static_cast<char>(high * 16 + low));
            i += 2;
        }
    }
    const auto is_control = [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    };
    if (std::any_of(out.begin(), out.end(), is_control) || !is_utf8(out)) {
        throw bad_request("the target holds text that is not allowed");
    }
    return out;
}

}  // namespace

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    }
    return out;
}

std::optional<Refusal> check_head(std::string_view head) {
    if (!head.ends_with("\r\n\r\n")) return bad_request("the head has no end");
    std::size_t n_fields = 0;
    std::set<std::string> seen;
    for (std::size_t number = 0; !head.empty(); ++number) {
        const std::size_t end = head.find("\r\n");
        if (end == std::string_view::npos) return bad_request("a line has no end");
        const std::string_view line = head.substr(0, end);
        head.remove_prefix(end + 2);
        if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
            return bad_request("a line ends in the wrong way");
        }
        if (number > 0 && line.empty()) {
            if (!head.empty()) return bad_request("there is something behind the head");
            break;
        }
        if (number > 0 && ++n_fields > max_fields) {
            return Refusal{431, "too_large", "there are too many headers"};
        }
        const auto refusal = number == 0 ? check_request_line(line) : check_field(line, seen);
        if (refusal) return refusal;
    }
    if (!seen.contains("host")) return bad_request("the Host header is missing");
    if (seen.contains("transfer-encoding")) {
        // With a length beside it the body could end in two places.
        if (seen.contains("content-length")) return bad_request("a body has two lengths");
        return Refusal{411, "invalid_argument", "send the body with Content-Length"};
    }
    return std::nullopt;
}

std::uint64_t body_length(const std::vector<std::pair<std::string, std::string>>& headers) {
    const auto found = std::find_if(
        headers.begin(), headers.end(), [](const auto& h) { return h.first == "content-length"; });
    if (found == headers.end()) return 0;
    const std::string& text = found->second;
    std::uint64_t length = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    const bool digits =
        std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (text.empty() || !digits || error != std::errc() || end != text.data() + text.size() ||
        length > (std::uint64_t{1} << 62)) {
        throw bad_request("Content-Length is malformed");
    }
    return length;
}

Target parse_target(std::string_view target) {
    if (!target.starts_with('/')) throw bad_request("the target must begin with \"/\"");
    const std::size_t mark = target.find('?');
    std::string_view path = target.substr(1, mark == std::string_view::npos ? mark : mark - 1);
    std::string_view query = mark == std::string_view::npos ? "" : target.substr(mark + 1);
    Target parsed;
    while (!path.empty()) {
        const std::size_t slash = path.find('/');
        parsed.segments.push_back(decode(path.substr(0, slash), Plus::plus));
        const std::string& segment = parsed.segments.back();
        if (segment == "." || segment == ".." || parsed.segments.size() > max_segments) {
            throw bad_request("the path is not allowed");
        }
        if (slash == std::string_view::npos) break;
        path.remove_prefix(slash + 1);
        if (path.empty()) parsed.segments.emplace_back();
    }
    std::set<std::string> seen;
    while (!query.empty()) {
        const std::size_t end = query.find('&');
        const std::string_view member = query.substr(0, end);
        query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
        if (member.empty()) continue;
        const std::size_t equals = member.find('=');
        std::string name = decode(member.substr(0, equals), Plus::space);
        std::string value =
            equals == std::string_view::npos ? "" : decode(member.substr(equals + 1), Plus::space);
        if (!seen.insert(name).second || seen.size() > max_query_members) {
            throw bad_request("the query names a member twice, or too many");
        }
        parsed.query.emplace_back(std::move(name), std::move(value));
    }
    return parsed;
}

}  // namespace oort
