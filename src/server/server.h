// SPDX-License-Identifier: Apache-2.0
// The server: a store, the routes over it, and a socket.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "server/app.h"
#include "server/http.h"

namespace oort {

struct ServerOptions {
    std::filesystem::path data_folder;

    /// A loopback address. Others are refused: what is not encrypted stays on this machine. With
    /// 127.0.0.1 comes ::1 where there is IPv6: browsers may try either for "localhost".
    std::string host = "127.0.0.1";

    /// 0: any free one.
    std::uint16_t port = 8265;

    /// Names, each with or without a port, under which a proxy on this machine makes the server
    /// known.
    std::vector<std::string> allow_hosts = {};

    /// How long answers to wrong tokens and codes are kept back after ten in a minute.
    std::chrono::milliseconds guess_delay{1'000};

    /// Worker processes; none is started if `worker_program` is empty.
    WorkersOptions workers = {};
    std::filesystem::path worker_program = {};

    QueueOptions queue = {};

    /// Deadlines and caps; host and port come from above.
    HttpOptions http = {};
};

/// Answers from construction to stop(). Thread-safe.
class Server {
  public:
    /// Throws Error(invalid_argument) for an address that is not loopback, Error(unavailable) if
    /// the address is taken or the data is a newer program's, Error(conflict) if another server
    /// holds the data.
    explicit Server(const ServerOptions& options);
    ~Server();

    /// "http://127.0.0.1:8265"
    const std::string& url() const noexcept { return app_->url; }

    App& app() noexcept { return *app_; }

    const Supervisor& supervisor() const noexcept { return *supervisor_; }

    /// Lets what has begun finish for at most `grace`.
    void stop(std::chrono::milliseconds grace = std::chrono::seconds(10));

  private:
    std::unique_ptr<App> app_;
    std::unique_ptr<HttpServer> http_;
    std::unique_ptr<Supervisor> supervisor_;
};

}  // namespace oort
