// SPDX-License-Identifier: Apache-2.0
// WebSocket (RFC 6455) on a connection that asked to upgrade. We send, the peer only listens: what
// it says, pings and its goodbye apart, ends the connection. Beside http.cpp the one place that
// sees Beast.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "server/http.h"
#include "server/message.h"

namespace oort {

/// Whether the request asks for an upgrade that we can make.
bool wants_websocket(const Request& request);

/// The thread that waits for messages is woken through it; the rest is that thread's alone.
struct SocketWaker : std::enable_shared_from_this<SocketWaker> {
    explicit SocketWaker(const boost::asio::any_io_executor& executor) : timer(executor) {}

    /// To be called on any thread, also after the socket is gone.
    std::function<void()> wake();

    boost::asio::steady_timer timer;
    bool is_due = false;
};

/// A socket, as seen from outside. To be called on its thread.
class SocketControl {
  public:
    virtual ~SocketControl() = default;
    virtual void go_away() = 0;  ///< says goodbye and ends
    virtual void cut() = 0;      ///< ends now
};

/// What a socket runs on.
struct SocketStart {
    boost::beast::tcp_stream stream;
    std::string head;  ///< of the request, as it came
    std::unique_ptr<MessageSource> source;
    std::shared_ptr<SocketWaker> waker;
    std::function<bool()> may_stay;  ///< asked now and then: whether the peer is still let in
    SocketOptions options;
};

/// Answers the handshake and sends what the source gives until it ends, the peer leaves or is
/// silent for too long. `control` is told how to end it from outside.
boost::asio::awaitable<void> run_websocket(
    SocketStart start, std::function<void(std::shared_ptr<SocketControl>)> control);

}  // namespace oort
