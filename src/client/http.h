// SPDX-License-Identifier: Apache-2.0
// The wall where libcurl ends: one connection, one request at a time.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace oort {

/// What came back. status 0: nothing did (no connection, cut off, timed out, cancelled), and
/// `failure` says why in a sentence.
struct HttpResponse {
    int status = 0;
    std::map<std::string, std::string> headers;  ///< names in lower case
    std::string body;
    std::string failure;

    std::optional<std::string> header(const std::string& name) const;
};

struct HttpRequest {
    std::string method;
    std::string url;                        ///< http:// or https://; redirects are not followed
    std::vector<std::string> headers = {};  ///< "Name: value"
    std::span<const std::byte> body = {};   ///< not copied: must live until send() returns
    double timeout_s = 0;                   ///< 0: as long as bytes move at least once a minute

    /// Takes the body of an answer with status 200 piece by piece, of any length;
    /// HttpResponse::body stays empty then. Empty: the body is collected, 64 MiB at most.
    std::function<void(std::span<const std::byte>)> on_body = {};
};

/// Keeps its connection between requests. Not thread-safe, save that `cancelled` may be set from
/// any thread: the request under way then ends within a second or so with status 0.
class HttpClient {
  public:
    /// on_upload(n_bytes of this request's body sent so far) is called as bytes leave.
    explicit HttpClient(const std::atomic<bool>* cancelled = nullptr,
                        std::function<void(std::uint64_t)> on_upload = {});
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    HttpResponse send(const HttpRequest& request);

  private:
    struct Handle;
    std::unique_ptr<Handle> handle_;
};

}  // namespace oort
