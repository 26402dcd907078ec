// SPDX-License-Identifier: Apache-2.0
#include "client/blob_sender.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/file.h"
#include "base/json.h"

namespace oort {

namespace {

constexpr std::uint64_t piece_bytes = std::uint64_t{32} << 20;

// A server that keeps answering with another offset is not making progress.
constexpr int max_disagreements = 4;

template <class Number>
std::optional<Number> number_header(const HttpResponse& response, const std::string& name) {
    const std::optional<std::string> text = response.header(name);
    if (!text) return std::nullopt;
    Number value{};
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
    return value;
}

// The server's own sentence, if it sent one.
std::string message_of(const HttpResponse& response) {
    try {
        const Json body = parse_json(response.body, "the answer");
        return std::string(string_member(body.as_object().at("error").as_object(), "message"));
    } catch (const std::exception&) {
        return fmt::format("status {}", response.status);
    }
}

// Someone else may have sent the same content meanwhile.
bool is_complete(const HttpResponse& response) {
    try {
        return parse_json(response.body, "the answer").as_object().at("complete").as_bool();
    } catch (const std::exception&) {
        return false;
    }
}

struct SendState {
    std::uint64_t offset = 0;
    int n_disagreements = 0;
    int n_restarts = 0;
};

// What a piece that was not taken as expected means: try again from state.offset, or an end.
std::optional<Outcome> disagree(const HttpResponse& response, const Blob& blob, SendState& state) {
    const auto offset = number_header<std::uint64_t>(response, "upload-offset");
    const bool busy = response.header("retry-after").has_value();
    if (response.status == 409 && !busy && offset && *offset <= blob.size) {
        state.offset = *offset;
        if (++state.n_disagreements <= max_disagreements) return std::nullopt;
    }
    if (response.status == 409) {
        return Outcome{.kind = Outcome::Kind::retry,
                       .reason = message_of(response),
                       .retry_after_s = number_header<double>(response, "retry-after")};
    }
    if (response.status == 422 && state.n_restarts++ == 0) {
        state.offset = 0;  // what had arrived was damaged, and is dropped
        return std::nullopt;
    }
    return outcome_of(response);
}

}  // namespace

Outcome outcome_of(const HttpResponse& response) {
    if (response.status == 0) return {Outcome::Kind::retry, response.failure};
    if (response.status < 300 && response.status >= 200) return {};
    Outcome outcome{.kind = Outcome::Kind::refused, .reason = message_of(response)};
    switch (response.status) {
        case 408:
        case 425:
        case 429: outcome.kind = Outcome::Kind::retry; break;
        case 400:
        case 413:
        case 415:
        case 422: outcome.kind = Outcome::Kind::rejected; break;
        default:
            if (response.status >= 500) outcome.kind = Outcome::Kind::retry;
    }
    if (outcome.kind == Outcome::Kind::retry) {
        outcome.retry_after_s = number_header<double>(response, "retry-after");
    }
    return outcome;
}

HttpRequest request_to(const ServerAddress& server,
                       const std::string& method,
                       const std::string& path) {
    return {.method = method,
            .url = server.url + path,
            .headers = {"Authorization: Bearer " + server.token, "Accept: application/json"}};
}

Outcome send_blob(HttpClient& http,
                  const ServerAddress& server,
                  const Blob& blob,
                  const std::filesystem::path& file,
                  const std::function<void(std::uint64_t)>& sent) {
    const MappedFile content(file);
    if (content.bytes().size() != blob.size) {
        return {Outcome::Kind::rejected,
                fmt::format("the content {} in the spool has {} bytes, not {}",
                            blob.sha256,
                            content.bytes().size(),
                            blob.size)};
    }
    const std::string path = "/api/v1/blobs/" + blob.sha256;
    SendState state;
    if (blob.size > piece_bytes) {
        const HttpResponse known = http.send(request_to(server, "HEAD", path));
        if (known.status == 200) {
            sent(blob.size);
            return {};
        }
        if (known.status != 404) return outcome_of(known);
        state.offset =
            std::min(number_header<std::uint64_t>(known, "upload-offset").value_or(0), blob.size);
        sent(state.offset);
    }
    while (true) {
        const std::uint64_t n_bytes = std::min(piece_bytes, blob.size - state.offset);
        HttpRequest request = request_to(server, "PATCH", path);
        request.headers.push_back("Content-Type: application/octet-stream");
        request.headers.push_back(fmt::format("Upload-Offset: {}", state.offset));
        request.headers.push_back(fmt::format("Upload-Length: {}", blob.size));
        request.body = content.bytes().subspan(state.offset, n_bytes);
        const HttpResponse response = http.send(request);
        if (response.status == 200) {
            sent(is_complete(response) ? blob.size - state.offset : n_bytes);
            state.offset += n_bytes;
            if (state.offset >= blob.size || is_complete(response)) return {};
            continue;
        }
        if (const auto outcome = disagree(response, blob, state)) return *outcome;
    }
}

}  // namespace oort
