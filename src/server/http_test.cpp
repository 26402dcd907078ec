// SPDX-License-Identifier: Apache-2.0
// The protocol: what is refused as malformed, limits at both sides, slow peers, and how a server
// stops.
#include "server/http.h"

#include <thread>

#include "base/time.h"
#include "server/server_fixture.h"

namespace oort {
namespace {

using std::chrono::milliseconds;

class Http : public ServerTest {};

TEST_F(Http, MalformedRequestsAreRefusedAndTheConnectionEnds) {
    const std::string host_line = fmt::format("Host: {}\r\n", host());
    const std::vector<std::string> requests{
        "GET /healthz HTTP/1.1\n" + host_line + "\r\n",
        "GET /healthz HTTP/1.1\r\nHost: " + host() + "\nX: y\r\n\r\n",
        "GET  /healthz HTTP/1.1\r\n" + host_line + "\r\n",
        "GET /healthz  HTTP/1.1\r\n" + host_line + "\r\n",
        "GET\t/healthz HTTP/1.1\r\n" + host_line + "\r\n",
        "get /healthz HTTP/1.1\r\n" + host_line + "\r\n",
        "G@T /healthz HTTP/1.1\r\n" + host_line + "\r\n",
        "GET /healthz HTTP/1.0\r\n" + host_line + "\r\n",
        "GET /healthz HTTP/2.0\r\n" + host_line + "\r\n",
        "GET /healthz\r\n" + host_line + "\r\n",
        "\r\nGET /healthz HTTP/1.1\r\n" + host_line + "\r\n",
        "GET /healthz#x HTTP/1.1\r\n" + host_line + "\r\n",
        "GET * HTTP/1.1\r\n" + host_line + "\r\n",
        "GET healthz HTTP/1.1\r\n" + host_line + "\r\n",
        "GET /a\\b HTTP/1.1\r\n" + host_line + "\r\n",
        "GET /caf\xc3\xa9 HTTP/1.1\r\n" + host_line + "\r\n",
        "GET /%zz HTTP/1.1\r\n" + host_line + "\r\n",
        "GET /?a=1&a=2 HTTP/1.1\r\n" + host_line + "\r\n",
        "GET /healthz HTTP/1.1\r\n" + host_line + "X : y\r\n\r\n",
        "GET /healthz HTTP/1.1\r\n" + host_line + "X\r\n\r\n",
        "GET /healthz HTTP/1.1\r\n" + host_line + ": y\r\n\r\n",
        "GET /healthz HTTP/1.1\r\n" + host_line + "X_Y: z\r\n\r\n",
        "GET /healthz HTTP/1.1\r\n" + host_line + "X: a\r\n folded\r\n\r\n",
        "GET /healthz HTTP/1.1\r\n " + host_line + "\r\n",
        "GET /healthz HTTP/1.1\r\n" + host_line + "X: a\rb\r\n\r\n",
        std::string("GET /healthz HTTP/1.1\r\nX: a\0b\r\n", 31) + host_line + "\r\n",
        "GET /healthz HTTP/1.1\r\n" + host_line + "X: \x0b\r\n\r\n",
        "POST /api/v1/codes HTTP/1.1\r\n" + host_line +
            "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
        "POST /api/v1/codes HTTP/1.1\r\n" + host_line + "Content-Length: 2, 2\r\n\r\n{}",
        "POST /api/v1/codes HTTP/1.1\r\n" + host_line + "Content-Length: +2\r\n\r\n{}",
        "POST /api/v1/codes HTTP/1.1\r\n" + host_line + "Content-Length: -2\r\n\r\n{}",
        "POST /api/v1/codes HTTP/1.1\r\n" + host_line + "Content-Length: 0x2\r\n\r\n{}",
        "POST /api/v1/codes HTTP/1.1\r\n" + host_line +
            "Content-Length: 99999999999999999999\r\n\r\n{}",
        "POST /api/v1/codes HTTP/1.1\r\n" + host_line +
            "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "POST /api/v1/codes HTTP/1.1\r\n" + host_line +
            "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "POST /api/v1/codes HTTP/1.1\r\n" + host_line + "Transfer-Encoding: xchunked\r\n\r\n",
        std::string("\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03 TLS\r\n\r\n", 19),
    };
    for (const std::string& request : requests) {
        Wire wire(port());
        wire.send(request);
        const Reply reply = wire.receive();
        EXPECT_GE(reply.status, 400) << request;
        EXPECT_NE(reply.status, 401) << request;
        EXPECT_LT(reply.status, 510) << request;
        EXPECT_NE(reply.error_code(), "") << request;
        EXPECT_EQ(reply.header("connection"), "close") << request;
        EXPECT_TRUE(wire.is_closed_by_peer()) << request;
    }
    EXPECT_EQ(ask("GET", "/healthz").status, 200);
}

TEST_F(Http, ASmuggledSecondRequestIsNeverAnswered) {
    Wire wire(port());
    wire.send(
        fmt::format("POST /api/v1/codes HTTP/1.1\r\nHost: {}\r\nContent-Length: "
                    "4\r\nTransfer-Encoding: chunked\r\n\r\n"
                    "0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n",
                    host(),
                    host()));
    EXPECT_EQ(wire.receive().status, 400);
    EXPECT_TRUE(wire.is_closed_by_peer());
}

TEST_F(Http, HeadsHaveLimits) {
    const auto with_header = [&](std::size_t n) {
        return ask("GET", "/healthz", {{"X", std::string(n, 'a')}}).status;
    };
    EXPECT_EQ(with_header(15'000), 200);
    EXPECT_EQ(with_header(17'000), 431);
    EXPECT_EQ(ask("GET", fmt::format("/healthz?{}", std::string(8200, 'a'))).status, 414);
    Headers many;
    for (int i = 0; i < 97; ++i) many.emplace_back(fmt::format("X{}", i), "y");
    EXPECT_EQ(ask("GET", "/healthz", many).status, 200);
    for (int i = 0; i < 5; ++i) many.emplace_back(fmt::format("Y{}", i), "y");
    EXPECT_EQ(ask("GET", "/healthz", many).status, 431);
    Wire wire(port());
    wire.send(std::string(100'000, 'a'));
    EXPECT_EQ(wire.receive().status, 431);
}

TEST_F(Http, ABodyThatIsTooLargeIsRefusedUnread) {
    const Headers type{{"Content-Type", "application/json"}};
    const std::string path = fmt::format("/api/v1/experiments/{}/records", key);
    Headers huge = type;
    huge.emplace_back("Content-Length", "10737418240");
    Wire wire(port());
    const Stopwatch watch;
    wire.send(bytes("PUT", path, huge));
    EXPECT_EQ(wire.receive().status, 413);
    EXPECT_LT(watch.seconds(), 1);
    EXPECT_EQ(ask("GET", "/healthz", {}, "x").status, 413) << "a GET has no body";
}

TEST_F(Http, ABodyBeyondJsonsDepthIsRefused) {
    const Reply reply =
        put_json(fmt::format("/api/v1/experiments/{}/records", key), std::string(100'000, '['));
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(reply.error_code(), "invalid_argument");
}

TEST_F(Http, OneConnectionCarriesManyRequestsAlsoAtOnce) {
    Wire wire(port());
    wire.send(bytes("GET", "/healthz") + bytes("GET", "/nothing") +
              bytes("POST", "/api/v1/codes", {{"Content-Type", "application/json"}}, "{}") +
              bytes("GET", "/readyz"));
    EXPECT_EQ(wire.receive().status, 200);
    EXPECT_EQ(wire.receive().status, 404);
    EXPECT_EQ(wire.receive().status, 200);
    EXPECT_EQ(wire.receive().status, 200);
    wire.send(bytes("GET", "/healthz", {{"Connection", "close"}}));
    EXPECT_EQ(wire.receive().header("connection"), "close");
    EXPECT_TRUE(wire.is_closed_by_peer());
}

TEST_F(Http, HeadIsGetWithoutTheBody) {
    const Reply get = ask("GET", "/healthz");
    const Reply head = ask("HEAD", "/healthz");
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.header("content-length"), get.header("content-length"));
    Wire wire(port());
    wire.send(bytes("HEAD", "/healthz"));
    wire.receive("HEAD");
    wire.send(bytes("GET", "/healthz"));
    EXPECT_EQ(wire.receive().body, get.body);
}

TEST_F(Http, UnknownPathsAndMethodsAreSaidSo) {
    EXPECT_EQ(ask("GET", "/api/v1/nothing").status, 404);
    EXPECT_EQ(ask("GET", "//").status, 404);
    EXPECT_EQ(ask("GET", "/healthz/").status, 404);
    const Reply reply = ask("DELETE", fmt::format("/api/v1/experiments/{}/panels", key));
    EXPECT_EQ(reply.status, 405);
    EXPECT_EQ(reply.header("allow"), "GET, PUT");
    EXPECT_EQ(ask("TRACE", "/").status, 405);
}

TEST_F(Http, ContinuesOnlyWhereTheBodyIsWanted) {
    const Headers expect{
        {"Content-Type", "application/json"}, {"Expect", "100-continue"}, {"Content-Length", "2"}};
    Wire wire(port());
    wire.send(bytes("POST", "/api/v1/codes", expect));
    EXPECT_EQ(wire.receive().status, 100);
    wire.send("{}");
    EXPECT_EQ(wire.receive().status, 200);
    Headers foreign = expect;
    foreign.emplace_back("Authorization", "Bearer x");
    Wire refused(port());
    refused.send(bytes("POST", "/api/v1/codes", foreign));
    EXPECT_EQ(refused.receive().status, 401);
}

/// With deadlines short enough for a test.
class SlowPeers : public ServerTest {
  protected:
    SlowPeers()
        : ServerTest({.head_deadline = milliseconds(300),
                      .idle_deadline = milliseconds(500),
                      .body_grace = milliseconds(300),
                      .min_body_bytes_per_s = 1000,
                      .max_connections = 40,
                      .max_connections_per_address = 30}) {}
};

TEST_F(SlowPeers, AHeadThatNeverEndsIsCutOff) {
    Wire wire(port());
    const Stopwatch watch;
    const std::string head = bytes("GET", "/healthz");
    bool open = true;
    for (std::size_t i = 0; open && i < head.size() && watch.seconds() < 5; ++i) {
        // A byte now and then must not renew the deadline.
        open = wire.send(head.substr(i, 1));
        std::this_thread::sleep_for(milliseconds(20));
    }
    EXPECT_FALSE(open);
    EXPECT_LT(watch.seconds(), 3);
}

TEST_F(SlowPeers, AConnectionThatSaysNothingIsClosed) {
    Wire fresh(port());
    EXPECT_TRUE(fresh.is_closed_by_peer());
    Wire used(port());
    used.send(bytes("GET", "/healthz"));
    EXPECT_EQ(used.receive().status, 200);
    const Stopwatch watch;
    EXPECT_TRUE(used.is_closed_by_peer());
    EXPECT_GT(watch.seconds(), 0.3);
}

TEST_F(SlowPeers, ABodyThatTricklesIsCutOffAndWhatCameIsKept) {
    const std::string content(100'000, 'x');
    const std::string path = fmt::format("/api/v1/blobs/{}", to_hex(sha256(content)));
    Wire wire(port());
    wire.send(
        bytes("PATCH",
              path,
              {{"Upload-Offset", "0"}, {"Upload-Length", "100000"}, {"Content-Length", "100000"}}));
    const Stopwatch watch;
    bool open = true;
    while (open && watch.seconds() < 5) {
        open = wire.send("x");
        std::this_thread::sleep_for(milliseconds(20));
    }
    EXPECT_FALSE(open);
    EXPECT_EQ(ask("HEAD", path).status, 404);
}

TEST_F(SlowPeers, ConnectionsAreCappedAndTheOthersGoOn) {
    Wire first(port());
    first.send(bytes("GET", "/healthz"));
    EXPECT_EQ(first.receive().status, 200);
    std::vector<std::unique_ptr<Wire>> idle;
    for (int i = 0; i < 60; ++i) idle.push_back(std::make_unique<Wire>(port()));
    EXPECT_TRUE(idle.back()->is_closed_by_peer());
    first.send(bytes("GET", "/healthz"));
    EXPECT_EQ(first.receive().status, 200);
    idle.clear();
    std::this_thread::sleep_for(milliseconds(100));
    EXPECT_EQ(ask("GET", "/healthz").status, 200);
}

TEST_F(Http, StopsAtOnceWithIdleConnectionsOpen) {
    Wire idle(port());
    idle.send(bytes("GET", "/healthz"));
    idle.receive();
    Wire silent(port());
    const Stopwatch watch;
    server_->stop();
    EXPECT_LT(watch.seconds(), 2);
    EXPECT_TRUE(idle.is_closed_by_peer());
}

TEST_F(Http, LetsARequestUnderWayFinishBeforeItStops) {
    const std::string content(200'000, 'y');
    const std::string path = fmt::format("/api/v1/blobs/{}", to_hex(sha256(content)));
    Wire wire(port());
    wire.send(
        bytes("PATCH",
              path,
              {{"Upload-Offset", "0"}, {"Upload-Length", "200000"}, {"Content-Length", "200000"}},
              content.substr(0, 100'000)));
    std::this_thread::sleep_for(milliseconds(100));
    std::thread stopper([&] { server_->stop(); });
    std::this_thread::sleep_for(milliseconds(100));
    wire.send(content.substr(100'000));
    const Reply reply = wire.receive();
    EXPECT_EQ(reply.status, 200) << reply.body;
    EXPECT_EQ(reply.header("connection"), "close");
    stopper.join();
    EXPECT_EQ(server_->app().store.blobs().size(sha256(content)), content.size());
}

}  // namespace
}  // namespace oort
