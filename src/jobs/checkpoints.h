// SPDX-License-Identifier: Apache-2.0
// Checkpoints: where a computation can go on, one file a projection. Derived data: a lost or
// damaged one costs time, nothing else, so they are not synced and lie in the cache.
//     layout (float32) · what Projection::checkpoint() gave · SHA-256 of all before it
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/sha256.h"

namespace oort {

/// Thread-safe: files are replaced as a whole.
class Checkpoints {
  public:
    /// One on its way. Not kept unless finish() is called.
    class Writer {
      public:
        Writer(const Checkpoints& checkpoints, const std::string& key);
        ~Writer();
        Writer(const Writer&) = delete;
        Writer& operator=(const Writer&) = delete;
        void append(std::span<const std::byte> bytes);
        void finish();

      private:
        std::filesystem::path path_;
        std::filesystem::path temporary_;
        File file_;
        Sha256 hash_;
    };

    /// Makes the folder if absent.
    explicit Checkpoints(const std::filesystem::path& folder);

    /// The whole file, its digest included; nothing if there is none.
    std::optional<File> open(const std::string& key) const;

    /// The layout in it; nothing if there is no checkpoint of so large a layout.
    std::optional<std::vector<float>> layout(const std::string& key, std::size_t n_values) const;

    void remove(const std::string& key) const;

  private:
    std::filesystem::path path_of(const std::string& key) const;

    std::filesystem::path folder_;
};

/// What Projection::restore() takes, out of a whole file; nothing if it is damaged or its layout
/// has another size.
std::optional<std::vector<std::byte>> state_of_checkpoint(std::span<const std::byte> file,
                                                          std::size_t layout_bytes);

}  // namespace oort
