// SPDX-License-Identifier: Apache-2.0
#include "server/websocket.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/websocket.hpp>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "server/request_head.h"

namespace oort {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using asio::awaitable;
using boost::system::error_code;

constexpr auto without_throwing = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t max_heard_bytes = 1024;
constexpr std::string_view protocol = "oort";

class Session : public SocketControl, public std::enable_shared_from_this<Session> {
  public:
    explicit Session(SocketStart start)
        : socket_(std::move(start.stream)),
          deadline_(socket_.get_executor()),
          start_(std::move(start)) {}

    awaitable<void> run();

    void go_away() override {
        end_with_ = websocket::close_code::going_away;
        start_.waker->is_due = true;
        start_.waker->timer.cancel();
    }

    void cut() override { beast::get_lowest_layer(socket_).close(); }

  private:
    awaitable<bool> accept();
    awaitable<void> listen();
    awaitable<void> send_all();
    awaitable<bool> send(const SocketMessage& message);
    awaitable<void> wait();

    websocket::stream<beast::tcp_stream> socket_;
    asio::steady_timer deadline_;
    SocketStart start_;
    websocket::close_code end_with_ = websocket::close_code::none;  ///< none: it goes on
    bool is_gone_ = false;                                          ///< the peer is
};

awaitable<bool> Session::accept() {
    beast::http::request_parser<beast::http::empty_body> parser;
    error_code error;
    parser.eager(false);
    parser.put(asio::buffer(start_.head), error);
    if (error) co_return false;
    beast::get_lowest_layer(socket_).expires_never();
    websocket::stream_base::timeout times;
    times.handshake_timeout = start_.options.handshake_deadline;
    times.idle_timeout = start_.options.silence_deadline;
    times.keep_alive_pings = true;
    socket_.set_option(times);
    socket_.read_message_max(max_heard_bytes);
    socket_.auto_fragment(false);
    const auto request = parser.release();
    const bool offered = request.find(beast::http::field::sec_websocket_protocol) != request.end();
    socket_.set_option(websocket::stream_base::decorator([&](websocket::response_type& answer) {
        // Only ever our own protocol: what else was offered may be the token.
        if (offered) answer.set(beast::http::field::sec_websocket_protocol, protocol);
        answer.set("X-Content-Type-Options", "nosniff");
        answer.set("Cache-Control", "no-store");
    }));
    auto [failed] = co_await socket_.async_accept(request, without_throwing);
    co_return !failed;
}

// Reading is also what answers pings and notices that the peer is gone.
awaitable<void> Session::listen() {
    beast::flat_buffer heard(max_heard_bytes);
    auto [error, n] = co_await socket_.async_read(heard, without_throwing);
    if (error) {
        is_gone_ = true;
    } else {
        end_with_ = websocket::close_code::policy_error;
    }
    start_.waker->is_due = true;
    start_.waker->timer.cancel();
}

awaitable<bool> Session::send(const SocketMessage& message) {
    // A peer that takes nothing for so long holds memory for nobody.
    deadline_.expires_after(start_.options.write_deadline);
    deadline_.async_wait([self = weak_from_this()](const error_code& error) {
        const auto session = self.lock();
        if (!error && session) session->cut();
    });
    socket_.text(message.kind == SocketMessage::Kind::text);
    auto [error, n] = co_await socket_.async_write(asio::buffer(*message.bytes), without_throwing);
    deadline_.cancel();
    co_return !error;
}

awaitable<void> Session::wait() {
    SocketWaker& waker = *start_.waker;
    if (!waker.is_due) {
        waker.timer.expires_after(start_.options.check_every);
        co_await waker.timer.async_wait(without_throwing);
    }
    waker.is_due = false;
}

awaitable<void> Session::send_all() {
    while (!is_gone_ && end_with_ == websocket::close_code::none) {
        if (!start_.may_stay()) {
            end_with_ = websocket::close_code::policy_error;
            break;
        }
        const auto message = start_.source->next();
        if (!message) {
            co_await wait();
        } else if (message->kind == SocketMessage::Kind::end) {
            end_with_ = websocket::close_code::normal;
        } else if (!co_await send(*message)) {
            co_return;
        }
    }
    if (is_gone_) co_return;
    co_await socket_.async_close(end_with_, without_throwing);
}

awaitable<void> Session::run() {
    if (!co_await accept()) co_return;
    const auto self = shared_from_this();
    asio::co_spawn(
        socket_.get_executor(),
        [](std::shared_ptr<Session> session) -> awaitable<void> {
            co_await session->listen();
        }(self),
        asio::detached);
    co_await send_all();
    start_.source.reset();
    cut();
}

}  // namespace

bool wants_websocket(const Request& request) {
    const auto upgrade = request.header("upgrade");
    const auto connection = request.header("connection");
    return request.method == "GET" && upgrade && connection && lower(*upgrade) == "websocket" &&
           lower(*connection).find("upgrade") != std::string::npos;
}

std::function<void()> SocketWaker::wake() {
    return [weak = weak_from_this(), executor = timer.get_executor()] {
        asio::post(executor, [weak] {
            const auto waker = weak.lock();
            if (!waker) return;
            waker->is_due = true;
            waker->timer.cancel();
        });
    };
}

awaitable<void> run_websocket(SocketStart start,
                              std::function<void(std::shared_ptr<SocketControl>)> control) {
    const auto session = std::make_shared<Session>(std::move(start));
    control(session);
    co_await session->run();
}

}  // namespace oort
