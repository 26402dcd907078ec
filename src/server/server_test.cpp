// SPDX-License-Identifier: Apache-2.0
// Where the server listens, and under which names it answers.
#include "server/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "server/server_fixture.h"

namespace oort {
namespace {

/// Holds a port of ::1.
class SecondAddress {
  public:
    /// port 0: any that is free.
    explicit SecondAddress(std::uint16_t port) : socket_(::socket(AF_INET6, SOCK_STREAM, 0)) {
        sockaddr_in6 address{};
        address.sin6_family = AF_INET6;
        address.sin6_port = htons(port);
        address.sin6_addr = IN6ADDR_LOOPBACK_INIT;
        const auto* place = reinterpret_cast<const sockaddr*>(&address);
        is_held_ = ::bind(socket_, place, sizeof(address)) == 0 && ::listen(socket_, 1) == 0;
    }

    ~SecondAddress() { ::close(socket_); }

    SecondAddress(const SecondAddress&) = delete;
    SecondAddress& operator=(const SecondAddress&) = delete;

    bool is_held() const { return is_held_; }

  private:
    int socket_;
    bool is_held_ = false;
};

bool has_ipv6() {
    return SecondAddress(0).is_held();
}

TEST_F(ServerTest, AnswersOnBothLoopbackAddresses) {
    if (!has_ipv6()) GTEST_SKIP() << "this machine has no ::1";
    EXPECT_EQ(server_->app().addresses,
              (std::vector<std::string>{host(), fmt::format("[::1]:{}", port())}));
    EXPECT_EQ(server_->url(), "http://" + host());
    for (const char* name : {"localhost", "[::1]", "127.0.0.1"}) {
        Wire wire(port(), "::1");
        wire.send(bytes("GET", "/api/v1/server", {{"Host", fmt::format("{}:{}", name, port())}}));
        const Reply reply = wire.receive();
        EXPECT_EQ(reply.status, 200) << name;
        EXPECT_EQ(reply.json().at("addresses").as_array().size(), 2u);
    }
    Wire stranger(port(), "::1");
    stranger.send(bytes("GET", "/api/v1/server", {{"Host", "evil.com"}}));
    EXPECT_EQ(stranger.receive().status, 421);
}

TEST_F(ServerTest, GoesOnWithoutTheSecondAddressIfItIsTaken) {
    if (!has_ipv6()) GTEST_SKIP() << "this machine has no ::1";
    const std::uint16_t free_port = port();
    server_.reset();
    const SecondAddress taken(free_port);
    ASSERT_TRUE(taken.is_held());
    server_ = std::make_unique<Server>(
        ServerOptions{.data_folder = folder_.path() / "data", .port = free_port});
    EXPECT_EQ(server_->app().addresses, std::vector<std::string>{host()});
    EXPECT_EQ(ask("GET", "/healthz").status, 200);
}

TEST(Server, ListensOnTheOneAddressThatWasAskedFor) {
    if (!has_ipv6()) GTEST_SKIP() << "this machine has no ::1";
    const TemporaryFolder folder;
    Server server({.data_folder = folder.path() / "data", .host = "::1", .port = 0});
    EXPECT_EQ(server.app().addresses.size(), 1u);
    EXPECT_EQ(server.url(), fmt::format("http://[::1]:{}", server.app().port));
}

TEST(Server, RefusesToBindAnAddressThatOthersReach) {
    const TemporaryFolder folder;
    for (const char* host : {"0.0.0.0", "::", "192.168.1.5", "localhost", ""}) {
        try {
            Server server({.data_folder = folder.path() / "data", .host = host, .port = 0});
            FAIL() << host;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
            EXPECT_NE(std::string(error.what()).find("--allow-host"), std::string::npos);
        }
    }
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "data"));
}

TEST(Server, AnswersForTheNamesOfItsProxy) {
    const TemporaryFolder folder;
    Server server(
        {.data_folder = folder.path() / "data", .port = 0, .allow_hosts = {"Oort.Example"}});
    Wire wire(server.app().port);
    wire.send(
        "GET /healthz HTTP/1.1\r\nHost: oort.example\r\nOrigin: https://oort.example\r\n\r\n");
    EXPECT_EQ(wire.receive().status, 200);
    wire.send("GET /healthz HTTP/1.1\r\nHost: other.example\r\n\r\n");
    EXPECT_EQ(wire.receive().status, 421);
}

}  // namespace
}  // namespace oort
