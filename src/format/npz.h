// SPDX-License-Identifier: Apache-2.0
// NumPy's `.npz`: a ZIP archive of `.npy` files, stored or deflated. Grammar: docs/formats/npy.md.
// Source: APPNOTE.TXT 6.3.10 of PKWARE, sections 4.3 and 4.5.3 (ZIP64).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"

namespace oort {

/// The bytes of one member: in the mapped archive where it is stored, else inflated.
class NpzMember {
  public:
    NpzMember(std::shared_ptr<const MappedFile> file, std::span<const std::byte> bytes)
        : file_(std::move(file)), bytes_(bytes) {}

    explicit NpzMember(std::vector<std::byte> owned) : owned_(std::move(owned)), bytes_(owned_) {}

    NpzMember(NpzMember&&) noexcept = default;  // a moved vector keeps its place
    NpzMember& operator=(NpzMember&&) = delete;

    std::span<const std::byte> bytes() const noexcept { return bytes_; }

  private:
    std::shared_ptr<const MappedFile> file_;
    std::vector<std::byte> owned_;
    std::span<const std::byte> bytes_;
};

/// The names of the arrays, without ".npy", in the archive's order. `name` is what messages call
/// the file. Throws Error(corrupt) for bytes that are no ZIP archive.
std::vector<std::string> npz_keys(std::span<const std::byte> archive, std::string_view name);

/// The .npy file of that key. Its checksum is compared. Throws Error(not_found) naming the keys
/// there are, Error(corrupt) for a damaged archive, Error(invalid_argument) for one that is
/// encrypted or packed otherwise than deflated.
NpzMember read_npz(const std::shared_ptr<const MappedFile>& file,
                   std::string_view key,
                   std::string_view name);

/// One array on its way out: header and elements are written one after the other.
struct NpzArray {
    std::string key;                      ///< without ".npy"
    std::string header;                   ///< of npy_header()
    std::span<const std::byte> elements;  ///< little-endian
};

/// Writes the arrays, stored, to the end of `file`, which must be empty.
void write_npz(File& file, std::span<const NpzArray> arrays);

}  // namespace oort
