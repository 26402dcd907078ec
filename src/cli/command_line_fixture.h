// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "base/file.h"
#include "base/id.h"
#include "cli/command_line.h"

namespace oort {

/// Runs commands in processes of their own, with a home folder that vanishes.
class CommandLine : public ::testing::Test {
  protected:
    CommandLine() {
        std::filesystem::create_directory(folder_);
        ::setenv("OORT_HOME", folder_.c_str(), 1);
    }

    ~CommandLine() override { std::filesystem::remove_all(folder_); }

    pid_t start(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), "oort");
        const pid_t child = ::fork();
        if (child != 0) return child;
        // What the command says goes to files that the test can read.
        if (!std::freopen((folder_ / "out").c_str(), "w", stdout)) ::_exit(99);
        if (!std::freopen((folder_ / "err").c_str(), "w", stderr)) ::_exit(99);
        std::vector<char*> pointers;
        for (std::string& argument : arguments) pointers.push_back(argument.data());
        const int code = run_command_line(static_cast<int>(pointers.size()), pointers.data());
        std::fflush(nullptr);
        ::_exit(code);
    }

    static int wait(pid_t child) {
        int status = 0;
        ::waitpid(child, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }

    int run(std::vector<std::string> arguments) const { return wait(start(std::move(arguments))); }

    std::string out() const { return read_file(folder_ / "out"); }

    std::string err() const { return read_file(folder_ / "err"); }

    bool appears(const std::filesystem::path& path) const {
        for (int i = 0; i < 1000 && !std::filesystem::exists(path); ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        return std::filesystem::exists(path);
    }

    std::filesystem::path folder_ = std::filesystem::temp_directory_path() / ("oort-" + new_id());
};

}  // namespace oort
