// SPDX-License-Identifier: Apache-2.0
// Rows: one SQLite file with one writer and several readers. All writes run on one thread, which
// puts what waits into one transaction (group commit), so a hundred small writes cost one fsync.
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <vector>

#include "store/sqlite.h"

namespace oort {

/// Thread-safe.
class Database {
  public:
    /// Opens or creates the file and brings its schema up to date.
    /// Throws Error(unavailable) for a newer schema, Error(corrupt) for a file that is no database.
    explicit Database(const std::filesystem::path& file);
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    /// Finishes what has been asked for, then closes.
    ~Database();

    /// Runs action(Connection&) in a transaction and returns its value once the transaction is on
    /// disk. If the action throws, nothing of it remains and the exception comes out here.
    template <class Action>
    auto write(Action&& action) {
        using Value = std::invoke_result_t<Action&, Connection&>;
        if constexpr (std::is_void_v<Value>) {
            run_write([&](Connection& connection) { action(connection); });
        } else {
            std::optional<Value> value;
            run_write([&](Connection& connection) { value.emplace(action(connection)); });
            return std::move(*value);
        }
    }

    /// Runs action(Connection&) on a reader that sees one state of the database throughout.
    template <class Action>
    auto read(Action&& action) const {
        const Reader reader(*this);
        return action(*reader.connection);
    }

    /// Whether `PRAGMA quick_check` finds nothing. Reads the whole file.
    bool is_sound() const;

  private:
    struct Task {
        const std::function<void(Connection&)>* action;
        std::exception_ptr error = nullptr;
        bool done = false;
    };

    struct Reader {
        explicit Reader(const Database& database);
        ~Reader();
        const Database& database;
        std::unique_ptr<Connection> connection;
    };

    void run_write(const std::function<void(Connection&)>& action);
    void run_writer();
    void commit_together(std::vector<Task*>& batch);
    bool run_task(Task& task);

    std::filesystem::path file_;
    Connection writer_;
    mutable std::mutex readers_mutex_;
    mutable std::vector<std::unique_ptr<Connection>> readers_;

    std::mutex tasks_mutex_;
    std::condition_variable tasks_changed_;
    std::condition_variable tasks_done_;
    std::deque<Task*> tasks_;
    bool stopping_ = false;
    std::thread thread_;
};

/// What is left to do when the disk failed to keep what it took: the state on disk is unknown, so
/// nothing more is acknowledged. Writes one line to the log and ends the process; the next start
/// recovers.
[[noreturn]] void stop_after_failed_sync(std::string_view what) noexcept;

}  // namespace oort
