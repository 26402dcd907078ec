// SPDX-License-Identifier: Apache-2.0
// The schema, as a numbered list of steps that only ever grows. `user_version` says how many have
// run.
#pragma once

#include <filesystem>

#include "store/sqlite.h"

namespace oort {

/// How many steps this program knows.
int schema_version() noexcept;

/// Brings the database to this program's schema, one transaction a step; before the first step that
/// changes an existing database a copy is put beside `file`.
/// Throws Error(unavailable) if the database was written by a newer program.
void migrate(Connection& connection, const std::filesystem::path& file);

}  // namespace oort
