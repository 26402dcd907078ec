// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/id.h"

namespace oort {

namespace {

[[noreturn]] void fail(std::string_view action, const std::filesystem::path& path) {
    const int reason = errno;
    const bool full = reason == ENOSPC || reason == EDQUOT;
    throw Error(full ? ErrorCode::unavailable : ErrorCode::internal,
                fmt::format("cannot {} {}: {}", action, path.string(), std::strerror(reason)));
}

int flags_of(File::Mode mode) {
    switch (mode) {
        case File::Mode::read: return O_RDONLY;
        case File::Mode::create_new: return O_RDWR | O_CREAT | O_EXCL;
        case File::Mode::append: return O_RDWR | O_CREAT | O_APPEND;
        case File::Mode::update: return O_RDWR | O_CREAT;
    }
    return O_RDONLY;
}

int open_descriptor(const std::filesystem::path& path, File::Mode mode) {
    return ::open(path.c_str(), flags_of(mode) | O_CLOEXEC | O_NOFOLLOW, 0600);
}

}  // namespace

File::File(const std::filesystem::path& path, Mode mode)
    : descriptor_(open_descriptor(path, mode)), path_(path) {
    if (descriptor_ < 0) fail("open", path);
}

File::~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

File::File(File&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}

File& File::operator=(File&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(path_, other.path_);
    return *this;
}

std::optional<File> File::open_if_exists(const std::filesystem::path& path, Mode mode) {
    const int descriptor =
        ::open(path.c_str(), (flags_of(mode) & ~O_CREAT) | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0) {
        if (errno == ENOENT) return std::nullopt;
        fail("open", path);
    }
    return File(descriptor, path);
}

void File::write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::write(descriptor_, bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) fail("write", path_);
        bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
}

void File::write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t n =
            ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) fail("write", path_);
        bytes = bytes.subspan(static_cast<std::size_t>(n));
        offset += static_cast<std::uint64_t>(n);
    }
}

std::size_t File::read_at(std::uint64_t offset, std::span<std::byte> bytes) const {
    std::size_t total = 0;
    while (total < bytes.size()) {
        const ssize_t n = ::pread(descriptor_,
                                  bytes.data() + total,
                                  bytes.size() - total,
                                  static_cast<off_t>(offset + total));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) fail("read", path_);
        if (n == 0) break;
        total += static_cast<std::size_t>(n);
    }
    return total;
}

std::uint64_t File::size() const {
    struct stat info {};

    if (::fstat(descriptor_, &info) != 0) fail("stat", path_);
    return static_cast<std::uint64_t>(info.st_size);
}

void File::truncate(std::uint64_t size) {
    if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) fail("truncate", path_);
}

void File::sync() {
    if (::fdatasync(descriptor_) != 0) fail("sync", path_);
}

bool File::try_lock() {
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return true;
    if (errno == EWOULDBLOCK) return false;
    fail("lock", path_);
}

MappedFile::MappedFile(const std::filesystem::path& path) {
    const int descriptor = open_descriptor(path, File::Mode::read);
    if (descriptor < 0) fail("open", path);

    struct stat info {};

    if (::fstat(descriptor, &info) != 0) {
        ::close(descriptor);
        fail("stat", path);
    }
    size_ = static_cast<std::size_t>(info.st_size);
    if (size_ == 0) {
        ::close(descriptor);
        return;
    }
    void* mapped = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
    ::close(descriptor);
    if (mapped == MAP_FAILED) fail("map", path);
    data_ = static_cast<const std::byte*>(mapped);
}

MappedFile::~MappedFile() {
    if (data_) ::munmap(const_cast<std::byte*>(data_), size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

std::string read_file(const std::filesystem::path& path) {
    const File file(path, File::Mode::read);
    std::string content(file.size(), '\0');
    content.resize(file.read_at(0, std::as_writable_bytes(std::span(content))));
    return content;
}

void write_file_durably(const std::filesystem::path& path, std::string_view content) {
    const auto temporary =
        path.parent_path() / (path.filename().string() + "." + new_id() + ".tmp");
    try {
        File file(temporary, File::Mode::create_new);
        file.write(content);
        file.sync();
        if (::rename(temporary.c_str(), path.c_str()) != 0) fail("rename", temporary);
    } catch (...) {
        ::unlink(temporary.c_str());
        throw;
    }
    sync_directory(path.parent_path());
}

void sync_directory(const std::filesystem::path& directory) {
    const auto& path = directory.empty() ? std::filesystem::path(".") : directory;
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) fail("open", path);
    const bool failed = ::fsync(descriptor) != 0;
    ::close(descriptor);
    if (failed) fail("sync", path);
}

void make_private_directory(const std::filesystem::path& directory) {
    if (directory.empty() || std::filesystem::is_directory(directory)) return;
    make_private_directory(directory.parent_path());
    if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) fail("make folder", directory);
    sync_directory(directory.parent_path());
}

std::filesystem::path home_directory() {
    if (const char* home = std::getenv("OORT_HOME"); home && *home) return home;
    if (const char* data = std::getenv("XDG_DATA_HOME"); data && *data) {
        return std::filesystem::path(data) / "oort";
    }
    if (const char* home = std::getenv("HOME"); home && *home) {
        return std::filesystem::path(home) / ".local" / "share" / "oort";
    }
    throw Error(ErrorCode::invalid_argument, "no home folder: set OORT_HOME to a folder of yours");
}

}  // namespace oort
