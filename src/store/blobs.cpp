// SPDX-License-Identifier: Apache-2.0
#include "store/blobs.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/error.h"
#include "base/log.h"
#include "store/database.h"

namespace oort {

namespace {

// A client that comes back later than this sends the blob from its beginning.
constexpr std::chrono::hours max_part_age{7 * 24};
constexpr std::size_t max_paused = 1024;
constexpr std::size_t read_bytes = std::size_t{1} << 20;

// A failed fsync is never tried again: the kernel may have dropped the pages and forgotten.
template <class Action>
void sync_or_stop(Action&& action) {
    try {
        action();
    } catch (const Error& error) {
        stop_after_failed_sync(error.what());
    }
}

std::optional<std::uint64_t> size_of(const std::filesystem::path& path) {
    const auto file = File::open_if_exists(path, File::Mode::read);
    return file ? std::optional(file->size()) : std::nullopt;
}

}  // namespace

BlobUpload::BlobUpload(BlobStore& store, const Digest& digest, std::uint64_t length)
    : store_(store), digest_(digest), length_(length) {}

BlobUpload::~BlobUpload() {
    // A cut connection leaves a good beginning: it is made durable so that the next request can go
    // on.
    if (resumable_) sync_or_stop([&] { file_->sync(); });
    const std::lock_guard lock(store_.mutex_);
    store_.writing_.erase(digest_);
    if (resumable_ && store_.paused_.size() < max_paused) {
        store_.paused_.insert_or_assign(digest_, BlobStore::Running{std::move(hash_), offset_});
    }
}

void BlobUpload::resume(std::uint64_t offset) {
    std::optional<BlobStore::Running> paused;
    {
        const std::lock_guard lock(store_.mutex_);
        if (store_.size(digest_))
            throw Error(ErrorCode::unavailable, "the blob has just been completed");
        if (auto found = store_.paused_.extract(digest_)) paused = std::move(found.mapped());
    }
    const auto part = store_.part_path(digest_);
    file_ = File::open_if_exists(part, File::Mode::update);
    offset_ = file_ ? file_->size() : 0;
    const bool hashed = paused && paused->offset == offset_;
    if (hashed) hash_ = std::move(paused->hash);
    resumable_ = hashed;
    if (offset != offset_) {
        throw Error(
            ErrorCode::conflict,
            fmt::format("Upload-Offset {} is not where the blob ends: {}", offset, offset_));
    }
    if (offset_ > length_) {
        throw Error(
            ErrorCode::invalid_argument,
            fmt::format("Upload-Length {} is less than the {} bytes kept", length_, offset_));
    }
    if (!file_) {
        file_.emplace(part, File::Mode::create_new);
        sync_or_stop([&] { sync_directory(part.parent_path()); });
    } else if (!hashed) {
        hash_existing();
    }
    resumable_ = true;
}

void BlobUpload::hash_existing() {
    std::vector<std::byte> buffer(read_bytes);
    for (std::uint64_t at = 0; at < offset_;) {
        const std::size_t n = file_->read_at(at, buffer);
        if (n == 0)
            throw Error(ErrorCode::internal, "an upload's file became shorter while it was read");
        hash_.update(std::span(buffer).first(n));
        at += n;
    }
}

void BlobUpload::append(std::span<const std::byte> bytes) {
    if (bytes.size() > length_ - offset_) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("the body is longer than Upload-Length {} allows", length_));
    }
    try {
        file_->write_at(offset_, bytes);
    } catch (const Error&) {
        // What a failed write left behind is unknown: back to the last byte that was hashed.
        file_->truncate(offset_);
        throw;
    }
    hash_.update(bytes);
    offset_ += bytes.size();
}

BlobProgress BlobUpload::finish() {
    sync_or_stop([&] { file_->sync(); });
    if (offset_ == length_) return publish();
    {
        const std::lock_guard lock(store_.mutex_);
        store_.writing_[digest_] = offset_;
    }
    return {.offset = offset_, .length = length_, .complete = false};
}

BlobProgress BlobUpload::publish() {
    resumable_ = false;
    const auto part = store_.part_path(digest_);
    if (hash_.finish() != digest_) {
        ::unlink(part.c_str());
        throw Error(ErrorCode::corrupt, "the bytes received are not those of this SHA-256");
    }
    const auto path = store_.blob_path(digest_);
    store_.ensure_folder(digest_);
    if (::rename(part.c_str(), path.c_str()) != 0) {
        throw Error(ErrorCode::internal,
                    fmt::format("cannot rename {}: {}", part.string(), std::strerror(errno)));
    }
    sync_or_stop([&] { sync_directory(path.parent_path()); });
    return {.offset = offset_, .length = length_, .complete = true};
}

BlobStore::BlobStore(const std::filesystem::path& root) : root_(root) {
    make_private_directory(root_ / "blobs");
    make_private_directory(root_ / "uploads");
    for (const auto& entry : std::filesystem::directory_iterator(root_ / "uploads")) {
        if (!entry.is_regular_file()) continue;
        if (entry.last_write_time() + max_part_age <
            std::filesystem::file_time_type::clock::now()) {
            std::filesystem::remove(entry.path());
        } else {
            File(entry.path(), File::Mode::update).sync();
        }
    }
    sync_directory(root_ / "uploads");
}

std::filesystem::path BlobStore::blob_path(const Digest& digest) const {
    const std::string hex = to_hex(digest);
    return root_ / "blobs" / hex.substr(0, 2) / hex.substr(2, 2) / hex;
}

std::filesystem::path BlobStore::part_path(const Digest& digest) const {
    return root_ / "uploads" / (to_hex(digest) + ".part");
}

// A folder that is there may still be lost to a power cut, whoever made it, until the one above it
// was synced; so that is done once for each folder and process.
void BlobStore::ensure_folder(const Digest& digest) {
    const auto folder = blob_path(digest).parent_path();
    const std::lock_guard lock(folders_mutex_);
    if (durable_folders_.contains(folder)) return;
    make_private_directory(folder);
    sync_or_stop([&] {
        sync_directory(folder.parent_path());
        sync_directory(folder.parent_path().parent_path());
    });
    durable_folders_.insert(folder);
}

std::optional<std::uint64_t> BlobStore::size(const Digest& digest) const {
    return size_of(blob_path(digest));
}

BlobProgress BlobStore::progress(const Digest& digest) const {
    const std::lock_guard lock(mutex_);
    if (const auto whole = size(digest)) {
        return {.offset = *whole, .length = whole, .complete = true};
    }
    if (const auto found = writing_.find(digest); found != writing_.end()) {
        return {.offset = found->second, .length = std::nullopt, .complete = false};
    }
    return {.offset = size_of(part_path(digest)).value_or(0),
            .length = std::nullopt,
            .complete = false};
}

File BlobStore::open(const Digest& digest) const {
    auto file = File::open_if_exists(blob_path(digest), File::Mode::read);
    if (!file) throw Error(ErrorCode::not_found, "there is no such blob");
    return std::move(*file);
}

std::filesystem::path BlobStore::path(const Digest& digest) const {
    if (!size(digest)) throw Error(ErrorCode::not_found, "there is no such blob");
    return blob_path(digest);
}

std::unique_ptr<BlobUpload> BlobStore::upload(const Digest& digest,
                                              std::uint64_t offset,
                                              std::uint64_t length) {
    {
        const std::lock_guard lock(mutex_);
        const std::uint64_t durable = size_of(part_path(digest)).value_or(0);
        if (!writing_.try_emplace(digest, durable).second) return nullptr;
    }
    // The constructor is private, so make_unique cannot reach it.
    std::unique_ptr<BlobUpload> upload(new BlobUpload(*this, digest, length));
    upload->resume(offset);
    return upload;
}

Digest BlobStore::keep(std::span<const std::byte> bytes) {
    const Digest digest = sha256(bytes);
    for (int attempt = 0; attempt < 100; ++attempt) {
        if (size(digest)) return digest;
        const std::uint64_t offset = progress(digest).offset;
        try {
            if (const auto writing = upload(digest, offset, bytes.size())) {
                writing->append(bytes.subspan(static_cast<std::size_t>(offset)));
                writing->finish();
                continue;
            }
        } catch (const Error& error) {
            // Somebody who sends the same bytes was faster, or is at another place by now.
            if (error.code() != ErrorCode::conflict && !size(digest)) throw;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    throw Error(ErrorCode::unavailable, "somebody else is sending the same bytes; try again");
}

}  // namespace oort
