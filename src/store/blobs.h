// SPDX-License-Identifier: Apache-2.0
// Blobs: opaque bytes on the local disk, named by their SHA-256. A blob is there whole or not at
// all:
//     blobs/ab/cd/<64 hex>    complete, verified, never changed again
//     uploads/<64 hex>.part   the first bytes of one that is still coming
// Paths are made from parsed digests only, so no text from outside ever becomes part of one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>

#include "base/file.h"
#include "base/sha256.h"

namespace oort {

class BlobStore;

/// How much of a blob is on disk.
struct BlobProgress {
    std::uint64_t offset = 0;             ///< bytes that survive a power cut
    std::optional<std::uint64_t> length;  ///< of the whole blob, if known
    bool complete = false;
};

/// The right to append to one blob; nobody else has it while this object lives. Not thread-safe.
class BlobUpload {
  public:
    ~BlobUpload();
    BlobUpload(const BlobUpload&) = delete;
    BlobUpload& operator=(const BlobUpload&) = delete;

    /// Throws Error(invalid_argument) beyond the announced length; Error(unavailable) if the disk
    /// is full.
    void append(std::span<const std::byte> bytes);

    /// Makes what came durable; if that is the whole blob, verifies it and publishes it under its
    /// name. Throws Error(corrupt) if the bytes are not those of the digest; they are dropped then.
    BlobProgress finish();

  private:
    friend class BlobStore;
    BlobUpload(BlobStore& store, const Digest& digest, std::uint64_t length);
    void resume(std::uint64_t offset);
    void hash_existing();
    BlobProgress publish();

    BlobStore& store_;
    Digest digest_;
    std::uint64_t length_;
    std::uint64_t offset_ = 0;
    std::optional<File> file_;
    Sha256 hash_;
    bool resumable_ = false;  ///< the file holds what hash_ has seen, so a later request may go on
};

/// Thread-safe. One process at a time may own the folder.
class BlobStore {
  public:
    /// Makes the folders if absent, and what is found under uploads/ durable, or removes it if
    /// nobody went on with it for a week.
    explicit BlobStore(const std::filesystem::path& root);

    /// Bytes in the complete blob; nothing if there is none.
    std::optional<std::uint64_t> size(const Digest& digest) const;

    BlobProgress progress(const Digest& digest) const;

    /// Throws Error(not_found) if there is no complete blob.
    File open(const Digest& digest) const;

    /// Where a complete blob lies, for reading only. Throws Error(not_found).
    std::filesystem::path path(const Digest& digest) const;

    /// Begins or goes on with an upload at `offset`. Null if somebody else is writing this blob.
    /// Throws Error(conflict) if offset is not where the durable bytes end, Error(invalid_argument)
    /// if length is less than what is there already, Error(unavailable) if the blob was completed
    /// meanwhile.
    std::unique_ptr<BlobUpload> upload(const Digest& digest,
                                       std::uint64_t offset,
                                       std::uint64_t length);

    /// Makes a blob of bytes that are all at hand and returns its name once it is durable. Throws
    /// Error(unavailable) if the disk is full or somebody else is sending the same bytes slowly.
    Digest keep(std::span<const std::byte> bytes);

  private:
    friend class BlobUpload;

    struct Running {
        Sha256 hash;
        std::uint64_t offset;
    };

    std::filesystem::path blob_path(const Digest& digest) const;
    std::filesystem::path part_path(const Digest& digest) const;
    void ensure_folder(const Digest& digest);

    std::filesystem::path root_;
    mutable std::mutex mutex_;
    std::map<Digest, std::uint64_t> writing_;  ///< durable bytes of the blobs being written
    std::map<Digest, Running> paused_;  ///< hashes of partial blobs, so that none is read again
    std::mutex folders_mutex_;
    std::set<std::filesystem::path> durable_folders_;  ///< known to survive a power cut
};

}  // namespace oort
