// SPDX-License-Identifier: Apache-2.0
#include "store/access.h"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/id.h"

namespace oort {

namespace {

constexpr Milliseconds code_lifetime_ms = 10 * 60 * 1000;
constexpr Milliseconds session_lifetime_ms = Milliseconds{7} * 24 * 3600 * 1000;
constexpr std::string_view token_prefix = "oort_";
constexpr std::string_view worker_token_prefix = "oortw_";
constexpr std::size_t token_chars = 43;  // 256 bits
constexpr std::size_t code_chars = 32;

std::string read_or_make_token(const std::filesystem::path& file, std::string_view prefix) {
    if (std::filesystem::exists(file)) {
        std::string token = read_file(file);
        while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
        const bool sound =
            token.size() == prefix.size() + token_chars && token.starts_with(prefix) &&
            std::all_of(token.begin() + prefix.size(), token.end(), [](char c) {
                return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
            });
        if (!sound) {
            throw Error(
                ErrorCode::invalid_argument,
                fmt::format("the file \"{}\" in the data folder holds no token: remove it, and "
                            "a new one is made",
                            file.filename().string()));
        }
        return token;
    }
    std::string token = std::string(prefix) + random_secret(token_chars);
    write_file_durably(file, token + "\n");
    return token;
}

// Constant in time whatever the content, although an attacker learns nothing from comparing hashes.
bool equal(const Digest& a, const Digest& b) {
    return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

Access::Access(Database& database,
               const std::filesystem::path& token_file,
               const std::filesystem::path& worker_token_file)
    : database_(database),
      api_token_(read_or_make_token(token_file, token_prefix)),
      api_hash_(sha256(api_token_)),
      worker_hash_(sha256(read_or_make_token(worker_token_file, worker_token_prefix))) {
    for (const auto& file : {token_file, worker_token_file}) {
        std::filesystem::permissions(
            file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    }
    database_.write([&](Connection& connection) {
        // A new token file makes the old token worthless, and with it all that was let in by it.
        Statement known = connection.query("SELECT 1 FROM tokens WHERE hash = $1", {api_hash_});
        if (!known.step()) {
            connection.run("DELETE FROM tokens WHERE name = 'owner'");
            connection.run("DELETE FROM sessions");
            connection.run("DELETE FROM codes");
            connection.run("INSERT INTO tokens VALUES ($1, 'owner', $2)", {api_hash_, now()});
        }
        connection.run("DELETE FROM sessions WHERE expires_at <= $1", {now()});
        connection.run("DELETE FROM codes WHERE expires_at <= $1", {now()});
    });
    database_.read([&](Connection& connection) {
        Statement rows = connection.query("SELECT hash, expires_at FROM sessions");
        while (rows.step()) {
            if (const auto hash = rows.digest(0)) sessions_[*hash] = rows.integer(1);
        }
    });
}

bool Access::is_api_token(std::string_view secret) const {
    return equal(sha256(secret), api_hash_);
}

bool Access::is_worker_token(std::string_view secret) const {
    return equal(sha256(secret), worker_hash_);
}

bool Access::may_enter(std::string_view secret) const {
    const Digest hash = sha256(secret);
    if (equal(hash, api_hash_)) return true;
    const std::shared_lock lock(mutex_);
    const auto found = sessions_.find(hash);
    return found != sessions_.end() && equal(found->first, hash) && found->second > now();
}

Secret Access::make_code() {
    Secret code{.text = random_secret(code_chars), .expires_at = now() + code_lifetime_ms};
    database_.write([&](Connection& connection) {
        connection.run("DELETE FROM codes WHERE expires_at <= $1", {now()});
        connection.run("INSERT INTO codes VALUES ($1, $2)", {sha256(code.text), code.expires_at});
    });
    return code;
}

std::optional<Secret> Access::exchange_code(std::string_view code) {
    const auto session = database_.write([&](Connection& connection) -> std::optional<Secret> {
        const std::int64_t n_removed = connection.run(
            "DELETE FROM codes WHERE hash = $1 AND expires_at > $2", {sha256(code), now()});
        return n_removed == 1 ? std::optional(keep_session(connection)) : std::nullopt;
    });
    if (session) remember(*session);
    return session;
}

Secret Access::make_session() {
    Secret session =
        database_.write([&](Connection& connection) { return keep_session(connection); });
    remember(session);
    return session;
}

void Access::end_session(std::string_view secret) {
    const Digest hash = sha256(secret);
    database_.write([&](Connection& connection) {
        connection.run("DELETE FROM sessions WHERE hash = $1", {hash});
    });
    const std::lock_guard lock(mutex_);
    sessions_.erase(hash);
}

Secret Access::keep_session(Connection& connection) const {
    Secret session{.text = "oorts_" + random_secret(token_chars),
                   .expires_at = now() + session_lifetime_ms};
    connection.run("DELETE FROM sessions WHERE expires_at <= $1", {now()});
    connection.run("INSERT INTO sessions VALUES ($1, $2, $3)",
                   {sha256(session.text), now(), session.expires_at});
    return session;
}

void Access::remember(const Secret& session) {
    const std::lock_guard lock(mutex_);
    std::erase_if(sessions_, [](const auto& known) { return known.second <= now(); });
    sessions_[sha256(session.text)] = session.expires_at;
}

}  // namespace oort
