// SPDX-License-Identifier: Apache-2.0
// A request and its answer, as handlers see them: plain data, nothing of the network.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/sha256.h"

namespace oort {

/// Where the bytes of a streamed body go. Called on worker threads, one call at a time. If it is
/// destroyed before the handler ran, the connection broke in the middle of the body.
class BodySink {
  public:
    virtual ~BodySink() = default;
    virtual void append(std::span<const std::byte> bytes) = 0;
};

struct Request {
    std::string peer;  ///< the address it came from, without the port
    std::string method;
    std::string target;                                        ///< as it came
    std::vector<std::string> segments;                         ///< of the path, each decoded once
    std::vector<std::pair<std::string, std::string>> query;    ///< decoded once, names are unique
    std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
    std::vector<std::pair<std::string, std::string>>
        parameters;                  ///< of the route's pattern, by the router
    std::string body;                ///< unless it was streamed
    std::unique_ptr<BodySink> sink;  ///< took the body, if it was streamed

    /// The header's value; name in lower case.
    std::optional<std::string_view> header(std::string_view name) const;

    /// The query member's value.
    std::optional<std::string> query_member(std::string_view name) const;

    /// What the pattern's {name} stands for. A name that the pattern lacks is a bug (CHECK).
    const std::string& parameter(std::string_view name) const;
};

/// A part of an open file.
struct FileBody {
    File file;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;

    /// What the bytes must hash to, if these are all of a blob: if they do not, the answer breaks
    /// off before its last piece.
    std::optional<Digest> digest = {};
};

/// What a body may do in a browser; decides the security headers (server/edge.h).
enum class ContentKind {
    api,   ///< JSON and numbers for our own page's fetch
    page,  ///< part of the web app
    blob,  ///< bytes that somebody uploaded: never trusted
};

struct Response {
    int status = 200;
    std::chrono::milliseconds delay{0};  ///< before it is sent
    ContentKind kind = ContentKind::api;
    std::vector<std::pair<std::string, std::string>> headers;
    std::variant<std::string, FileBody> body;

    void set(std::string_view name, std::string_view value);
    const std::string* header(std::string_view name) const;
    std::uint64_t content_length() const;
};

/// One message of a WebSocket.
struct SocketMessage {
    enum class Kind { text, binary, end };
    Kind kind = Kind::end;
    std::shared_ptr<const std::string> bytes;  ///< null at the end
};

/// What a WebSocket sends. It is told on making whom to wake when there is something new.
class MessageSource {
  public:
    virtual ~MessageSource() = default;

    /// The next message; nothing if there is none now. Must not block.
    virtual std::optional<SocketMessage> next() = 0;
};

/// Thrown where an answer other than an error's cannot be returned.
struct Answer {
    Response response;
};

Response json_response(const Json& value, int status = 200);

/// {"error": {"code", "message"}} with the status of the code's row in base/error.cpp.
Response error_response(ErrorCode code, std::string_view message);

/// The same with another status: 415, 421, 431, …
Response error_response(int status, std::string_view code, std::string_view message);

}  // namespace oort
