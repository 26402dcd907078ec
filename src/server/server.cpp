// SPDX-License-Identifier: Apache-2.0
#include "server/server.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/log.h"
#include "server/edge.h"
#include "server/request_head.h"
#include "server/routes.h"
#include "server/websocket.h"

namespace oort {

namespace {

Plan refused(Response response) {
    Plan plan;
    plan.refusal = std::move(response);
    return plan;
}

// The order is part of the design: a request for another host learns nothing about ours, and one
// without a token nothing about what is kept.
Plan plan_request(App& app, Request& request) {
    if (auto refusal = check_host(app, request)) return refused(std::move(*refusal));
    const Match match = match_route(request);
    const Entrance entrance = match.route ? match.route->entrance : Entrance::open;
    if (auto refusal = check_origin(request, entrance)) return refused(std::move(*refusal));
    if (!match.route) {
        if (match.allow.empty()) {
            return refused(error_response(ErrorCode::not_found, "there is nothing here"));
        }
        Response refusal =
            error_response(405, "invalid_argument", "the method is not one of this route's");
        refusal.set("Allow", match.allow);
        return refused(std::move(refusal));
    }
    const Route& route = *match.route;
    if (auto refusal = check_content_type(request, route.body)) return refused(std::move(*refusal));
    if (auto refusal = check_token(app, request, entrance)) return refused(std::move(*refusal));
    const auto expect = request.header("expect");
    if (expect && *expect != "100-continue") {
        return refused(
            error_response(417, "invalid_argument", "only 100-continue can be expected"));
    }
    Plan plan;
    plan.work = route.work;
    plan.max_body_bytes = route.max_body_bytes;
    if (route.open_sink) {
        plan.open_sink = [&app, &route](const Request& r) { return route.open_sink(app, r); };
    }
    if (route.open_socket && wants_websocket(request)) {
        plan.open_socket = [&app, &route](const Request& r, std::function<void()> wake) {
            return route.open_socket(app, r, std::move(wake));
        };
        plan.may_stay = [&app, secret = std::string(*sent_secret(request))] {
            return app.store.access().may_enter(secret);
        };
    }
    plan.respond = [&app, &route](Request& r) { return route.handler(app, r); };
    return plan;
}

// The one door at which a handler's exception is caught. What is our fault is told to the log, not
// to the peer.
Response failure_response(const App& app, std::exception_ptr failure) {
    const auto names_our_files = [&](const Error& error) {
        return std::string_view(error.what()).find(app.store.folder().string()) !=
               std::string::npos;
    };
    try {
        std::rethrow_exception(failure);
    } catch (Answer& answer) {
        return std::move(answer.response);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::internal && !names_our_files(error)) {
            return error_response(error.code(), error.what());
        }
        log_error("a request failed: {}", error.what());
        if (error.code() == ErrorCode::unavailable) {
            return error_response(error.code(), "the disk is full or busy; try again later");
        }
    } catch (const std::bad_alloc&) {
        log_error("a request failed: out of memory");
        return error_response(ErrorCode::unavailable, "there is not enough memory just now");
    } catch (const std::exception& error) {
        log_error("a request failed: {}", error.what());
    }
    return error_response(ErrorCode::internal, "the server failed; its log says how");
}

void check_loopback(const std::string& host) {
    static constexpr std::array<std::string_view, 2> loopback{"127.0.0.1", "::1"};
    if (std::find(loopback.begin(), loopback.end(), host) == loopback.end()) {
        throw Error(
            ErrorCode::invalid_argument,
            fmt::format("host {} is not a loopback address: 127.0.0.1 or ::1 are; to be reached "
                        "from elsewhere, put a TLS proxy in front on this machine and start with "
                        "--allow-host and its name",
                        host));
    }
}

}  // namespace

Server::Server(const ServerOptions& options) {
    check_loopback(options.host);
    check_workers(options.workers);
    app_ = std::make_unique<App>(
        options.data_folder, options.guess_delay, options.workers, options.queue);
    for (const std::string& name : options.allow_hosts) app_->allow_hosts.push_back(lower(name));
    HttpOptions http = options.http;
    http.host = options.host;
    http.port = options.port;
    if (options.host == "127.0.0.1") http.second_host = "::1";
    App& app = *app_;
    http_ = std::make_unique<HttpServer>(
        http,
        HttpSite{
            .plan = [&app](Request& request) { return plan_request(app, request); },
            .fail = [&app](std::exception_ptr failure) { return failure_response(app, failure); },
            .dress = dress},
        [&app](const Bound& bound) {
            app.port = bound.port;
            app.addresses = bound.addresses;
            app.url = "http://" + bound.addresses.front();
        });
    supervisor_ =
        std::make_unique<Supervisor>(app.queue,
                                     options.workers,
                                     WorkerProgram{.program = options.worker_program,
                                                   .token_file = app.store.worker_token_file(),
                                                   .server_url = app.url});
}

Server::~Server() {
    stop(std::chrono::milliseconds(0));
}

void Server::stop(std::chrono::milliseconds grace) {
    app_->stopping = true;
    app_->projections.stop();
    if (supervisor_) supervisor_->stop();
    http_->stop(grace);
}

}  // namespace oort
