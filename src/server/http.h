// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 on sockets. Connections live on one thread and wait without cost; everything that may
// block runs on workers. http.cpp and websocket.cpp alone see Beast and Asio.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/message.h"

namespace oort {

/// Of connections that became WebSockets.
struct SocketOptions {
    std::chrono::milliseconds handshake_deadline{10'000};

    /// A peer that says nothing for half of it is pinged; one that then says nothing is cut off.
    std::chrono::milliseconds silence_deadline{60'000};

    /// The peer must take a message in this time.
    std::chrono::milliseconds write_deadline{30'000};

    /// How often it is asked whether the peer is still let in.
    std::chrono::milliseconds check_every{10'000};

    std::size_t max_sockets = 256;
};

struct HttpOptions {
    /// An address of this machine, numeric.
    std::string host = "127.0.0.1";

    /// Another one for the same port; the server does without it if it cannot be bound. Empty:
    /// none.
    std::string second_host = {};

    /// 0: any free one.
    std::uint16_t port = 0;

    /// A head must be whole this long after its first byte.
    std::chrono::milliseconds head_deadline{10'000};

    /// How long an open connection may say nothing between two requests.
    std::chrono::milliseconds idle_deadline{30'000};

    /// A body may pause this long, and beyond it must keep up min_body_rate.
    std::chrono::milliseconds body_grace{10'000};
    double min_body_bytes_per_s = 1024;

    /// The reader of an answer must take a piece of it in this time.
    std::chrono::milliseconds write_deadline{30'000};

    std::size_t max_connections = 1024;
    std::size_t max_connections_per_address = 512;
    std::size_t max_requests_per_connection = 10'000;

    SocketOptions sockets = {};
};

/// Which workers run a handler: long computations must not keep small questions waiting.
enum class Work { quick, heavy };

/// What becomes of a request, decided on its head alone.
struct Plan {
    std::optional<Response> refusal;  ///< answered at once, the body unread
    Work work = Work::quick;
    std::uint64_t max_body_bytes = 0;

    /// Makes the sink of a streamed body, on a worker; empty: the body is collected in
    /// Request::body.
    std::function<std::unique_ptr<BodySink>(const Request&)> open_sink;

    /// Makes the source of a WebSocket, on a worker; empty: the request becomes none.
    std::function<std::unique_ptr<MessageSource>(const Request&, std::function<void()> wake)>
        open_socket;

    /// Whether the socket's peer is still let in; must not block.
    std::function<bool()> may_stay;

    /// Makes the answer, on a worker. Exceptions become error answers by `fail`.
    std::function<Response(Request&)> respond;
};

/// How the server's own rules come in.
struct HttpSite {
    std::function<Plan(Request&)> plan;  ///< on the connections' thread: must not block
    std::function<Response(std::exception_ptr)> fail;  ///< what a handler threw, as an answer
    std::function<void(Response&)> dress;              ///< the headers that every answer carries
};

/// Where a server listens.
struct Bound {
    std::uint16_t port = 0;
    std::vector<std::string> addresses;  ///< "127.0.0.1:8265", "[::1]:8265"
};

/// Listens from construction on; answers until stop().
class HttpServer {
  public:
    /// Throws Error(unavailable) if the address cannot be bound. `bound` is told where the server
    /// listens before the first request is taken.
    HttpServer(const HttpOptions& options,
               HttpSite site,
               const std::function<void(const Bound&)>& bound);
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    /// Takes no new connections, lets requests that have begun finish for at most `grace`, and
    /// returns when no handler runs any more. Idle connections are closed at once.
    void stop(std::chrono::milliseconds grace);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace oort
