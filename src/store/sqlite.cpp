// SPDX-License-Identifier: Apache-2.0
#include "store/sqlite.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/check.h"
#include "base/error.h"

namespace oort {

namespace {

constexpr double max_read_s = 10;
constexpr int steps_between_deadline_checks = 10'000;

double monotonic_s() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

ErrorCode code_of(int result) {
    switch (result & 0xff) {
        case SQLITE_CONSTRAINT: return ErrorCode::conflict;
        case SQLITE_FULL:
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_INTERRUPT: return ErrorCode::unavailable;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB: return ErrorCode::corrupt;
        default: return ErrorCode::internal;
    }
}

[[noreturn]] void fail(sqlite3* database, int result, std::string_view action) {
    throw Error(code_of(result),
                fmt::format("database: cannot {}: {}",
                            action,
                            database ? sqlite3_errmsg(database) : sqlite3_errstr(result)));
}

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_),
      statement_(std::exchange(other.statement_, nullptr)),
      owner_(other.owner_) {}

Statement::~Statement() {
    if (!statement_) return;
    if (owner_ == Owner::self) {
        sqlite3_finalize(statement_);
    } else {
        sqlite3_reset(statement_);
        sqlite3_clear_bindings(statement_);
    }
}

bool Statement::step() {
    const int result = sqlite3_step(statement_);
    if (result == SQLITE_ROW) return true;
    if (result == SQLITE_DONE) return false;
    fail(database_, sqlite3_extended_errcode(database_), "run a statement");
}

bool Statement::is_null(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::int64_t Statement::integer(int column) const {
    return sqlite3_column_int64(statement_, column);
}

double Statement::real(int column) const {
    return sqlite3_column_double(statement_, column);
}

std::string Statement::text(int column) const {
    const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
    return data ? std::string(data, size) : std::string();
}

std::optional<Digest> Statement::digest(int column) const {
    const void* data = sqlite3_column_blob(statement_, column);
    Digest digest;
    if (!data || sqlite3_column_bytes(statement_, column) != static_cast<int>(digest.size())) {
        return std::nullopt;
    }
    std::copy_n(static_cast<const std::uint8_t*>(data), digest.size(), digest.begin());
    return digest;
}

std::optional<std::int64_t> Statement::optional_integer(int column) const {
    return is_null(column) ? std::nullopt : std::optional(integer(column));
}

std::optional<double> Statement::optional_real(int column) const {
    return is_null(column) ? std::nullopt : std::optional(real(column));
}

std::optional<std::string> Statement::optional_text(int column) const {
    return is_null(column) ? std::nullopt : std::optional(text(column));
}

Connection::Connection(const std::filesystem::path& file, Mode mode) {
    const int flags =
        mode == Mode::writer ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
    const int result = sqlite3_open_v2(
        file.c_str(), &database_, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
    try {
        if (result != SQLITE_OK) fail(database_, result, "open the file");
        sqlite3_busy_timeout(database_, 5000);
        sqlite3_limit(database_, SQLITE_LIMIT_ATTACHED, 0);
        sqlite3_db_config(database_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
        sqlite3_db_config(database_, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
        sqlite3_db_config(database_, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
        run_script(
            "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;"
            "PRAGMA foreign_keys = ON;");
        if (mode == Mode::writer) {
            run_script(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                "PRAGMA journal_size_limit = 67108864;");
        } else if (mode == Mode::reader) {
            sqlite3_progress_handler(
                database_, steps_between_deadline_checks, &Connection::check_deadline, this);
        }
    } catch (...) {
        sqlite3_close_v2(database_);
        throw;
    }
}

Connection::~Connection() {
    for (const auto& [text, statement] : statements_) sqlite3_finalize(statement);
    sqlite3_close_v2(database_);
}

int Connection::check_deadline(void* self) {
    return monotonic_s() > static_cast<Connection*>(self)->deadline_s_ ? 1 : 0;
}

Statement Connection::query(std::string_view sql, std::initializer_list<SqlParameter> parameters) {
    deadline_s_ = monotonic_s() + max_read_s;
    auto owner = Statement::Owner::cache;
    auto [found, is_new] = statements_.try_emplace(std::string(sql), nullptr);
    sqlite3_stmt* prepared = found->second;
    if (!prepared || sqlite3_stmt_busy(prepared)) {
        sqlite3_stmt* made = nullptr;
        const int result =
            sqlite3_prepare_v2(database_, sql.data(), static_cast<int>(sql.size()), &made, nullptr);
        if (result != SQLITE_OK) {
            if (is_new) statements_.erase(found);
            fail(database_, result, "prepare a statement");
        }
        if (prepared) {
            owner = Statement::Owner::self;
        } else {
            found->second = made;
        }
        prepared = made;
    }
    Statement statement(database_, prepared, owner);
    int number = 0;
    for (const SqlParameter& parameter : parameters) {
        // By name: SQLite numbers $2, $1 in the order in which they first appear.
        const int index =
            sqlite3_bind_parameter_index(prepared, fmt::format("${}", ++number).c_str());
        CHECK(index > 0);
        const auto bind = [&](const auto& value) {
            using Value = std::decay_t<decltype(value)>;
            if constexpr (std::is_same_v<Value, std::monostate>) {
                return sqlite3_bind_null(prepared, index);
            } else if constexpr (std::is_same_v<Value, std::int64_t>) {
                return sqlite3_bind_int64(prepared, index, value);
            } else if constexpr (std::is_same_v<Value, double>) {
                return sqlite3_bind_double(prepared, index, value);
            } else if constexpr (std::is_same_v<Value, std::string_view>) {
                return sqlite3_bind_text64(
                    prepared, index, value.data(), value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
            } else {
                return sqlite3_bind_blob64(
                    prepared, index, value.data(), value.size(), SQLITE_TRANSIENT);
            }
        };
        const int result = std::visit(bind, parameter.value_);
        if (result != SQLITE_OK) fail(database_, result, "bind a value");
    }
    CHECK(number == sqlite3_bind_parameter_count(prepared));
    return statement;
}

std::int64_t Connection::run(std::string_view sql, std::initializer_list<SqlParameter> parameters) {
    Statement statement = query(sql, parameters);
    while (statement.step()) {
    }
    return sqlite3_changes64(database_);
}

void Connection::run_script(const std::string& sql) {
    deadline_s_ = monotonic_s() + max_read_s;
    const int result = sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr);
    if (result != SQLITE_OK) fail(database_, result, "run a script");
}

std::int64_t Connection::last_insert_id() const {
    return sqlite3_last_insert_rowid(database_);
}

bool Connection::in_transaction() const {
    return sqlite3_get_autocommit(database_) == 0;
}

std::string_view sqlite_version() noexcept {
    return sqlite3_libversion();
}

}  // namespace oort
