// SPDX-License-Identifier: Apache-2.0
#include "store/store.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "base/error.h"

namespace oort {

namespace {

// The umask makes SQLite's files private too: it creates them with the database's own permissions.
std::filesystem::path prepared(const std::filesystem::path& folder) {
    ::umask(0077);
    const auto whole = std::filesystem::absolute(folder).lexically_normal();
    make_private_directory(whole);
    std::filesystem::permissions(whole, std::filesystem::perms::owner_all);
    make_private_directory(whole / "cache");
    return whole;
}

File locked(const std::filesystem::path& path) {
    File lock(path, File::Mode::update);
    if (!lock.try_lock()) {
        throw Error(ErrorCode::conflict,
                    fmt::format("another server is running on {}", path.parent_path().string()));
    }
    return lock;
}

}  // namespace

Store::Store(const std::filesystem::path& folder)
    : folder_(prepared(folder)),
      lock_(locked(folder_ / "lock")),
      database_(folder_ / "oort.sqlite"),
      blobs_(folder_),
      access_(database_, folder_ / "token", worker_token_file()) {}

std::uint64_t Store::free_bytes() const {
    return std::filesystem::space(folder_).available;
}

}  // namespace oort
