// SPDX-License-Identifier: Apache-2.0
// The attacks that come through a browser or from a neighbour on the same machine, on every route
// of the table: DNS rebinding, cross-site requests, missing and wrong tokens, traversal in every
// field.
#include "server/edge.h"

#include <set>

#include "server/routes.h"
#include "server/server_fixture.h"

namespace oort {
namespace {

/// A path that the route's pattern stands for, with that text for one parameter (all, if none is
/// named).
std::string path_of(const Route& route, std::string_view value, std::string_view only = "") {
    std::string path;
    std::string_view rest = route.pattern.substr(1);
    while (!rest.empty()) {
        const std::size_t slash = rest.find('/');
        const std::string_view part = rest.substr(0, slash);
        rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
        const bool chosen = part.starts_with('{') && (only.empty() || part == only);
        const std::string_view harmless =
            part == "{sha256}" ||
                    (part == "{key}" && route.pattern.starts_with("/api/v1/projections/"))
                ? "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
            : part == "{index}" || part == "{column}" ? "0"
                                                      : "0123456789abcdef0123456789abcdef";
        path += "/";
        path += chosen ? value : part.starts_with('{') ? harmless : part;
    }
    return path.empty() ? "/" : path;
}

std::string sample_path(const Route& route) {
    return path_of(route, "", "{none}");
}

Headers content_type(const Route& route) {
    if (route.body != BodyClass::json) return {};
    return {{"Content-Type", "application/json"}};
}

class Edge : public ServerTest {
  protected:
    // With the secret that the route wants, unless another is given.
    Reply ask_route(const Route& route, const Headers& extra) const {
        Headers headers = content_type(route);
        const bool given = std::any_of(
            extra.begin(), extra.end(), [](const auto& h) { return h.first == "Authorization"; });
        if (route.entrance == Entrance::worker && !given) {
            headers.emplace_back("Authorization", "Bearer " + worker_token());
        }
        headers.insert(headers.end(), extra.begin(), extra.end());
        return ask(
            route.method, sample_path(route), headers, route.body == BodyClass::json ? "{}" : "");
    }
};

TEST_F(Edge, EveryRouteButTheOpenOnesAsksForAToken) {
    std::set<std::string> open;
    for (const Route& route : routes()) {
        for (const char* value : {"",
                                  "Bearer",
                                  "Bearer ",
                                  "Bearer x",
                                  "Basic dXNlcjpwYXNz",
                                  "Token t",
                                  "Bearer oort_"}) {
            const Reply reply = ask_route(route, {{"Authorization", value}});
            if (route.entrance == Entrance::token || route.entrance == Entrance::worker) {
                EXPECT_EQ(reply.status, 401)
                    << route.method << " " << route.pattern << " " << value;
                EXPECT_EQ(reply.header("www-authenticate"), "Bearer");
            } else if (route.pattern != "/api/v1/session") {
                EXPECT_NE(reply.status, 401) << route.pattern;
                open.emplace(route.pattern);
            }
        }
        const Reply known = ask_route(route, {});
        EXPECT_NE(known.status, 401) << route.pattern;
    }
    EXPECT_EQ(open,
              (std::set<std::string>{"/healthz",
                                     "/readyz",
                                     "/",
                                     "/workspaces/{workspace}/projects/{project}",
                                     "/experiments/{key}",
                                     "/experiments/{key}/{tab}",
                                     "/experiments/{key}/projector/{asset_id}",
                                     "/{file...}"}));
}

TEST_F(Edge, EachSecretOpensItsOwnRoutesAndNoOthers) {
    const Secret session = server_->app().store.access().make_session();
    for (const Route& route : routes()) {
        if (route.pattern == "/api/v1/session") continue;
        const auto status_with = [&](const std::string& secret) {
            return ask_route(route, {{"Authorization", "Bearer " + secret}}).status;
        };
        const bool is_open = route.entrance == Entrance::open || route.entrance == Entrance::page;
        const bool for_workers = is_open || route.entrance == Entrance::worker;
        const bool for_persons = is_open || route.entrance == Entrance::token;
        EXPECT_EQ(status_with(worker_token()) != 401, for_workers) << route.pattern;
        EXPECT_EQ(status_with(token()) != 401, for_persons) << route.pattern;
        EXPECT_EQ(status_with(session.text) != 401, for_persons) << route.pattern;
        EXPECT_EQ(status_with(worker_token() + "x") != 401, is_open) << route.pattern;
    }
}

TEST_F(Edge, OnlyARequestToBecomeAWebSocketMayCarryItsTokenInTheProtocol) {
    const Headers in_protocol{{"Authorization", ""},
                              {"Sec-WebSocket-Protocol", "oort, oort.bearer." + token()}};
    Headers upgrade = in_protocol;
    upgrade.emplace_back("Upgrade", "websocket");
    upgrade.emplace_back("Connection", "Upgrade");
    const std::string path = "/api/v1/projections/" + std::string(64, 'a') + "/frames";
    EXPECT_EQ(ask("GET", path, in_protocol).status, 401);
    EXPECT_EQ(ask("GET", path, upgrade).status, 404) << "let in, but there is no such projection";
    upgrade[1].second = "oort, oort.bearer.wrong";
    EXPECT_EQ(ask("GET", path, upgrade).status, 401);
}

TEST_F(Edge, ASessionEndsWhenItAsksToAndTheOthersGoOn) {
    Access& access = server_->app().store.access();
    const auto as = [](const Secret& session) {
        return Headers{{"Authorization", "Bearer " + session.text}};
    };
    const Secret session = access.make_session();
    const Secret other = access.make_session();
    const Reply ended = ask("DELETE", "/api/v1/session", as(session));
    EXPECT_EQ(ended.status, 204);
    EXPECT_EQ(ended.body + ended.header("content-length"), "") << "RFC 9110, section 8.6";
    EXPECT_EQ(ask("GET", "/api/v1/server", as(session)).status, 401);
    EXPECT_EQ(ask("DELETE", "/api/v1/session", as(session)).status, 401);
    EXPECT_EQ(ask("GET", "/api/v1/server", as(other)).status, 200);
    EXPECT_EQ(ask("DELETE", "/api/v1/session").status, 204);
    EXPECT_EQ(ask("GET", "/api/v1/server").status, 200) << "the API token is no session";
}

TEST_F(Edge, AForeignHostIsMisdirected) {
    for (const Route& route : routes()) {
        for (const std::string& name : {std::string("evil.com"),
                                        fmt::format("evil.com:{}", port()),
                                        std::string("127.0.0.1.evil.com"),
                                        std::string("10.evil.com"),
                                        std::string("localhost."),
                                        std::string("[::ffff:7f00:1]"),
                                        std::string("127.0.0.1:1"),
                                        std::string("localhost:"),
                                        std::string("127.1"),
                                        std::string("0.0.0.0"),
                                        std::string("localhost@evil.com"),
                                        std::string("evil.com:80:")}) {
            const Reply reply = ask_route(route, {{"Host", name}});
            EXPECT_EQ(reply.status, 421) << route.pattern << " " << name;
        }
    }
}

TEST_F(Edge, OurOwnNamesAreAnswered) {
    for (const std::string& name : {host(),
                                    std::string("127.0.0.1"),
                                    fmt::format("localhost:{}", port()),
                                    fmt::format("LOCALHOST:{}", port()),
                                    fmt::format("[::1]:{}", port()),
                                    std::string("localhost")}) {
        EXPECT_EQ(ask("GET", "/healthz", {{"Host", name}}).status, 200) << name;
    }
}

TEST_F(Edge, NoHostOrTwoAreNoRequest) {
    Wire none(port());
    none.send("GET /healthz HTTP/1.1\r\n\r\n");
    EXPECT_EQ(none.receive().status, 400);
    Wire two(port());
    two.send(fmt::format("GET /healthz HTTP/1.1\r\nHost: {}\r\nhost: evil.com\r\n\r\n", host()));
    EXPECT_EQ(two.receive().status, 400);
    Wire absolute(port());
    absolute.send(fmt::format("GET http://evil.com/healthz HTTP/1.1\r\nHost: {}\r\n\r\n", host()));
    EXPECT_EQ(absolute.receive().status, 400);
}

TEST_F(Edge, AForeignOriginIsForbiddenAndGetsNoPermission) {
    for (const Route& route : routes()) {
        for (const std::string& origin : {std::string("http://evil.com"),
                                          std::string("null"),
                                          std::string("http://localhost.evil.com"),
                                          fmt::format("http://{}.evil.com", host()),
                                          std::string("http://127.0.0.1"),
                                          fmt::format("http://localhost:{}", port() + 1),
                                          std::string("file://")}) {
            const Reply reply = ask_route(route, {{"Origin", origin}});
            EXPECT_EQ(reply.status, 403) << route.pattern << " " << origin;
            EXPECT_EQ(reply.header("access-control-allow-origin"), "");
            EXPECT_EQ(reply.header("access-control-allow-credentials"), "");
        }
        for (const char* site : {"cross-site", "same-site", "nonsense"}) {
            EXPECT_EQ(ask_route(route, {{"Sec-Fetch-Site", site}}).status, 403)
                << route.pattern << " " << site;
        }
        const Reply own = ask_route(
            route,
            {{"Origin", fmt::format("http://{}", host())}, {"Sec-Fetch-Site", "same-origin"}});
        EXPECT_NE(own.status, 403) << route.pattern;
    }
}

TEST_F(Edge, APreflightIsNoMethodOfOurs) {
    const Reply reply = ask("OPTIONS",
                            "/api/v1/experiments",
                            {{"Access-Control-Request-Method", "GET"},
                             {"Access-Control-Request-Headers", "authorization"}});
    EXPECT_EQ(reply.status, 405);
    EXPECT_EQ(reply.header("access-control-allow-origin"), "");
    EXPECT_EQ(reply.header("allow"), "GET");
}

TEST_F(Edge, ALinkFromAnotherSiteOpensAPageButNothingElse) {
    const Headers link{{"Sec-Fetch-Site", "cross-site"},
                       {"Sec-Fetch-Mode", "navigate"},
                       {"Sec-Fetch-Dest", "document"}};
    EXPECT_EQ(ask("GET", "/", link).status, 200);
    EXPECT_EQ(ask("GET", "/api/v1/experiments", link).status, 403);
    Headers frame = link;
    frame.back().second = "iframe";
    EXPECT_EQ(ask("GET", "/", frame).status, 403);
}

TEST_F(Edge, ABodyOfAnotherTypeIsRefusedBeforeItIsRead) {
    for (const Route& route : routes()) {
        if (route.body != BodyClass::json) continue;
        for (const char* type : {"text/plain",
                                 "application/x-www-form-urlencoded",
                                 "multipart/form-data; boundary=x",
                                 "application/json; charset=utf-7",
                                 ""}) {
            const Reply reply =
                ask(route.method, sample_path(route), {{"Content-Type", type}}, "{\"token\":1}");
            EXPECT_EQ(reply.status, 415) << route.pattern << " " << type;
        }
        EXPECT_EQ(ask(route.method,
                      sample_path(route),
                      {{"Content-Type", "application/json"}, {"Content-Encoding", "gzip"}},
                      "{}")
                      .status,
                  415);
    }
}

TEST_F(Edge, EveryAnswerCarriesTheSecurityHeaders) {
    for (const Route& route : routes()) {
        for (const Headers& headers :
             {Headers{}, Headers{{"Authorization", ""}}, Headers{{"Host", "x"}}}) {
            const Reply reply = ask_route(route, headers);
            EXPECT_EQ(reply.header("x-content-type-options"), "nosniff") << route.pattern;
            EXPECT_EQ(reply.header("referrer-policy"), "no-referrer");
            EXPECT_EQ(reply.header("cross-origin-resource-policy"), "same-origin");
            EXPECT_EQ(reply.header("cross-origin-opener-policy"), "same-origin");
            EXPECT_EQ(reply.header("cross-origin-embedder-policy"), "require-corp");
            EXPECT_NE(reply.header("content-security-policy").find("default-src 'none'"),
                      std::string::npos);
            EXPECT_NE(reply.header("cache-control"), "");
            EXPECT_EQ(reply.header("set-cookie"), "");
            if (reply.status >= 400 && route.method != "HEAD") {
                EXPECT_EQ(reply.header("content-type"), "application/json");
                EXPECT_NE(reply.error_code(), "");
            }
        }
    }
}

TEST_F(Edge, ThePagePolicyForbidsInlineScriptsAndUntypedSinks) {
    const std::string policy = ask("GET", "/").header("content-security-policy");
    EXPECT_NE(policy.find("script-src 'self' 'wasm-unsafe-eval';"), std::string::npos);
    EXPECT_NE(policy.find("require-trusted-types-for 'script'"), std::string::npos);
    EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos);
    EXPECT_EQ(policy.find("unsafe-inline"), std::string::npos);
    EXPECT_EQ(policy.find("'unsafe-eval'"), std::string::npos);
}

const std::vector<std::string>& traversals() {
    static const std::vector<std::string> list{
        "..",
        ".",
        "%2e%2e",
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "..%2f..%2f..%2fetc%2fpasswd",
        "%252e%252e%252fetc%252fpasswd",
        "%25252e",
        "..%5c..%5cetc%5cpasswd",
        "....%2f%2fetc%2fpasswd",
        "..%c0%afetc%c0%afpasswd",
        "%c0%ae%c0%ae",
        "..%00",
        "%00",
        "%0a",
        "%0d%0aX-Evil:%201",
        "%2fetc%2fpasswd",
        "C:%5cwindows",
        "%5c%5chost%5cshare",
        "file:%2f%2f%2fetc%2fpasswd",
        "file:",
        "~",
        "~root",
        ";/../../etc/passwd",
        "..;/..;/etc/passwd",
        "%23/..",
        "%3f/..",
        "sha256:..%2f..%2fx",
        "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015add",
        "-1",
        "18446744073709551616",
        "0x10",
        "1e3",
        "%ed%a0%80",
        "%f8%88%80%80%80",
        "%",
        "%2",
        "%zz",
        "token",
        "..%2ftoken",
        "oort.sqlite",
        "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "'%20OR%201=1%20--",
        std::string(4000, 'a')};
    return list;
}

TEST_F(Edge, TraversalInAnyFieldReadsAndWritesNothing) {
    log_asset("secret content");
    const std::string secret = token();
    const auto check = [&](const Reply& reply, const std::string& what) {
        EXPECT_TRUE(reply.status == 0 || reply.status >= 200) << what;
        EXPECT_LT(reply.status, 500) << what;
        EXPECT_EQ(reply.body.find("root:"), std::string::npos) << what;
        EXPECT_EQ(reply.body.find(secret), std::string::npos) << what;
        EXPECT_EQ(reply.body.find(folder_.path().string()), std::string::npos) << what;
        EXPECT_EQ(reply.header("x-evil"), "") << what;
    };
    for (const Route& route : routes()) {
        if (route.pattern == "/api/v1/server")
            continue;  // Its answer names the data folder on purpose.
        for (const std::string& text : traversals()) {
            Headers headers = content_type(route);
            if (route.body == BodyClass::octets) {
                headers = {{"Upload-Offset", "0"}, {"Upload-Length", "1"}};
            }
            if (route.entrance == Entrance::worker) {
                headers.emplace_back("Authorization", "Bearer " + worker_token());
            }
            const std::string body = route.body == BodyClass::none ? "" : "{}";
            check(ask(route.method, path_of(route, text), headers, body), path_of(route, text));
            const std::string query = fmt::format(
                "{}?assetId={}&experimentKey={}&imageId={}&type={}&name={}&components={}&before={}&"
                "limit={}",
                sample_path(route),
                text,
                text,
                text,
                text,
                text,
                text,
                text,
                text);
            check(ask(route.method, query, headers, body), query);
        }
    }
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
        names.insert(entry.path().filename());
    }
    EXPECT_EQ(names, std::set<std::string>{"data"});
    EXPECT_EQ(ask("GET", content_path()).body, "secret content");
}

TEST_F(Edge, OnlySixtyFourLowerCaseDigitsNameABlob) {
    for (const std::string& text : traversals()) {
        const Reply reply = ask("PATCH",
                                fmt::format("/api/v1/blobs/{}", text),
                                {{"Upload-Offset", "0"}, {"Upload-Length", "1"}},
                                "x");
        EXPECT_GE(reply.status, 400) << text;
        EXPECT_LE(reply.status, 405) << text;
    }
    EXPECT_TRUE(std::filesystem::is_empty(folder_.path() / "data" / "uploads"));
}

TEST_F(Edge, ShowsTheAppToAPersonWithAWrongAddressAndTheErrorToAProgram) {
    const Reply person = ask("GET", "/nope", {{"Sec-Fetch-Mode", "navigate"}});
    EXPECT_EQ(person.status, 404);
    EXPECT_EQ(person.header("content-type"), "text/html; charset=utf-8");
    for (const auto* path : {"/nope", "/api/nope"}) {
        const Reply program = ask("GET", path);
        EXPECT_EQ(program.status, 404);
        EXPECT_EQ(program.header("content-type"), "application/json");
    }
    EXPECT_EQ(ask("GET", "/api/nope", {{"Sec-Fetch-Mode", "navigate"}}).header("content-type"),
              "application/json");
}

}  // namespace
}  // namespace oort
