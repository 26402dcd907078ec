// SPDX-License-Identifier: Apache-2.0
#include "store/migrations.h"

#include <fmt/format.h>

#include <array>
#include <string>

#include "base/error.h"
#include "base/log.h"

namespace oort {

namespace {

// Values that are NaN are kept as NULL, because SQLite keeps no NaN. A context of none is ''.
constexpr const char* step_1 = R"sql(
CREATE TABLE workspaces (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE projects (
    id INTEGER PRIMARY KEY,
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (workspace_id, name)
) STRICT;

CREATE TABLE experiments (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    project_id INTEGER NOT NULL REFERENCES projects (id),
    name TEXT,
    state TEXT NOT NULL CHECK (state IN ('running', 'finished')),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    ended_at INTEGER,
    step INTEGER,
    epoch INTEGER
) STRICT;
CREATE INDEX experiments_by_project ON experiments (project_id, created_at, id);
CREATE INDEX experiments_by_time ON experiments (created_at, id);

CREATE TABLE writers (
    experiment_id INTEGER NOT NULL REFERENCES experiments (id),
    writer TEXT NOT NULL,
    n_applied INTEGER NOT NULL,
    PRIMARY KEY (experiment_id, writer)
) STRICT, WITHOUT ROWID;

CREATE TABLE assets (
    row_id INTEGER PRIMARY KEY,
    experiment_id INTEGER NOT NULL REFERENCES experiments (id),
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    size INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    content_type TEXT NOT NULL,
    step INTEGER,
    epoch INTEGER,
    context TEXT,
    group_name TEXT,
    metadata TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (experiment_id, id)
) STRICT;
CREATE INDEX assets_by_type ON assets (experiment_id, type, row_id);

CREATE TABLE metrics (
    id INTEGER PRIMARY KEY,
    experiment_id INTEGER NOT NULL REFERENCES experiments (id),
    name TEXT NOT NULL,
    context TEXT NOT NULL,
    n_points INTEGER NOT NULL,
    last REAL,
    minimum REAL,
    maximum REAL,
    last_step INTEGER,
    UNIQUE (experiment_id, name, context)
) STRICT;

CREATE TABLE metric_points (
    metric_id INTEGER NOT NULL REFERENCES metrics (id),
    number INTEGER NOT NULL,
    step INTEGER,
    epoch INTEGER,
    logged_at INTEGER NOT NULL,
    value REAL,
    PRIMARY KEY (metric_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE parameters (
    id INTEGER PRIMARY KEY,
    experiment_id INTEGER NOT NULL REFERENCES experiments (id),
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    step INTEGER,
    logged_at INTEGER NOT NULL,
    UNIQUE (experiment_id, name)
) STRICT;

CREATE TABLE other (
    id INTEGER PRIMARY KEY,
    experiment_id INTEGER NOT NULL REFERENCES experiments (id),
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    step INTEGER,
    logged_at INTEGER NOT NULL,
    UNIQUE (experiment_id, name)
) STRICT;

CREATE TABLE tags (
    experiment_id INTEGER NOT NULL REFERENCES experiments (id),
    tag TEXT NOT NULL,
    PRIMARY KEY (experiment_id, tag)
) STRICT, WITHOUT ROWID;

CREATE TABLE experiment_panels (
    experiment_id INTEGER PRIMARY KEY REFERENCES experiments (id),
    revision INTEGER NOT NULL,
    panels TEXT NOT NULL
) STRICT;

CREATE TABLE project_panels (
    project_id INTEGER PRIMARY KEY REFERENCES projects (id),
    revision INTEGER NOT NULL,
    panels TEXT NOT NULL
) STRICT;

CREATE TABLE tokens (
    hash BLOB PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    hash BLOB PRIMARY KEY,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE codes (
    hash BLOB PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

// Blobs are named by their digest. A lease is there whole or not at all.
constexpr const char* step_2 = R"sql(
CREATE TABLE projections (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (
        state IN ('queued', 'running', 'paused', 'stopped', 'done', 'failed', 'cancelled')),
    request TEXT NOT NULL,
    points BLOB NOT NULL,
    n_points INTEGER NOT NULL,
    n_dims INTEGER NOT NULL,
    order_seed INTEGER NOT NULL,
    selected_rows BLOB,
    n_rows INTEGER NOT NULL,
    labels BLOB,
    supervise_by TEXT NOT NULL,
    estimated_seconds REAL NOT NULL,
    estimated_bytes INTEGER NOT NULL,
    place INTEGER NOT NULL,
    n_attempts INTEGER NOT NULL,
    lease TEXT UNIQUE,
    worker TEXT,
    supervisor TEXT,
    lease_expires_at INTEGER,
    progress TEXT NOT NULL,
    layout BLOB,
    report TEXT NOT NULL,
    error_code TEXT,
    error_message TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CHECK ((lease IS NULL) = (lease_expires_at IS NULL)),
    CHECK (state <> 'done' OR layout IS NOT NULL),
    CHECK (lease IS NULL OR state IN ('running', 'paused', 'stopped')),
    CHECK (state <> 'running' OR lease IS NOT NULL)
) STRICT;
CREATE INDEX projections_by_place ON projections (state, place);
)sql";

constexpr std::array steps{step_1, step_2};

}  // namespace

int schema_version() noexcept {
    return static_cast<int>(steps.size());
}

void migrate(Connection& connection, const std::filesystem::path& file) {
    std::int64_t version = 0;
    {
        Statement statement = connection.query("PRAGMA user_version");
        if (statement.step()) version = statement.integer(0);
    }
    if (version > schema_version()) {
        throw Error(
            ErrorCode::unavailable,
            fmt::format("the data was written by a newer program (schema {}, this one knows {}): "
                        "run that program, or give another --data folder",
                        version,
                        schema_version()));
    }
    if (version > 0 && version < schema_version()) {
        const auto copy = file.string() + fmt::format(".before-{}", version + 1);
        std::filesystem::remove(copy);
        connection.run("VACUUM INTO $1", {copy});
    }
    for (auto step = static_cast<std::size_t>(version); step < steps.size(); ++step) {
        log_info("database: schema step {}", step + 1);
        // user_version is part of the transaction, so a step is there with its number or not at
        // all.
        connection.run_script(fmt::format(
            "BEGIN IMMEDIATE;{}PRAGMA user_version = {}; COMMIT;", steps[step], step + 1));
    }
}

}  // namespace oort
