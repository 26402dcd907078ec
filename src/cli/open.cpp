// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/commands.h"
#include "client/http.h"
#include "client/server_address.h"

namespace oort {

int open_in_browser(const std::string& path) {
    const auto server = find_server({}, home_directory());
    if (!server) {
        throw Error(ErrorCode::unavailable, "no server is known: start one with `oort serve`");
    }
    if (!path.empty() && path.front() != '/') {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("path {} must begin with \"/\"", path));
    }
    HttpClient client;
    const HttpResponse response = client.send(
        {.method = "POST",
         .url = server->url + "/api/v1/codes",
         .headers = {"Authorization: Bearer " + server->token, "Content-Type: application/json"},
         .body = std::as_bytes(std::span(std::string_view("{}"))),
         .timeout_s = 10});
    if (response.status == 0) {
        throw Error(
            ErrorCode::unavailable,
            fmt::format("the server at {} does not answer: {}", server->url, response.failure));
    }
    if (response.status != 200) {
        throw Error(
            response.status == 401 ? ErrorCode::unauthenticated : ErrorCode::unavailable,
            fmt::format("the server at {} gave no code (status {})", server->url, response.status));
    }
    const Json body = parse_json(response.body, "the server's answer");
    const std::string_view code = string_member(body.as_object(), "code");
    fmt::print("{}{}#code={}\n", server->url, path.empty() ? "/" : path, code);
    return 0;
}

}  // namespace oort
