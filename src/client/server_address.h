// SPDX-License-Identifier: Apache-2.0
// Which server a client talks to, and by what right.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace oort {

struct ServerAddress {
    std::string url;    ///< "http://host:port", no slash at the end
    std::string token;  ///< may be empty: the server will then refuse

    bool operator==(const ServerAddress&) const = default;
};

/// What the caller said; empty means "look it up".
struct ServerChoice {
    std::string url = {};
    std::string api_key = {};
};

/// The first of: what the caller said, `OORT_URL` and `OORT_API_KEY`, `server.json` in the home
/// directory (written by `oort serve` on this machine). For the server of server.json, a key that
/// is absent or not of our making ("oort_…") is replaced by the file's. Nothing if no url is found
/// anywhere. Throws Error(invalid_argument) for a url that is not http:// or https://.
std::optional<ServerAddress> find_server(const ServerChoice& choice,
                                         const std::filesystem::path& home);

}  // namespace oort
