// SPDX-License-Identifier: Apache-2.0
// The store: everything a server keeps, in one folder (0700) that one process at a time may own.
//     oort.sqlite          rows
//     blobs/, uploads/     content by SHA-256, and what is still coming
//     cache/               derived data; may be removed at any time
//     token                the API token in clear (0600)
//     worker_token         the worker processes' (0600)
//     lock                 held while a server runs
#pragma once

#include <filesystem>

#include "base/file.h"
#include "store/access.h"
#include "store/blobs.h"
#include "store/database.h"

namespace oort {

/// Thread-safe through its parts.
class Store {
  public:
    /// Makes the folder on the first start. Throws Error(conflict) if another server runs on it,
    /// Error(unavailable) if a newer program wrote it.
    explicit Store(const std::filesystem::path& folder);

    Database& database() noexcept { return database_; }

    BlobStore& blobs() noexcept { return blobs_; }

    Access& access() noexcept { return access_; }

    const Access& access() const noexcept { return access_; }

    const std::filesystem::path& folder() const noexcept { return folder_; }

    std::filesystem::path cache_folder() const { return folder_ / "cache"; }

    std::filesystem::path worker_token_file() const { return folder_ / "worker_token"; }

    /// Bytes that can still be written.
    std::uint64_t free_bytes() const;

  private:
    std::filesystem::path folder_;
    File lock_;
    Database database_;
    BlobStore blobs_;
    Access access_;
};

}  // namespace oort
