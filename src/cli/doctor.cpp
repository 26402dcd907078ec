// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <sys/stat.h>

#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/discovery.h"
#include "client/http.h"
#include "store/migrations.h"

namespace oort {

namespace {

constexpr std::uint64_t min_free_bytes = std::uint64_t{1} << 30;

/// Prints what was found and remembers whether anything is wrong.
class Report {
  public:
    void say(std::string_view name, std::string_view text) {
        fmt::print("{:<12} {}\n", name, text);
    }

    void warn(std::string_view name, std::string_view text) {
        say(name, fmt::format("PROBLEM: {}", text));
        is_well_ = false;
    }

    bool is_well() const { return is_well_; }

  private:
    bool is_well_ = true;
};

/// What a running server says about itself.
std::optional<JsonObject> ask_server(const Discovery& server) {
    HttpClient client;
    const HttpResponse response = client.send({.method = "GET",
                                               .url = server.url + "/api/v1/server",
                                               .headers = {"Authorization: Bearer " + server.token},
                                               .timeout_s = 5});
    if (response.status != 200) return std::nullopt;
    Json body = parse_json(response.body, "the server's answer");
    return std::move(body.as_object());
}

/// "127.0.0.1:8265 and [::1]:8265"
std::string addresses_of(const JsonObject& answer) {
    std::string text;
    for (const Json& address : answer.at("addresses").as_array()) {
        if (!text.empty()) text += " and ";
        text += std::string_view(address.as_string());
    }
    return text;
}

std::filesystem::path report_server(Report& report) {
    const auto server = find_running_server();
    if (!server) {
        report.say("server", "none is running (no server.json)");
        return default_data_folder();
    }
    const auto answer = ask_server(*server);
    if (!answer) {
        report.warn(
            "server",
            fmt::format("{} (process {}) is in server.json but does not answer: it was killed, or "
                        "is not yours",
                        server->url,
                        server->pid));
        return default_data_folder();
    }
    report.say("server",
               fmt::format("{} (process {}), version {}",
                           server->url,
                           integer_member(*answer, "pid"),
                           string_member(*answer, "version")));
    report.say(
        "bound to",
        addresses_of(*answer) + " (loopback only); every request needs the token or a session");
    return std::string(string_member(*answer, "data_dir"));
}

void report_mode(Report& report,
                 std::string_view name,
                 const std::filesystem::path& path,
                 unsigned wanted) {
    struct stat info {};

    if (::stat(path.c_str(), &info) != 0) {
        report.warn(name, fmt::format("{} is missing", path.string()));
    } else if ((info.st_mode & 0777) != wanted) {
        report.warn(name,
                    fmt::format("{} has permissions {:o}, {:o} are right: others may read it",
                                path.string(),
                                info.st_mode & 0777,
                                wanted));
    } else {
        report.say(name, fmt::format("{} (permissions {:o})", path.string(), wanted));
    }
}

void report_database(Report& report, const std::filesystem::path& file) {
    try {
        Connection connection(file, Connection::Mode::inspect);
        Statement version = connection.query("PRAGMA user_version");
        const std::int64_t schema = version.step() ? version.integer(0) : 0;
        Statement check = connection.query("PRAGMA quick_check(1)");
        const std::string result = check.step() ? check.text(0) : "nothing to read";
        if (result != "ok") {
            report.warn("database", fmt::format("damaged: {}", result));
        } else if (schema > schema_version()) {
            report.warn("database", fmt::format("schema {} is a newer program's", schema));
        } else {
            report.say("database", fmt::format("{}: sound, schema {}", file.string(), schema));
        }
        Statement counts = connection.query(
            "SELECT (SELECT count(*) FROM experiments), (SELECT count(*) FROM assets)");
        if (counts.step()) {
            report.say(
                "holds",
                fmt::format("{} experiments, {} assets", counts.integer(0), counts.integer(1)));
        }
    } catch (const Error& error) {
        report.warn("database", error.what());
    }
}

}  // namespace

int doctor(const std::filesystem::path& data_folder) {
    Report report;
    report.say("oort", program_version);
    report.say("sqlite", sqlite_version());
    report.say("home", home_directory().string());
    const auto found = report_server(report);
    const auto folder = data_folder.empty() ? found : data_folder;
    if (!std::filesystem::exists(folder)) {
        report.say("data",
                   fmt::format("{} (not there yet: `oort serve` makes it)", folder.string()));
        return report.is_well() ? 0 : error_info(ErrorCode::unavailable).exit_code;
    }
    report_mode(report, "data", folder, 0700);
    report_mode(report, "token", folder / "token", 0600);
    const std::uint64_t free_bytes = std::filesystem::space(folder).available;
    const std::string free_text =
        fmt::format("{:.1f} GB free", static_cast<double>(free_bytes) / 1e9);
    if (free_bytes < min_free_bytes) {
        report.warn("disk", free_text);
    } else {
        report.say("disk", free_text);
    }
    report_database(report, folder / "oort.sqlite");
    return report.is_well() ? 0 : error_info(ErrorCode::unavailable).exit_code;
}

}  // namespace oort
