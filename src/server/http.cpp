// SPDX-License-Identifier: Apache-2.0
#include "server/http.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <future>
#include <list>
#include <set>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/log.h"
#include "server/request_head.h"
#include "server/websocket.h"

namespace oort {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::awaitable;
using asio::use_awaitable;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;
using boost::system::error_code;

constexpr std::size_t piece_bytes = std::size_t{512} << 10;
constexpr auto without_throwing = asio::as_tuple(use_awaitable);

/// One connection, and what the others need to know of it.
struct Connection {
    Connection(tcp::socket accepted, std::string address)
        : stream(std::move(accepted)), delay(stream.get_executor()), peer(std::move(address)) {}

    beast::tcp_stream stream;
    asio::steady_timer delay;
    std::string peer;                       ///< its address, without the port
    std::string buffer;                     ///< came from the socket, not yet read
    bool idle = true;                       ///< between two requests
    bool close = false;                     ///< after this answer
    bool unread = false;                    ///< some of the request's body is still to come
    std::shared_ptr<SocketControl> socket;  ///< once the stream has become a WebSocket's

    void end_idle() {
        if (socket) socket->go_away();
        if (idle) stream.close();
        delay.cancel();
    }

    void cut() {
        if (socket) {
            socket->cut();
        } else {
            stream.close();
        }
    }
};

struct Closed {};

/// Runs a function on a pool and goes on with its value on the connections' thread.
template <class Action>
awaitable<std::invoke_result_t<Action>> on_pool(asio::thread_pool& pool, Action action) {
    using Value = std::invoke_result_t<Action>;
    co_return co_await asio::co_spawn(
        pool,
        [](Action run) -> awaitable<Value> { co_return run(); }(std::move(action)),
        use_awaitable);
}

/// Takes a checked head apart. Throws Refusal.
Request parse_request(std::string_view head) {
    if (const auto refusal = check_head(head)) throw *refusal;
    beast::http::request_parser<beast::http::empty_body> parser;
    parser.header_limit(static_cast<std::uint32_t>(max_head_bytes));
    parser.body_limit(boost::none);
    parser.eager(false);
    error_code error;
    const std::size_t n_read = parser.put(asio::buffer(head), error);
    if (error || n_read != head.size() || !parser.is_header_done()) {
        throw Refusal{400, "invalid_argument", "the head is malformed"};
    }
    Request request;
    request.method = parser.get().method_string();
    request.target = parser.get().target();
    for (const auto& field : parser.get()) {
        request.headers.emplace_back(lower(field.name_string()), field.value());
    }
    Target target = parse_target(request.target);
    request.segments = std::move(target.segments);
    request.query = std::move(target.query);
    return request;
}

std::string_view reason_of(int status) {
    return beast::http::obsolete_reason(static_cast<beast::http::status>(status));
}

std::string head_of(const Response& response, bool close) {
    std::string head = fmt::format("HTTP/1.1 {} ", response.status);
    head += reason_of(response.status);
    head += "\r\n";
    for (const auto& [name, value] : response.headers) {
        head.append(name).append(": ").append(value).append("\r\n");
    }
    const bool may_have_body = response.status != 304 && response.status != 204;
    if (may_have_body) {
        head += fmt::format("Content-Length: {}\r\n", response.content_length());
    }
    if (close) head += "Connection: close\r\n";
    head += "\r\n";
    return head;
}

/// The next bytes of a file's answer, on a worker. False if they cannot be had, or if they are the
/// last and what was stored has changed since.
bool read_piece(const FileBody& body, std::uint64_t at, std::span<std::byte> piece, Sha256& hash) {
    if (body.file.read_at(body.offset + at, piece) != piece.size()) return false;
    if (!body.digest) return true;
    hash.update(piece);
    if (at + piece.size() < body.length || hash.finish() == *body.digest) return true;
    log_error("blob {} is damaged: its bytes no longer match its digest", to_hex(*body.digest));
    return false;
}

}  // namespace

struct HttpServer::State {
    State(const HttpOptions& given, HttpSite rules)
        : options(given), site(std::move(rules)), quick(8), heavy(4) {}

    void listen(const std::string& host, std::uint16_t port);
    Bound bound() const;
    awaitable<void> accept_all(tcp::acceptor& acceptor);
    awaitable<void> keep_connection(std::shared_ptr<Connection> connection);
    awaitable<bool> serve_one(Connection& connection, std::size_t n_before);
    awaitable<bool> read_head(Connection& connection, std::string& head, std::size_t n_before);
    awaitable<void> answer(Connection& connection, Request& request, Plan& plan);
    awaitable<void> become_socket(Connection& connection,
                                  Request& request,
                                  Plan& plan,
                                  std::string head);
    awaitable<void> read_body(Connection& connection,
                              Request& request,
                              Plan& plan,
                              std::uint64_t length);
    awaitable<void> write(Connection& connection, Response response, bool with_body);
    awaitable<void> write_file(Connection& connection, const FileBody& body);
    awaitable<void> send(Connection& connection, asio::const_buffer bytes);
    awaitable<void> linger(Connection& connection);

    void wait_until_empty(Clock::duration at_most);

    asio::thread_pool& pool(Work work) { return work == Work::quick ? quick : heavy; }

    HttpOptions options;
    HttpSite site;
    asio::io_context io{1};
    asio::executor_work_guard<asio::io_context::executor_type> keep_running =
        asio::make_work_guard(io);
    std::list<tcp::acceptor> acceptors;  ///< coroutines hold on to each
    asio::thread_pool quick;
    asio::thread_pool heavy;
    std::set<std::shared_ptr<Connection>> connections;
    std::size_t n_sockets = 0;
    bool stopping = false;
    std::thread thread;
};

void HttpServer::State::listen(const std::string& host, std::uint16_t port) {
    error_code error;
    const auto address = asio::ip::make_address(host, error);
    if (error) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("host {} is not a numeric address", host));
    }
    const tcp::endpoint endpoint(address, port);
    tcp::acceptor acceptor(io);
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error && address.is_v6()) acceptor.set_option(asio::ip::v6_only(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
        throw Error(ErrorCode::unavailable,
                    fmt::format("cannot listen on {} port {}: {}", host, port, error.message()));
    }
    acceptors.push_back(std::move(acceptor));
}

Bound HttpServer::State::bound() const {
    Bound bound{.port = acceptors.front().local_endpoint().port(), .addresses = {}};
    for (const tcp::acceptor& acceptor : acceptors) {
        const auto address = acceptor.local_endpoint().address();
        const std::string text = address.to_string();
        bound.addresses.push_back(address.is_v6() ? fmt::format("[{}]:{}", text, bound.port)
                                                  : fmt::format("{}:{}", text, bound.port));
    }
    return bound;
}

void HttpServer::State::wait_until_empty(Clock::duration at_most) {
    const auto deadline = Clock::now() + at_most;
    while (true) {
        std::promise<std::size_t> n_left;
        asio::post(io, [&] { n_left.set_value(connections.size()); });
        if (n_left.get_future().get() == 0 || Clock::now() >= deadline) return;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

awaitable<void> HttpServer::State::accept_all(tcp::acceptor& acceptor) {
    while (!stopping) {
        auto [error, socket] = co_await acceptor.async_accept(without_throwing);
        if (stopping || error == asio::error::operation_aborted) co_return;
        if (error) {
            // Out of descriptors, most likely: wait for some connection to end.
            asio::steady_timer timer(io, std::chrono::milliseconds(50));
            co_await timer.async_wait(without_throwing);
            continue;
        }
        error_code ignored;
        std::string peer = socket.remote_endpoint(ignored).address().to_string();
        const auto n_same = std::count_if(
            connections.begin(), connections.end(), [&](const auto& c) { return c->peer == peer; });
        if (connections.size() >= options.max_connections ||
            static_cast<std::size_t>(n_same) >= options.max_connections_per_address) {
            continue;  // The socket closes with its object.
        }
        socket.set_option(tcp::no_delay(true), ignored);
        auto connection = std::make_shared<Connection>(std::move(socket), std::move(peer));
        connections.insert(connection);
        asio::co_spawn(io, keep_connection(connection), asio::detached);
    }
}

awaitable<void> HttpServer::State::keep_connection(std::shared_ptr<Connection> connection) {
    try {
        for (std::size_t i = 0; co_await serve_one(*connection, i); ++i) {
        }
    } catch (const Closed&) {
        // The peer left or was too slow.
    } catch (const std::exception& error) {
        log_error("a connection ended: {}", error.what());
    }
    connection->cut();
    connections.erase(connection);
}

// One request and its answer; false when the connection is to end.
awaitable<bool> HttpServer::State::serve_one(Connection& connection, std::size_t n_before) {
    std::string head;
    std::optional<Response> refusal;
    connection.close = connection.unread = false;
    if (stopping) co_return false;
    if (!co_await read_head(connection, head, n_before)) co_return false;
    connection.close = stopping || n_before + 1 >= options.max_requests_per_connection;
    Request request;
    Plan plan;
    if (head.empty()) {
        refusal = error_response(431, "too_large", "the head is larger than 16 KiB");
    } else {
        try {
            request = parse_request(head);
            request.peer = connection.peer;
            const auto wish = request.header("connection");
            if (wish && lower(*wish).find("close") != std::string::npos) connection.close = true;
            connection.unread = body_length(request.headers) > 0;
            plan = site.plan(request);
            if (plan.refusal) refusal = std::move(plan.refusal);
        } catch (const Refusal& reason) {
            refusal = error_response(reason.status, reason.code, reason.message);
            connection.unread = true;
        }
    }
    if (refusal) {
        if (connection.unread || head.empty()) connection.close = connection.unread = true;
        co_await write(connection, std::move(*refusal), request.method != "HEAD");
    } else if (plan.open_socket) {
        co_await become_socket(connection, request, plan, std::move(head));
    } else {
        co_await answer(connection, request, plan);
    }
    if (connection.socket) co_return false;
    if (connection.close) co_await linger(connection);
    co_return !connection.close;
}

// Takes one head out of the buffer. False if the peer ended before one began; an empty head if it
// is too large.
awaitable<bool> HttpServer::State::read_head(Connection& connection,
                                             std::string& head,
                                             std::size_t n_before) {
    auto& stream = connection.stream;
    std::string& buffer = connection.buffer;
    bool& idle = connection.idle;
    idle = buffer.empty();
    const bool first = n_before == 0;
    auto deadline = Clock::now() + (idle && !first ? options.idle_deadline : options.head_deadline);
    std::size_t searched = 0;
    while (true) {
        const std::size_t end = buffer.find("\r\n\r\n", searched);
        if (end != std::string::npos && end + 4 <= max_head_bytes) {
            head = buffer.substr(0, end + 4);
            buffer.erase(0, end + 4);
            idle = false;
            co_return true;
        }
        if (end != std::string::npos || buffer.size() > max_head_bytes) {
            head.clear();
            idle = false;
            co_return true;
        }
        searched = buffer.size() < 3 ? 0 : buffer.size() - 3;
        const std::size_t old = buffer.size();
        buffer.resize(old + 4096);
        stream.expires_at(deadline);
        auto [error, n] = co_await stream.async_read_some(asio::buffer(buffer.data() + old, 4096),
                                                          without_throwing);
        buffer.resize(old + n);
        if (error) {
            if (error == beast::error::timeout && !buffer.empty()) {
                log_info("a connection was closed: its head took too long");
            }
            co_return false;
        }
        if (idle && n > 0) {
            idle = false;
            if (!first) deadline = Clock::now() + options.head_deadline;
        }
    }
}

awaitable<void> HttpServer::State::answer(Connection& connection, Request& request, Plan& plan) {
    const bool with_body = request.method != "HEAD";
    const std::uint64_t length = body_length(request.headers);
    std::optional<Response> response;
    std::exception_ptr failure;
    if (length > plan.max_body_bytes) {
        response = error_response(
            ErrorCode::too_large,
            fmt::format(
                "the body has {} bytes: at most {} are taken here", length, plan.max_body_bytes));
    } else {
        try {
            co_await read_body(connection, request, plan, length);
            response = co_await on_pool(pool(plan.work), [&] { return plan.respond(request); });
        } catch (const Closed&) {
            failure = std::current_exception();
        } catch (...) {
            response = site.fail(std::current_exception());
        }
    }
    // A sink that did not get to its end makes what it has durable: work that may block.
    if (request.sink) {
        co_await on_pool(pool(plan.work), [&] { request.sink.reset(); });
    }
    if (failure) std::rethrow_exception(failure);
    if (connection.unread) connection.close = true;
    co_await write(connection, std::move(*response), with_body);
}

// Hands the stream to a WebSocket and returns when that has ended; if none can be had, answers.
awaitable<void> HttpServer::State::become_socket(Connection& connection,
                                                 Request& request,
                                                 Plan& plan,
                                                 std::string head) {
    std::optional<Response> refusal;
    const auto waker = std::make_shared<SocketWaker>(connection.stream.get_executor());
    std::unique_ptr<MessageSource> source;
    if (connection.unread || !connection.buffer.empty()) {
        refusal = error_response(400, "invalid_argument", "an upgrade has no body");
    } else if (n_sockets >= options.sockets.max_sockets) {
        refusal = error_response(ErrorCode::unavailable, "too many sockets are open just now");
    } else {
        ++n_sockets;  // Before the first wait, so that no burst passes the limit.
        try {
            source = co_await on_pool(pool(plan.work),
                                      [&] { return plan.open_socket(request, waker->wake()); });
        } catch (...) {
            --n_sockets;
            refusal = site.fail(std::current_exception());
        }
    }
    if (refusal) {
        connection.close = true;
        co_await write(connection, std::move(*refusal), true);
        co_return;
    }
    // Named, because gcc 12 destroys the members of an aggregate twice that is made in a co_await.
    SocketStart start{.stream = std::move(connection.stream),
                      .head = std::move(head),
                      .source = std::move(source),
                      .waker = waker,
                      .may_stay = plan.may_stay,
                      .options = options.sockets};
    std::function<void(std::shared_ptr<SocketControl>)> control =
        [&](std::shared_ptr<SocketControl> socket) {
            connection.socket = std::move(socket);
            if (stopping) connection.socket->go_away();
        };
    co_await run_websocket(std::move(start), std::move(control));
    --n_sockets;
}

awaitable<void> HttpServer::State::read_body(Connection& connection,
                                             Request& request,
                                             Plan& plan,
                                             std::uint64_t length) {
    if (plan.open_sink) {
        request.sink = co_await on_pool(pool(plan.work), [&] { return plan.open_sink(request); });
    }
    if (request.header("expect") && length > 0) {
        static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
        co_await send(connection, asio::buffer(go_on));
    }
    const auto begin = Clock::now();
    std::string piece;
    for (std::uint64_t n_read = 0; n_read < length;) {
        piece.clear();
        const auto wanted =
            static_cast<std::size_t>(std::min<std::uint64_t>(piece_bytes, length - n_read));
        const std::size_t n_buffered = std::min(wanted, connection.buffer.size());
        piece.assign(connection.buffer, 0, n_buffered);
        connection.buffer.erase(0, n_buffered);
        while (piece.size() < wanted) {
            const std::size_t old = piece.size();
            piece.resize(wanted);
            // Total time, not time since the last byte: one byte now and then holds nothing open.
            const double allowed_s =
                static_cast<double>(n_read + old) / options.min_body_bytes_per_s;
            connection.stream.expires_at(
                begin + options.body_grace +
                std::chrono::milliseconds(static_cast<std::int64_t>(allowed_s * 1000)));
            auto [error, n] = co_await connection.stream.async_read_some(
                asio::buffer(piece.data() + old, wanted - old), without_throwing);
            piece.resize(old + n);
            if (error) throw Closed{};
        }
        n_read += piece.size();
        if (request.sink) {
            co_await on_pool(pool(plan.work),
                             [&] { request.sink->append(std::as_bytes(std::span(piece))); });
        } else {
            request.body += piece;
        }
    }
    connection.unread = false;
}

awaitable<void> HttpServer::State::write(Connection& connection,
                                         Response response,
                                         bool with_body) {
    if (response.delay.count() > 0 && !stopping) {
        connection.delay.expires_after(response.delay);
        co_await connection.delay.async_wait(without_throwing);
    }
    site.dress(response);
    CHECK(response.content_length() == 0 || response.header("Content-Type"));
    if (stopping) connection.close = true;
    std::string text = head_of(response, connection.close);
    auto* body = std::get_if<std::string>(&response.body);
    const bool send_body = with_body && response.status != 304;
    if (send_body && body && body->size() < piece_bytes) text += *body;
    co_await send(connection, asio::buffer(text));
    if (send_body && body && body->size() >= piece_bytes) {
        for (std::size_t at = 0; at < body->size(); at += piece_bytes) {
            const std::size_t n = std::min(piece_bytes, body->size() - at);
            co_await send(connection, asio::buffer(body->data() + at, n));
        }
    }
    if (send_body && !body) co_await write_file(connection, std::get<FileBody>(response.body));
}

awaitable<void> HttpServer::State::write_file(Connection& connection, const FileBody& body) {
    std::vector<std::byte> piece(
        static_cast<std::size_t>(std::min<std::uint64_t>(piece_bytes, body.length)));
    Sha256 hash;
    for (std::uint64_t at = 0; at < body.length;) {
        const auto wanted = std::span(piece).first(
            static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), body.length - at)));
        const bool sound =
            co_await on_pool(quick, [&] { return read_piece(body, at, wanted, hash); });
        // The head has promised other bytes: cutting the connection is the only honest end.
        if (!sound) throw Closed{};
        co_await send(connection, asio::buffer(wanted.data(), wanted.size()));
        at += wanted.size();
    }
}

awaitable<void> HttpServer::State::send(Connection& connection, asio::const_buffer bytes) {
    connection.stream.expires_after(options.write_deadline);
    auto [error, n] = co_await asio::async_write(connection.stream, bytes, without_throwing);
    if (error) throw Closed{};
}

// Closing a socket with unread bytes resets it, and the answer may be lost on the way; so the peer
// is told that nothing more comes, and what it still sends is read and dropped for a moment.
awaitable<void> HttpServer::State::linger(Connection& connection) {
    error_code ignored;
    connection.stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
    if (!connection.unread) co_return;
    std::vector<char> dropped(std::size_t{64} << 10);
    const auto deadline = Clock::now() + std::chrono::seconds(2);
    for (std::uint64_t n_dropped = 0; n_dropped < (std::uint64_t{256} << 20);) {
        connection.stream.expires_at(deadline);
        auto [error, n] =
            co_await connection.stream.async_read_some(asio::buffer(dropped), without_throwing);
        if (error) co_return;
        n_dropped += n;
    }
}

HttpServer::HttpServer(const HttpOptions& options,
                       HttpSite site,
                       const std::function<void(const Bound&)>& bound)
    : state_(std::make_unique<State>(options, std::move(site))) {
    state_->listen(options.host, options.port);
    if (!options.second_host.empty()) {
        try {
            state_->listen(options.second_host, state_->bound().port);
        } catch (const Error& error) {
            log_warning("{}; going on without it", error.what());
        }
    }
    bound(state_->bound());
    for (tcp::acceptor& acceptor : state_->acceptors) {
        asio::co_spawn(state_->io, state_->accept_all(acceptor), asio::detached);
    }
    state_->thread = std::thread([this] { state_->io.run(); });
}

HttpServer::~HttpServer() {
    stop(std::chrono::milliseconds(0));
}

void HttpServer::stop(std::chrono::milliseconds grace) {
    if (!state_->thread.joinable()) return;
    State& state = *state_;
    asio::post(state.io, [&state] {
        error_code ignored;
        state.stopping = true;
        for (tcp::acceptor& acceptor : state.acceptors) acceptor.close(ignored);
        for (const auto& connection : state.connections) connection->end_idle();
    });
    state.wait_until_empty(grace);
    asio::post(state.io, [&state] {
        for (const auto& connection : state.connections) connection->cut();
    });
    // Handlers still at work hold their connection; what they write then fails, and they end.
    state.wait_until_empty(std::chrono::seconds(5));
    state.quick.join();
    state.heavy.join();
    state.io.stop();
    state.thread.join();
}

}  // namespace oort
