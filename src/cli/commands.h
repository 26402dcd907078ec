// SPDX-License-Identifier: Apache-2.0
// The commands, each as a function of its options. Results go to standard output, all else to
// standard error.
#pragma once

#include <filesystem>
#include <string>

#include "server/server.h"

namespace oort {

struct ServeOptions {
    ServerOptions server;
    std::filesystem::path ready_file;  ///< empty: none
};

/// Serves until SIGTERM or SIGINT, then lets requests finish for ten seconds at most. A second
/// signal ends it at once. Returns the exit code.
int serve(const ServeOptions& options);

/// Prints the address of the running server with a one-time code that signs the browser in.
int open_in_browser(const std::string& path);

/// Says what is bound, where data is, what versions run and whether all is well. 0 if so.
int doctor(const std::filesystem::path& data_folder);

/// Prints the route table as JSON.
int print_routes();

int print_version();

/// Where `oort serve` keeps data unless told otherwise.
std::filesystem::path default_data_folder();

}  // namespace oort
