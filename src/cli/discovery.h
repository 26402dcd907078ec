// SPDX-License-Identifier: Apache-2.0
// `server.json` in the home folder: how programs of the same person find the server that runs.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace oort {

struct Discovery {
    std::string url;
    std::string token;
    std::int64_t pid = 0;
};

std::filesystem::path discovery_file();

/// What the file says; nothing if there is none or it cannot be read.
std::optional<Discovery> find_running_server();

/// Written with the object, removed with it unless another server has written its own since.
class DiscoveryFile {
  public:
    DiscoveryFile(const std::string& url, const std::string& token);
    ~DiscoveryFile();
    DiscoveryFile(const DiscoveryFile&) = delete;
    DiscoveryFile& operator=(const DiscoveryFile&) = delete;

  private:
    std::string url_;
};

}  // namespace oort
