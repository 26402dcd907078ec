// SPDX-License-Identifier: Apache-2.0
// The spool: everything a script logged, on disk before it is sent, so that neither a crash of the
// script nor an absent server loses any of it. One folder a writer, `$OORT_HOME/spool/<writer
// id>/`:
//
//     lock            held (flock) by the process that writes or uploads the spool
//     journal.jsonl   one record a line, numbered from 0; a line cut off by a crash does not count
//     blobs/<sha256>  contents that records name
//     sprites/<id>    pictures still to be built into the asset of that id (client/sprite_source.h)
//     rejected.jsonl  {"line","reason","record"}: records that the server refused for good
//     state.json      {"experiment_key","line","offset","url"}: what is acknowledged
//
// Records are numbered on the wire without the rejected ones, so that the rest goes on.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/json.h"

namespace oort {

/// A content in the spool.
struct Blob {
    std::string sha256;  ///< 64 hexadecimal digits
    std::uint64_t size = 0;

    bool operator==(const Blob&) const = default;
};

/// Between two lines of the journal.
struct JournalPosition {
    std::uint64_t line = 0;
    std::uint64_t offset = 0;  ///< bytes

    bool operator==(const JournalPosition&) const = default;
};

struct JournalBatch {
    std::vector<std::string> lines;  ///< without their ends
    std::uint64_t first_line = 0;
    JournalPosition end;
};

/// Writing (append, add_*) may be done from any thread. Reading and acknowledging is for one
/// thread.
class Spool {
  public:
    /// A new spool with a new writer id under `directory`, locked. max_bytes bounds what it may
    /// hold unacknowledged; 0: no bound.
    static std::unique_ptr<Spool> create(const std::filesystem::path& directory,
                                         const std::string& experiment_key,
                                         std::uint64_t max_bytes = 0);

    /// The spool in that folder, locked; nothing if a living process holds it or it holds no record
    /// at all (then it is removed). Throws Error(corrupt) if the folder is no spool.
    static std::unique_ptr<Spool> open(const std::filesystem::path& path);

    const std::filesystem::path& path() const noexcept { return path_; }

    const std::string& writer() const noexcept { return writer_; }

    const std::string& experiment_key() const noexcept { return experiment_key_; }

    // Writing. All throw Error(unavailable) if the disk or the spool is full; then nothing was
    // added.

    /// Adds records as one piece: after a crash of this process all of them are there, or a leading
    /// part.
    void append(std::span<const JsonObject> records);

    /// Copies a content into the spool, hashing while it writes. The caller then appends exactly
    /// one record that names it; until that one is acknowledged, the content stays.
    Blob add_blob(std::span<const std::byte> bytes);

    Blob add_blob(std::string_view text) { return add_blob(std::as_bytes(std::span(text))); }

    /// Copies a file. Throws Error(invalid_argument) if it cannot be read.
    Blob add_file(const std::filesystem::path& file);

    /// Where the picture to be built for that asset is kept.
    std::filesystem::path sprite_path(std::string_view asset_id) const;
    std::filesystem::path blob_path(std::string_view sha256) const;

    // Reading.

    /// The next whole lines from `from`, at most that many and that many bytes (but at least one
    /// line).
    JournalBatch read(JournalPosition from, std::size_t max_lines, std::size_t max_bytes) const;

    /// Returns once all that was appended so far is on disk.
    void sync();

    JournalPosition acknowledged() const noexcept { return acknowledged_; }

    /// Remembers that everything before `position` is at the server, and drops the contents that
    /// only acknowledged records name. digests: one for each newly acknowledged record that names a
    /// content.
    void acknowledge(JournalPosition position,
                     std::span<const std::string> digests,
                     const std::string& url);

    /// Sets a record that is not acknowledged aside.
    void reject(std::uint64_t line, std::string_view record, std::string_view reason);
    bool is_rejected(std::uint64_t line) const;

    std::size_t n_rejected() const noexcept { return rejected_.size(); }

    /// The number on the wire of the record in that line.
    std::uint64_t wire_number(std::uint64_t line) const;

    /// Where the record with that number on the wire begins, or the journal's end if it has fewer.
    JournalPosition find_wire_number(std::uint64_t number) const;

    std::uint64_t n_lines() const noexcept { return n_lines_.load(); }

    /// Whether every record is acknowledged or rejected.
    bool is_sent() const noexcept { return acknowledged_.line >= n_lines_.load(); }

    /// Bytes written into the spool so far, and how many of them are acknowledged: for a progress
    /// bar.
    std::uint64_t n_bytes_added() const noexcept { return n_bytes_added_.load(); }

    /// Lets another process send the rest. Nothing may be written or acknowledged here afterwards.
    void unlock() { const File released = std::move(lock_); }

    /// Removes the folder. Only for a spool that is sent; one with rejected records becomes
    /// `rejected-<writer id>` instead.
    void remove();

  private:
    Spool(std::filesystem::path path, File lock);
    void load();
    void write_state(const std::string& url) const;
    void check_room(std::uint64_t n_bytes) const;
    bool has_blob(const Blob& blob);
    void keep_blob(const std::filesystem::path& temporary, const Blob& blob);

    std::filesystem::path path_;
    std::string writer_;
    std::string experiment_key_;
    File lock_;

    std::mutex mutex_;  // guards writes to journal_, names_ and the presence of blob files
    File journal_;
    std::map<std::string, std::uint64_t, std::less<>> names_;  // digest -> records not acknowledged
    std::atomic<std::uint64_t> journal_size_ = 0;              // whole lines only
    std::atomic<std::uint64_t> n_lines_ = 0;
    std::atomic<std::uint64_t> n_bytes_added_ = 0;
    std::atomic<std::uint64_t> n_bytes_held_ = 0;
    std::uint64_t max_bytes_ = 0;
    bool keeps_blobs_ = false;  // a spool opened again does not know all names

    JournalPosition acknowledged_;
    std::vector<std::uint64_t> rejected_;  // lines, ascending
};

}  // namespace oort
