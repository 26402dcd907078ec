// SPDX-License-Identifier: Apache-2.0
// Points, labels and layouts as the command line names them: FILE.npy, FILE.npz:key, FILE.tsv or
// raw FILE.bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "embedding/dataset.h"
#include "format/npz.h"
#include "numeric/points.h"

namespace oort {

/// Points that stay in their file where they can.
class PointsInput {
  public:
    /// columns  of a raw file; unset: from a template in the same folder that names the file.
    /// Throws Error(invalid_argument, not_found or corrupt) in one sentence that names the input.
    explicit PointsInput(const std::string& input, std::optional<std::size_t> columns = {});

    PointsView view() const noexcept { return view_; }

    /// Gives the points' memory back. Nobody may read view() afterwards.
    void release() noexcept;

    /// Of the elements as they stand in the file: "float32", "uint8", "int64", …
    const std::string& type_name() const noexcept { return type_name_; }

    /// Sentences: what was rounded, guessed or left out on reading.
    const std::vector<std::string>& notes() const noexcept { return notes_; }

  private:
    void take_array(std::span<const std::byte> bytes, const std::string& name);
    void take_raw(const std::string& input, std::optional<std::size_t> columns);
    void take_text(const std::string& input);
    void own(std::vector<float> values, std::size_t n_rows, std::size_t n_columns);

    std::shared_ptr<const MappedFile> file_;
    std::unique_ptr<NpzMember> member_;
    std::vector<float> owned_;
    Vectors vectors_;
    PointsView view_;
    std::string type_name_;
    std::vector<std::string> notes_;
};

/// One code per row, missing_label (numeric/tsne.h) for none: from numbers (.npy, .npz:key; -1 and
/// NaN are none), or from lines of text (an empty line is none; a first line more than there are
/// rows is a header). Throws as PointsInput does, and if there are not n_rows labels.
std::vector<std::uint32_t> read_labels(const std::string& input, std::size_t n_rows);

}  // namespace oort
