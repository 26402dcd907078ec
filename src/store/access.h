// SPDX-License-Identifier: Apache-2.0
// Who may come in. Secrets are kept as SHA-256 only: they have 190 bits or more, so nothing slower
// is needed, and a copy of the database opens no door.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/sha256.h"
#include "base/time.h"
#include "store/database.h"

namespace oort {

/// A secret just made, shown once, and when it stops working.
struct Secret {
    std::string text;
    Milliseconds expires_at;
};

/// Thread-safe. Checks run in memory; changes are on disk before they are told.
class Access {
  public:
    /// Reads the API token and the workers' from their files; makes one (file 0600) where there is
    /// none.
    Access(Database& database,
           const std::filesystem::path& token_file,
           const std::filesystem::path& worker_token_file);

    /// The API token in clear, for `server.json` and the ready file.
    const std::string& api_token() const noexcept { return api_token_; }

    /// Whether the secret is the API token or a session that has not expired.
    bool may_enter(std::string_view secret) const;

    bool is_api_token(std::string_view secret) const;

    /// Whether the secret is the one of worker processes, which opens nothing else.
    bool is_worker_token(std::string_view secret) const;

    /// A code that can be exchanged once, within ten minutes, for a session.
    Secret make_code();

    /// Nothing if the code is unknown, used or too old.
    std::optional<Secret> exchange_code(std::string_view code);

    Secret make_session();

    /// The session is no more, also after a restart. What is no session changes nothing.
    void end_session(std::string_view secret);

  private:
    Secret keep_session(Connection& connection) const;
    void remember(const Secret& session);

    Database& database_;
    std::string api_token_;
    Digest api_hash_{};
    Digest worker_hash_{};
    mutable std::shared_mutex mutex_;
    std::map<Digest, Milliseconds> sessions_;  ///< hash → when it expires
};

}  // namespace oort
