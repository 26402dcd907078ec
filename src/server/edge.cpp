// SPDX-License-Identifier: Apache-2.0
#include "server/edge.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "server/request_head.h"

namespace oort {

namespace {

constexpr std::string_view page_policy =
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' "
    "blob:; "
    "connect-src 'self'; worker-src 'self'; font-src 'self'; manifest-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'; object-src 'none'; "
    "require-trusted-types-for 'script'; trusted-types svelte-trusted-html "
    "oort-worker";

bool is_loopback_name(std::string_view name) {
    static constexpr std::array<std::string_view, 3> names{"127.0.0.1", "[::1]", "localhost"};
    return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_own_host(const App& app, std::string_view host) {
    if (std::find(app.allow_hosts.begin(), app.allow_hosts.end(), host) != app.allow_hosts.end()) {
        return true;
    }
    // The last colon outside brackets parts the name from the port.
    const std::size_t bracket = host.rfind(']');
    const std::size_t colon = host.rfind(':');
    const bool has_port =
        colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
    const std::string_view name = host.substr(0, has_port ? colon : host.size());
    if (has_port && host.substr(colon + 1) != fmt::format("{}", app.port)) return false;
    return is_loopback_name(name) ||
           std::find(app.allow_hosts.begin(), app.allow_hosts.end(), name) != app.allow_hosts.end();
}

}  // namespace

std::optional<Response> check_host(const App& app, const Request& request) {
    const std::string host = lower(request.header("host").value_or(""));
    if (is_own_host(app, host)) return std::nullopt;
    return error_response(421, "forbidden", "this server does not answer for that host name");
}

std::optional<Response> check_origin(const Request& request, Entrance entrance) {
    const auto site = request.header("sec-fetch-site");
    const bool navigation = entrance == Entrance::page && request.method == "GET" &&
                            request.header("sec-fetch-mode") == "navigate" &&
                            request.header("sec-fetch-dest") == "document";
    const bool own_site = !site || *site == "same-origin" || *site == "none" || navigation;
    const auto origin = request.header("origin");
    const std::string host = lower(request.header("host").value_or(""));
    const bool own_origin = !origin || *origin == "http://" + host || *origin == "https://" + host;
    if (own_site && own_origin) return std::nullopt;
    return error_response(ErrorCode::forbidden, "pages of other sites may not ask here");
}

std::optional<Response> check_content_type(const Request& request, BodyClass body) {
    const auto type = request.header("content-type");
    if (request.header("content-encoding")) {
        return error_response(415, "invalid_argument", "send the body without Content-Encoding");
    }
    if (body == BodyClass::json && type != "application/json") {
        return error_response(415, "invalid_argument", "Content-Type must be application/json");
    }
    if (body == BodyClass::octets && type && *type != "application/octet-stream") {
        return error_response(
            415, "invalid_argument", "Content-Type must be application/octet-stream");
    }
    return std::nullopt;
}

std::optional<std::string_view> bearer_secret(const Request& request) {
    const auto value = request.header("authorization");
    static constexpr std::string_view scheme = "bearer ";
    if (!value || value->size() <= scheme.size()) return std::nullopt;
    if (lower(value->substr(0, scheme.size())) != scheme) return std::nullopt;
    return value->substr(scheme.size());
}

std::optional<std::string_view> sent_secret(const Request& request) {
    if (const auto secret = bearer_secret(request)) return secret;
    if (!request.header("upgrade")) return std::nullopt;
    static constexpr std::string_view mark = "oort.bearer.";
    const std::string_view offered = request.header("sec-websocket-protocol").value_or("");
    const std::size_t begin = offered.find(mark);
    if (begin == std::string_view::npos) return std::nullopt;
    const std::string_view rest = offered.substr(begin + mark.size());
    return rest.substr(0, rest.find_first_of(", \t"));
}

std::optional<Response> check_token(App& app, const Request& request, Entrance entrance) {
    if (entrance != Entrance::token && entrance != Entrance::worker) return std::nullopt;
    const auto secret = sent_secret(request);
    const Access& access = app.store.access();
    if (secret && (entrance == Entrance::worker ? access.is_worker_token(*secret)
                                                : access.may_enter(*secret))) {
        return std::nullopt;
    }
    Response response =
        secret
            ? wrong_secret(app, request, "the token is not known here, or has expired")
            : error_response(ErrorCode::unauthenticated, "send a token: Authorization: Bearer …");
    response.set("WWW-Authenticate", "Bearer");
    return response;
}

Response wrong_secret(App& app, const Request& request, std::string_view message) {
    Response response = error_response(ErrorCode::unauthenticated, message);
    response.delay = app.guesses.delay_of_wrong(request.peer);
    return response;
}

void dress(Response& response) {
    response.set("X-Content-Type-Options", "nosniff");
    response.set("Referrer-Policy", "no-referrer");
    response.set("Cross-Origin-Resource-Policy", "same-origin");
    response.set("Cross-Origin-Opener-Policy", "same-origin");
    response.set("Cross-Origin-Embedder-Policy", "require-corp");
    response.set("X-Frame-Options", "DENY");
    switch (response.kind) {
        case ContentKind::page:
            response.set("Content-Security-Policy", page_policy);
            response.set("Permissions-Policy", "camera=(), microphone=(), geolocation=()");
            break;
        case ContentKind::blob:
            response.set("Content-Security-Policy", "sandbox; default-src 'none'");
            break;
        case ContentKind::api:
            response.set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
            break;
    }
    if (!response.header("Cache-Control")) response.set("Cache-Control", "no-store");
}

}  // namespace oort
