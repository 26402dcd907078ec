// SPDX-License-Identifier: Apache-2.0
#include "cli/discovery.h"

#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"

namespace oort {

std::filesystem::path discovery_file() {
    return home_directory() / "server.json";
}

std::optional<Discovery> find_running_server() {
    try {
        const Json json = parse_json(read_file(discovery_file()), "server.json");
        const JsonObject& object = json.as_object();
        return Discovery{.url = std::string(string_member(object, "url")),
                         .token = std::string(string_member(object, "token")),
                         .pid = integer_member(object, "pid")};
    } catch (const std::exception&) {
        return std::nullopt;  // No file, or one that is not ours: no server is known.
    }
}

DiscoveryFile::DiscoveryFile(const std::string& url, const std::string& token) : url_(url) {
    make_private_directory(home_directory());
    const JsonObject content{
        {"url", url}, {"token", token}, {"pid", static_cast<std::int64_t>(::getpid())}};
    write_file_durably(discovery_file(), to_text(content) + "\n");
}

DiscoveryFile::~DiscoveryFile() {
    const auto found = find_running_server();
    if (!found || found->url != url_ || found->pid != ::getpid()) return;
    std::error_code ignored;
    std::filesystem::remove(discovery_file(), ignored);
}

}  // namespace oort
