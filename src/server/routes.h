// SPDX-License-Identifier: Apache-2.0
// The one list of routes. api/openapi.yaml describes the same list, and a test keeps the two equal.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/app.h"
#include "server/http.h"
#include "server/message.h"

namespace oort {

/// Who may come in by a route.
enum class Entrance {
    open,    ///< anybody that passes the Host and Origin checks
    page,    ///< the same, and navigations from other sites: links to our pages work
    token,   ///< only with a token
    worker,  ///< only with the secret of this server's workers
};

/// What body a route takes.
enum class BodyClass { none, json, octets };

using Handler = Response (*)(App&, const Request&);
using SinkOpener = std::unique_ptr<BodySink> (*)(App&, const Request&);
using SocketOpener = std::unique_ptr<MessageSource> (*)(App&,
                                                        const Request&,
                                                        std::function<void()> wake);

/// The constructor leaves no member out: a route without an entrance does not compile.
struct Route {
    constexpr Route(std::string_view method_,
                    std::string_view pattern_,
                    Entrance entrance_,
                    BodyClass body_,
                    std::uint64_t max_body_bytes_,
                    Work work_,
                    Handler handler_,
                    SinkOpener open_sink_ = nullptr,
                    SocketOpener open_socket_ = nullptr)
        : method(method_),
          pattern(pattern_),
          entrance(entrance_),
          body(body_),
          max_body_bytes(max_body_bytes_),
          work(work_),
          handler(handler_),
          open_sink(open_sink_),
          open_socket(open_socket_) {}

    std::string_view method;
    std::string_view
        pattern;  ///< {name} stands for one segment, {name...} at the end for any number
    Entrance entrance;
    BodyClass body;
    std::uint64_t max_body_bytes;
    Work work;
    Handler handler;
    SinkOpener open_sink;
    SocketOpener open_socket;  ///< for requests that ask to become a WebSocket
};

std::span<const Route> routes();

/// "open", "page", "token" or "worker".
std::string_view to_name(Entrance entrance) noexcept;

/// "none", "json" or "octets".
std::string_view to_name(BodyClass body) noexcept;

/// What a path and a method lead to.
struct Match {
    const Route* route = nullptr;  ///< null: no route
    std::string allow;             ///< if only the method is wrong: those that are not
};

/// Finds the route and fills request.parameters. HEAD is answered by the route for GET.
Match match_route(Request& request);

}  // namespace oort
