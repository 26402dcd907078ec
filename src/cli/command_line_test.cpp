// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <string>

#include "base/file.h"
#include "base/json.h"
#include "cli/command_line_fixture.h"
#include "cli/discovery.h"

namespace oort {
namespace {

TEST_F(CommandLine, SaysItsVersionAndItsRoutes) {
    EXPECT_EQ(run({"version"}), 0);
    EXPECT_EQ(out(), "oort " OORT_VERSION "\n");
    EXPECT_EQ(run({"routes", "--json"}), 0);
    EXPECT_GT(parse_json(out(), "routes").at("routes").as_array().size(), 20u);
}

TEST_F(CommandLine, RefusesWhatItDoesNotKnow) {
    EXPECT_EQ(run({"fly"}), 2);
    EXPECT_EQ(run({}), 2);
    EXPECT_EQ(run({"serve", "--port", "70000"}), 2);
    EXPECT_EQ(run({"--help"}), 0);
}

TEST_F(CommandLine, RefusesToServeOthersInOneSentence) {
    EXPECT_EQ(run({"serve", "--host", "0.0.0.0"}), 2);
    const std::string said = err();
    EXPECT_EQ(said.find("oort: host 0.0.0.0 is not a loopback address"), 0u) << said;
    EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
}

TEST_F(CommandLine, SaysThatNoServerRuns) {
    EXPECT_EQ(run({"open"}), 69);
    EXPECT_NE(err().find("oort serve"), std::string::npos);
    EXPECT_EQ(run({"doctor"}), 0);
    EXPECT_NE(out().find("none is running"), std::string::npos);
}

TEST_F(CommandLine, ServesUntilItIsTold) {
    const auto ready = folder_ / "ready.json";
    const pid_t server = start({"serve", "--port", "0", "--ready-file", ready.string()});
    ASSERT_TRUE(appears(ready));
    const Json said = parse_json(read_file(ready), "ready file");
    const auto found = find_running_server();
    ASSERT_TRUE(found);
    EXPECT_EQ(said.at("url").as_string(), found->url);
    EXPECT_EQ(said.at("token").as_string(), found->token);
    EXPECT_EQ(found->pid, server);
    const auto private_mode =
        std::filesystem::perms::owner_read | std::filesystem::perms::owner_write;
    EXPECT_EQ(std::filesystem::status(ready).permissions(), private_mode);
    EXPECT_EQ(std::filesystem::status(discovery_file()).permissions(), private_mode);

    EXPECT_EQ(run({"open", "/experiments/x"}), 0) << err();
    EXPECT_EQ(out().find(found->url + "/experiments/x#code="), 0u) << out();
    EXPECT_EQ(run({"doctor"}), 0) << out();
    EXPECT_NE(out().find("bound to     " + found->url.substr(7)), std::string::npos) << out();
    EXPECT_NE(out().find("loopback only"), std::string::npos);
    EXPECT_EQ(run({"serve", "--port", "0"}), 5) << "a second server on the same data";

    ::kill(server, SIGTERM);
    EXPECT_EQ(wait(server), 0);
    EXPECT_FALSE(std::filesystem::exists(discovery_file()));
}

TEST_F(CommandLine, StartsAgainAfterItWasKilled) {
    const auto ready = folder_ / "ready.json";
    const pid_t first = start({"serve", "--port", "0", "--ready-file", ready.string()});
    ASSERT_TRUE(appears(ready));
    ::kill(first, SIGKILL);
    EXPECT_EQ(wait(first), -SIGKILL);
    EXPECT_EQ(run({"doctor"}), 69) << out();
    EXPECT_NE(out().find("does not answer"), std::string::npos);
    std::filesystem::remove(ready);
    const pid_t second = start({"serve", "--port", "0", "--ready-file", ready.string()});
    ASSERT_TRUE(appears(ready));
    EXPECT_EQ(run({"doctor"}), 0) << out();
    ::kill(second, SIGINT);
    EXPECT_EQ(wait(second), 0);
}

TEST_F(CommandLine, DoctorSeesAnOpenTokenAndADamagedDatabase) {
    const auto ready = folder_ / "ready.json";
    const pid_t server = start({"serve", "--port", "0", "--ready-file", ready.string()});
    ASSERT_TRUE(appears(ready));
    ::kill(server, SIGTERM);
    wait(server);
    std::filesystem::permissions(folder_ / "data" / "token", std::filesystem::perms(0644));
    EXPECT_EQ(run({"doctor"}), 69);
    EXPECT_NE(out().find("token        PROBLEM"), std::string::npos) << out();
    std::filesystem::permissions(folder_ / "data" / "token", std::filesystem::perms(0600));
    EXPECT_EQ(run({"doctor"}), 0) << out();
    File(folder_ / "data" / "oort.sqlite", File::Mode::update).write("this is no database at all");
    EXPECT_EQ(run({"doctor"}), 69);
    EXPECT_NE(out().find("database     PROBLEM"), std::string::npos) << out();
}

}  // namespace
}  // namespace oort
