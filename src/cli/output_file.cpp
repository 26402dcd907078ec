// SPDX-License-Identifier: Apache-2.0
#include "cli/output_file.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <utility>

#include "base/error.h"
#include "base/id.h"

namespace oort {

namespace {

std::filesystem::perms permissions_of_new_files() {
    const mode_t mask = ::umask(0);
    ::umask(mask);
    return static_cast<std::filesystem::perms>(0666U & ~mask);
}

std::filesystem::path beside(const std::filesystem::path& path) {
    return path.parent_path() / fmt::format(".{}.{}.tmp", path.filename().string(), new_id());
}

}  // namespace

OutputFile::OutputFile(std::filesystem::path path)
    : path_(std::move(path)), temporary_(beside(path_)) {
    if (path_.filename().empty() || std::filesystem::is_directory(path_)) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("{} is a folder, not a file to write", path_.string()));
    }
    if (path_.has_parent_path() && !std::filesystem::is_directory(path_.parent_path())) {
        throw Error(ErrorCode::not_found,
                    fmt::format("{} is not a folder", path_.parent_path().string()));
    }
    file_.emplace(temporary_, File::Mode::create_new);
}

OutputFile::~OutputFile() {
    if (!file_) return;
    std::error_code ignored;
    std::filesystem::remove(temporary_, ignored);
}

void OutputFile::commit() {
    std::filesystem::permissions(temporary_, permissions_of_new_files());
    std::filesystem::rename(temporary_, path_);
    file_.reset();
}

}  // namespace oort
