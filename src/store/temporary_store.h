// SPDX-License-Identifier: Apache-2.0
// For tests: a folder that vanishes, and a digest at hand.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/id.h"
#include "base/sha256.h"
#include "store/blobs.h"

namespace oort {

class TemporaryFolder {
  public:
    TemporaryFolder() : path_(std::filesystem::temp_directory_path() / ("oort-" + new_id())) {
        std::filesystem::create_directory(path_);
    }

    ~TemporaryFolder() { std::filesystem::remove_all(path_); }

    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

inline std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

/// Puts a whole blob into the store.
inline Digest put_blob(BlobStore& blobs, std::string_view content) {
    const Digest digest = sha256(content);
    const auto upload = blobs.upload(digest, 0, content.size());
    upload->append(bytes_of(content));
    upload->finish();
    return digest;
}

/// What a failing disk does: one byte of a stored blob is another one from now on.
inline void damage_blob(const BlobStore& blobs, const Digest& digest, std::uint64_t at) {
    File file(blobs.path(digest), File::Mode::update);
    std::byte byte{};
    file.read_at(at, std::span(&byte, 1));
    byte ^= std::byte{1};
    file.write_at(at, std::span(&byte, 1));
}

}  // namespace oort
