// SPDX-License-Identifier: Apache-2.0
#include "store/database.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "store/migrations.h"

namespace oort {

namespace {

constexpr std::size_t max_batch = 256;
constexpr std::size_t max_idle_readers = 16;

}  // namespace

void stop_after_failed_sync(std::string_view what) noexcept {
    log_error("the disk failed, so nothing more is acknowledged; start again once it is well: {}",
              what);
    std::_Exit(error_info(ErrorCode::internal).exit_code);
}

Database::Database(const std::filesystem::path& file)
    : file_(file), writer_(file, Connection::Mode::writer) {
    migrate(writer_, file_);
    sync_directory(file_.parent_path());
    thread_ = std::thread([this] { run_writer(); });
}

Database::~Database() {
    {
        const std::lock_guard lock(tasks_mutex_);
        stopping_ = true;
    }
    tasks_changed_.notify_all();
    thread_.join();
}

Database::Reader::Reader(const Database& owner) : database(owner) {
    {
        const std::lock_guard lock(database.readers_mutex_);
        if (!database.readers_.empty()) {
            connection = std::move(database.readers_.back());
            database.readers_.pop_back();
        }
    }
    if (!connection) {
        connection = std::make_unique<Connection>(database.file_, Connection::Mode::reader);
    }
    connection->run("BEGIN");
}

Database::Reader::~Reader() {
    try {
        connection->run("COMMIT");
    } catch (const Error&) {
        return;  // A reader that cannot end its transaction is closed and replaced.
    }
    const std::lock_guard lock(database.readers_mutex_);
    if (database.readers_.size() < max_idle_readers) {
        database.readers_.push_back(std::move(connection));
    }
}

bool Database::is_sound() const {
    return read([](Connection& connection) {
        Statement statement = connection.query("PRAGMA quick_check(1)");
        return statement.step() && statement.text(0) == "ok";
    });
}

void Database::run_write(const std::function<void(Connection&)>& action) {
    Task task{&action};
    std::unique_lock lock(tasks_mutex_);
    if (stopping_) throw Error(ErrorCode::unavailable, "the server is stopping");
    tasks_.push_back(&task);
    tasks_changed_.notify_one();
    tasks_done_.wait(lock, [&] { return task.done; });
    lock.unlock();
    if (task.error) std::rethrow_exception(task.error);
}

void Database::run_writer() {
    std::unique_lock lock(tasks_mutex_);
    while (true) {
        tasks_changed_.wait(lock, [&] { return stopping_ || !tasks_.empty(); });
        if (tasks_.empty()) return;
        std::vector<Task*> batch;
        while (!tasks_.empty() && batch.size() < max_batch) {
            batch.push_back(tasks_.front());
            tasks_.pop_front();
        }
        lock.unlock();
        commit_together(batch);
        lock.lock();
        for (Task* task : batch) task->done = true;
        tasks_done_.notify_all();
    }
}

// Runs one task between a savepoint and its release. False if the whole transaction is gone.
bool Database::run_task(Task& task) {
    try {
        writer_.run("SAVEPOINT task");
        (*task.action)(writer_);
        writer_.run("RELEASE task");
    } catch (...) {
        task.error = std::current_exception();
        if (!writer_.in_transaction()) return false;
        writer_.run("ROLLBACK TO task");
        writer_.run("RELEASE task");
    }
    return true;
}

void Database::commit_together(std::vector<Task*>& batch) {
    try {
        writer_.run("BEGIN IMMEDIATE");
        for (Task* task : batch) {
            if (!run_task(*task)) {
                throw Error(ErrorCode::unavailable,
                            "the database could not keep the change; try again");
            }
        }
        writer_.run("COMMIT");
    } catch (const Error& error) {
        // An I/O error in a commit is a failed fsync or may hide one: what is on disk is unknown.
        if (error.code() == ErrorCode::internal) stop_after_failed_sync(error.what());
        for (Task* task : batch) {
            if (!task->error) task->error = std::current_exception();
        }
        try {
            if (writer_.in_transaction()) writer_.run("ROLLBACK");
        } catch (const Error& again) {
            stop_after_failed_sync(again.what());
        }
    }
}

}  // namespace oort
