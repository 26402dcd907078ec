// SPDX-License-Identifier: Apache-2.0
// A file that is there as a whole or not at all.
#pragma once

#include <filesystem>
#include <optional>

#include "base/file.h"

namespace oort {

/// A new file beside `path` that takes its place on commit() and vanishes without it. Made at once,
/// so that a folder that cannot be written to is found before anything is computed.
class OutputFile {
  public:
    explicit OutputFile(std::filesystem::path path);
    ~OutputFile();
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;

    File& file() noexcept { return *file_; }

    /// With the permissions that the person's umask gives new files.
    void commit();

  private:
    std::filesystem::path path_;
    std::filesystem::path temporary_;
    std::optional<File> file_;
};

}  // namespace oort
