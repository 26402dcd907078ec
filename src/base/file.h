// SPDX-License-Identifier: Apache-2.0
// Files, with durability spelled out: what these functions say is on disk has been fsynced.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace oort {

/// An open file descriptor, closed with the object. Every operation throws Error(internal) naming
/// the path and the system's reason; a full disk is Error(unavailable).
class File {
  public:
    enum class Mode {
        read,        ///< must exist
        create_new,  ///< must not exist; readable and writable by the owner only (0600)
        append,      ///< created (0600) if absent; writes go to the end
        update,      ///< created (0600) if absent; read and write anywhere
    };

    File(const std::filesystem::path& path, Mode mode);
    ~File();
    File(File&& other) noexcept;
    File& operator=(File&& other) noexcept;

    /// The file if it exists, nothing if it does not.
    static std::optional<File> open_if_exists(const std::filesystem::path& path, Mode mode);

    void write(std::span<const std::byte> bytes);

    void write(std::string_view text) { write(std::as_bytes(std::span(text))); }

    void write_at(std::uint64_t offset, std::span<const std::byte> bytes);

    /// Reads up to bytes.size() bytes from offset; fewer only at the end of the file. Returns how
    /// many.
    std::size_t read_at(std::uint64_t offset, std::span<std::byte> bytes) const;
    std::uint64_t size() const;
    void truncate(std::uint64_t size);

    /// Returns once data and size are on disk (fdatasync). After a failure the data must be taken
    /// as lost.
    void sync();

    /// Takes an exclusive advisory lock without waiting; false if another process holds it.
    bool try_lock();

    const std::filesystem::path& path() const noexcept { return path_; }

  private:
    File(int descriptor, std::filesystem::path path)
        : descriptor_(descriptor), path_(std::move(path)) {}

    int descriptor_ = -1;
    std::filesystem::path path_;
};

/// A whole file mapped for reading; empty files map to an empty span.
class MappedFile {
  public:
    explicit MappedFile(const std::filesystem::path& path);
    ~MappedFile();
    MappedFile(MappedFile&& other) noexcept;
    MappedFile& operator=(MappedFile&&) = delete;

    std::span<const std::byte> bytes() const noexcept { return {data_, size_}; }

  private:
    const std::byte* data_ = nullptr;
    std::size_t size_ = 0;
};

std::string read_file(const std::filesystem::path& path);

/// Replaces the file's content as a whole, or not at all: temporary file in the same folder, fsync,
/// rename, fsync of the folder. The file is readable by the owner only (0600).
void write_file_durably(const std::filesystem::path& path, std::string_view content);

/// Makes the names in the folder durable (fsync of a directory).
void sync_directory(const std::filesystem::path& directory);

/// Makes the folder and those above it that are absent, each with permissions 0700.
void make_private_directory(const std::filesystem::path& directory);

/// `$OORT_HOME`, else `$XDG_DATA_HOME/oort`, else `~/.local/share/oort`: where a person's spool,
/// the local server's data and its `server.json` are kept. Throws Error(invalid_argument) if none
/// of them is set.
std::filesystem::path home_directory();

}  // namespace oort
