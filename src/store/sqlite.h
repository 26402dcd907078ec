// SPDX-License-Identifier: Apache-2.0
// SQLite behind names of ours; sqlite.cpp alone sees the C API. Values always travel as parameters,
// never inside the text of a statement. The texts write $1, $2, … so that a second database can
// read them too.
#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>

#include "base/sha256.h"

struct sqlite3;
struct sqlite3_stmt;

namespace oort {

/// One bound value. Text and bytes are copied when the statement is bound.
class SqlParameter {
  public:
    SqlParameter(std::nullptr_t) {}  // NOLINT

    SqlParameter(std::int64_t value) : value_(value) {}  // NOLINT

    SqlParameter(int value) : value_(std::int64_t{value}) {}  // NOLINT

    SqlParameter(double value) : value_(value) {}  // NOLINT

    SqlParameter(std::string_view value) : value_(value) {}  // NOLINT

    SqlParameter(const std::string& value) : value_(std::string_view(value)) {}  // NOLINT

    SqlParameter(const char* value) : value_(std::string_view(value)) {}  // NOLINT

    SqlParameter(const Digest& value) : value_(std::span<const std::uint8_t>(value)) {}  // NOLINT

    template <class T>
    SqlParameter(const std::optional<T>& value) {  // NOLINT
        if (value) value_ = SqlParameter(*value).value_;
    }

  private:
    friend class Connection;
    std::variant<std::monostate,
                 std::int64_t,
                 double,
                 std::string_view,
                 std::span<const std::uint8_t>>
        value_;
};

/// Rows of one query, one at a time. Columns count from 0. Ends when it is destroyed.
class Statement {
  public:
    Statement(Statement&& other) noexcept;
    Statement& operator=(Statement&&) = delete;
    ~Statement();

    /// Moves to the next row; false when there is none.
    bool step();

    bool is_null(int column) const;
    std::int64_t integer(int column) const;
    double real(int column) const;
    std::string text(int column) const;
    std::optional<Digest> digest(int column) const;
    std::optional<std::int64_t> optional_integer(int column) const;
    std::optional<double> optional_real(int column) const;
    std::optional<std::string> optional_text(int column) const;

  private:
    friend class Connection;
    enum class Owner { cache, self };

    Statement(sqlite3* database, sqlite3_stmt* statement, Owner owner)
        : database_(database), statement_(statement), owner_(owner) {}

    sqlite3* database_;
    sqlite3_stmt* statement_;
    Owner owner_;
};

/// One connection, used by one thread at a time.
class Connection {
  public:
    enum class Mode {
        writer,   ///< creates the file; WAL, synchronous=FULL
        reader,   ///< read-only; a statement that runs longer than ten seconds is stopped
        inspect,  ///< read-only, for a file that may be damaged or absent: no pragmas that write
    };

    /// Throws Error(corrupt) if the file is no database, Error(internal) if it cannot be opened.
    Connection(const std::filesystem::path& file, Mode mode);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection();

    /// Throws Error: conflict for a broken constraint, unavailable for a full disk or a busy
    /// database, corrupt for a damaged file, internal for the rest.
    Statement query(std::string_view sql, std::initializer_list<SqlParameter> parameters = {});

    /// Runs a statement to its end and says how many rows it changed.
    std::int64_t run(std::string_view sql, std::initializer_list<SqlParameter> parameters = {});

    /// Several statements without parameters: the text of a migration.
    void run_script(const std::string& sql);

    std::int64_t last_insert_id() const;

    /// Whether a transaction is open. Some errors (a full disk) end it by themselves.
    bool in_transaction() const;

  private:
    static int check_deadline(void* self);

    sqlite3* database_ = nullptr;
    std::unordered_map<std::string, sqlite3_stmt*> statements_;
    double deadline_s_ = 0;
};

/// "3.40.1": the version of the library that runs.
std::string_view sqlite_version() noexcept;

}  // namespace oort
