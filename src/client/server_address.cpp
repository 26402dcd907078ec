// SPDX-License-Identifier: Apache-2.0
#include "client/server_address.h"

#include <fmt/format.h>

#include <cstdlib>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

namespace oort {

namespace {

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

std::string checked_url(std::string url, std::string_view source) {
    while (url.ends_with('/')) url.pop_back();
    if (!url.starts_with("http://") && !url.starts_with("https://")) {
        throw Error(
            ErrorCode::invalid_argument,
            fmt::format("{} \"{}\" is no address of a server: http://… or https://… is expected",
                        source,
                        url));
    }
    return url;
}

// The file is rewritten by another program and may be half of an old version of itself: whatever
// cannot be read counts as absent.
std::optional<ServerAddress> local_server(const std::filesystem::path& home) {
    try {
        const auto path = home / "server.json";
        if (!std::filesystem::exists(path)) return std::nullopt;
        const Json document = parse_json(read_file(path), "server.json");
        if (!document.is_object()) return std::nullopt;
        const JsonObject& object = document.get_object();
        return ServerAddress{checked_url(std::string(string_member(object, "url")), "server.json"),
                             std::string(string_member(object, "token"))};
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

}  // namespace

std::optional<ServerAddress> find_server(const ServerChoice& choice,
                                         const std::filesystem::path& home) {
    ServerAddress address;
    if (!choice.url.empty()) {
        address.url = checked_url(choice.url, "url");
    } else if (std::string url = environment("OORT_URL"); !url.empty()) {
        address.url = checked_url(std::move(url), "OORT_URL");
    }
    address.token = !choice.api_key.empty() ? choice.api_key : environment("OORT_API_KEY");
    const std::optional<ServerAddress> local = local_server(home);
    if (local && (address.url.empty() || address.url == local->url)) {
        address.url = local->url;
        // A script written for another service may still carry that service's key.
        if (!address.token.starts_with("oort_")) address.token = local->token;
    }
    if (address.url.empty()) return std::nullopt;
    return address;
}

}  // namespace oort
