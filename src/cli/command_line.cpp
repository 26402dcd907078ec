// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/error.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/engine.h"
#include "cli/worker.h"
#include "client/upload.h"

namespace oort {

namespace {

// What the options of all commands are parsed into.
struct Arguments {
    ServeOptions serve;
    WorkerCommand worker;
    std::filesystem::path data_folder;
    std::string path;
    UploadOptions upload;
    EngineCommands engine;
    bool json = false;
};

void add_data_option(CLI::App& command, Arguments& arguments) {
    command.add_option("--data", arguments.data_folder, "folder that keeps everything")
        ->default_str("the data folder in $OORT_HOME");
}

void add_workers_options(CLI::App& command, WorkersOptions& workers) {
    command
        .add_option("--workers",
                    workers.workers,
                    "worker processes that compute projections; 0: none, start them by hand")
        ->capture_default_str();
    command
        .add_option("--worker-threads",
                    workers.worker_threads,
                    "threads of each; 0: all processors, divided among the workers")
        ->capture_default_str();
    command
        .add_option("--worker-memory",
                    workers.worker_memory,
                    "MiB that each may use; 0: three quarters of the machine's, divided among them")
        ->capture_default_str();
    command
        .add_option("--worker-nice",
                    workers.worker_nice,
                    "how much more polite than the server each is: 0..19")
        ->capture_default_str();
}

void describe(CLI::App& program, Arguments& arguments) {
    program.require_subcommand(1);
    CLI::App* serve_command =
        program.add_subcommand("serve", "Serve experiments to clients and browsers");
    ServerOptions& server = arguments.serve.server;
    add_data_option(*serve_command, arguments);
    serve_command->add_option("--host", server.host, "loopback address to listen on")
        ->capture_default_str();
    serve_command->add_option("--port", server.port, "port to listen on; 0: any free one")
        ->capture_default_str();
    serve_command->add_option(
        "--allow-host",
        server.allow_hosts,
        "name of a proxy on this machine through which the server is reached");
    serve_command->add_option("--ready-file",
                              arguments.serve.ready_file,
                              "file to write {\"url\", \"token\"} to once requests are accepted");
    add_workers_options(*serve_command, server.workers);
    describe_worker(program, arguments.worker);
    CLI::App* open_command = program.add_subcommand(
        "open", "Print an address of the running server that signs the browser in");
    open_command->add_option("path", arguments.path, "page to open, such as /experiments/KEY");
    CLI::App* doctor_command = program.add_subcommand(
        "doctor", "Say what is bound, where data is and whether all is well");
    add_data_option(*doctor_command, arguments);
    CLI::App* upload_command =
        program.add_subcommand("upload", "Send what was logged while the server was away");
    upload_command->add_option("spools",
                               arguments.upload.spools,
                               "folders of spools; all of $OORT_HOME/spool if none is named");
    upload_command
        ->add_option(
            "--patience", arguments.upload.patience_s, "seconds to wait while nothing gets through")
        ->capture_default_str();
    CLI::App* routes_command = program.add_subcommand("routes", "Print the table of routes");
    routes_command->add_flag("--json", arguments.json, "as JSON (the only form)");
    describe_engine(program, arguments.engine);
    program.add_subcommand("version", "Print the version");
}

int run_command(const std::string& name, Arguments& arguments) {
    if (name == "serve") {
        arguments.serve.server.data_folder =
            arguments.data_folder.empty() ? default_data_folder() : arguments.data_folder;
        return serve(arguments.serve);
    }
    if (name == "worker") return run_worker_command(arguments.worker);
    if (name == "open") return open_in_browser(arguments.path);
    if (name == "doctor") return doctor(arguments.data_folder);
    if (name == "upload") return upload_spools(arguments.upload);
    if (name == "routes") return print_routes();
    if (const auto code = run_engine(name, arguments.engine)) return *code;
    return print_version();
}

}  // namespace

std::filesystem::path default_data_folder() {
    return home_directory() / "data";
}

int run_command_line(int argc, char** argv) {
    CLI::App program("Oort: an embedding projector and the server it logs to", "oort");
    Arguments arguments;
    try {
        describe(program, arguments);
        program.parse(argc, argv);
        return run_command(program.get_subcommands().front()->get_name(), arguments);
    } catch (const CLI::ParseError& error) {
        const bool asked_for_help = error.get_exit_code() == 0;
        program.exit(error);
        return asked_for_help ? 0 : error_info(ErrorCode::invalid_argument).exit_code;
    } catch (const Error& error) {
        fmt::print(stderr, "oort: {}\n", error.what());
        return error_info(error.code()).exit_code;
    } catch (const std::exception& error) {
        fmt::print(stderr, "oort: {}\n", error.what());
        return error_info(ErrorCode::internal).exit_code;
    }
}

}  // namespace oort
