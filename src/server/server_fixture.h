// SPDX-License-Identifier: Apache-2.0
// For tests: a real server on a free port, and a client that sends exactly the bytes it is told to.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/sha256.h"
#include "server/server.h"
#include "store/temporary_store.h"

namespace oort {

/// An answer as it came over the wire; status 0: none came.
struct Reply {
    int status = 0;
    std::map<std::string, std::string> headers;  ///< names in lower case
    std::string body;

    std::string header(const std::string& name) const {
        const auto found = headers.find(name);
        return found == headers.end() ? "" : found->second;
    }

    Json json() const { return parse_json(body, "the answer"); }

    std::string error_code() const {
        const Json value = json();
        return std::string(std::string_view(value.at("error").at("code").as_string()));
    }
};

/// One TCP connection.
class Wire {
  public:
    /// host  127.0.0.1 or ::1.
    explicit Wire(std::uint16_t port, const char* host = "127.0.0.1") {
        addrinfo wanted{};
        wanted.ai_socktype = SOCK_STREAM;
        wanted.ai_flags = AI_NUMERICHOST;
        addrinfo* found = nullptr;
        ::getaddrinfo(host, std::to_string(port).c_str(), &wanted, &found);
        socket_ = ::socket(found->ai_family, SOCK_STREAM, 0);
        timeval limit{.tv_sec = 10, .tv_usec = 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
        if (::connect(socket_, found->ai_addr, found->ai_addrlen) != 0) {
            ADD_FAILURE() << "cannot connect to " << host;
        }
        ::freeaddrinfo(found);
    }

    ~Wire() { ::close(socket_); }

    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    /// False once the peer has closed.
    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (n <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(n));
        }
        return true;
    }

    /// The next answer. `method` HEAD: without a body, whatever Content-Length says.
    Reply receive(std::string_view method = "GET") {
        Reply reply;
        std::size_t end = std::string::npos;
        while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
            if (!fill()) return reply;
        }
        std::size_t at = buffer_.find("\r\n");
        reply.status = std::stoi(buffer_.substr(9, 3));
        while (at < end) {
            const std::size_t next = buffer_.find("\r\n", at + 2);
            const std::string line = buffer_.substr(at + 2, next - at - 2);
            const std::size_t colon = line.find(": ");
            std::string name = line.substr(0, colon);
            std::transform(name.begin(), name.end(), name.begin(), [](char c) {
                return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
            });
            if (!name.empty()) reply.headers[name] = line.substr(colon + 2);
            at = next;
        }
        buffer_.erase(0, end + 4);
        const std::string length = reply.header("content-length");
        const std::size_t n = length.empty() || method == "HEAD" ? 0 : std::stoul(length);
        while (buffer_.size() < n) {
            if (!fill()) break;
        }
        reply.body = buffer_.substr(0, n);
        buffer_.erase(0, n);
        return reply;
    }

    /// Whether the peer has neither sent anything more nor closed by now.
    bool is_silent() {
        char byte = 0;
        return buffer_.empty() && ::recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0;
    }

    /// All that still comes until the peer closes or the receive limit.
    std::string drain() {
        while (fill()) {
        }
        return std::exchange(buffer_, {});
    }

    /// Whether the peer closes, without sending more, before the receive limit.
    bool is_closed_by_peer() {
        if (!buffer_.empty()) return false;
        char byte = 0;
        return ::recv(socket_, &byte, 1, 0) == 0;
    }

  private:
    bool fill() {
        char bytes[65536];
        const ssize_t n = ::recv(socket_, bytes, sizeof(bytes), 0);
        if (n <= 0) return false;
        buffer_.append(bytes, static_cast<std::size_t>(n));
        return true;
    }

    int socket_ = -1;
    std::string buffer_;
};

using Headers = std::vector<std::pair<std::string, std::string>>;

class ServerTest : public ::testing::Test {
  protected:
    explicit ServerTest(const HttpOptions& http = {}, std::chrono::milliseconds guess_delay = {}) {
        server_ = std::make_unique<Server>(ServerOptions{.data_folder = folder_.path() / "data",
                                                         .port = 0,
                                                         .guess_delay = guess_delay,
                                                         .http = http});
    }

    std::uint16_t port() const { return server_->app().port; }

    std::string host() const { return fmt::format("127.0.0.1:{}", port()); }

    std::string token() const { return server_->app().store.access().api_token(); }

    std::string worker_token() const {
        std::string text = read_file(server_->app().store.worker_token_file());
        text.pop_back();  // the line's end
        return text;
    }

    /// A request's bytes, with Host, the token and Content-Length unless the headers given say
    /// otherwise; a header given as "" is left out.
    std::string bytes(std::string_view method,
                      std::string_view target,
                      Headers headers = {},
                      std::string_view body = "") const {
        const auto fall_back = [&](const std::string& name, const std::string& value) {
            const bool given = std::any_of(
                headers.begin(), headers.end(), [&](const auto& h) { return h.first == name; });
            if (!given) headers.emplace_back(name, value);
        };
        fall_back("Host", host());
        fall_back("Authorization", fmt::format("Bearer {}", token()));
        if (!body.empty() || method == "PUT" || method == "POST" || method == "PATCH") {
            fall_back("Content-Length", std::to_string(body.size()));
        }
        std::string text = fmt::format("{} {} HTTP/1.1\r\n", method, target);
        for (const auto& [name, value] : headers) {
            if (!value.empty()) text += fmt::format("{}: {}\r\n", name, value);
        }
        return text.append("\r\n").append(body);
    }

    Reply ask(std::string_view method,
              std::string_view target,
              const Headers& headers = {},
              std::string_view body = "") const {
        Wire wire(port());
        wire.send(bytes(method, target, headers, body));
        return wire.receive(method);
    }

    Reply put_json(std::string_view target, std::string_view body) const {
        return ask("PUT", target, {{"Content-Type", "application/json"}}, body);
    }

    Reply put_blob(std::string_view content) const {
        return ask("PATCH",
                   fmt::format("/api/v1/blobs/{}", to_hex(sha256(content))),
                   {{"Upload-Offset", "0"}, {"Upload-Length", std::to_string(content.size())}},
                   content);
    }

    /// An experiment `key` with one asset of that content and type, under `asset_id`.
    void log_asset(std::string_view content,
                   std::string_view type = "asset",
                   std::string_view name = "a.bin") const {
        ASSERT_EQ(put_blob(content).status, 200);
        const std::string body = fmt::format(
            R"({{"writer":"{}","first":0,"records":[)"
            R"({{"kind":"experiment","at":1,"workspace":"w","project":"p","name":null}},)"
            R"({{"kind":"asset","at":2,"id":"{}","name":{},"type":"{}","sha256":"{}","size":{}}}]}})",
            key,
            asset_id,
            to_text(Json(name)),
            type,
            to_hex(sha256(content)),
            content.size());
        const Reply reply = put_json(fmt::format("/api/v1/experiments/{}/records", key), body);
        ASSERT_EQ(reply.status, 200) << reply.body;
    }

    std::string content_path() const {
        return fmt::format("/api/v1/experiments/{}/assets/{}/content", key, asset_id);
    }

    static constexpr std::string_view key = "0123456789abcdef0123456789abcdef";
    static constexpr std::string_view asset_id = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    TemporaryFolder folder_;
    std::unique_ptr<Server> server_;
};

}  // namespace oort
