// SPDX-License-Identifier: Apache-2.0
// Tensor files: raw float32 (`.bytes`) and tables of numbers as text (TSV), as the TensorFlow
// projector and Comet's SDK write them. Grammar: docs/formats/vectors.md.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "embedding/dataset.h"

namespace oort {

struct TensorShape {
    std::size_t n_rows = 0;
    std::size_t n_dims = 0;
};

struct Tensor {
    TensorShape shape = {};
    Vectors vectors = {};                  ///< n_rows x n_dims, row-major
    std::size_t n_nonfinite_rows = 0;      ///< rows with a NaN or an infinity in them
    std::vector<std::string> labels = {};  ///< n_rows words that stood before the numbers, or empty
    std::vector<std::string> notes = {};   ///< sentences: what was guessed or rounded
};

/// Raw little-endian float32, row-major, without a header; the numbers stay in the mapped file.
/// Throws Error(corrupt) if the size is not 4 * n_rows * n_dims bytes.
Tensor read_raw_tensor(std::shared_ptr<const MappedFile> file, const TensorShape& shape);

/// One row a line, numbers separated by TABs; LF or CRLF; blank lines are skipped. NaN and
/// infinities in any usual spelling; `[1]` counts as 1; a blank cell is NaN and noted. A first cell
/// that is no number is the row's label; a first line without any number above lines of numbers is
/// a header and left out, and noted. `expected` is what the template says: a difference in rows is
/// noted, one in columns is Error(corrupt). Throws Error(corrupt) for a cell that is no number or
/// lines of unequal length, naming line and cell. Numbers that float32 cannot hold are rounded (to
/// infinity beyond 3.4e38) and noted.
Tensor read_tensor_tsv(std::string_view text, std::optional<TensorShape> expected = std::nullopt);

/// The shortest text that reads back as the same float32 values, TAB and LF. Throws
/// Error(invalid_argument) if values.size() is not n_rows * n_dims.
std::string write_tensor_tsv(const TensorShape& shape, std::span<const float> values);

/// What became of float64 numbers stored as float32.
struct Narrowing {
    std::size_t n_rounded = 0;     ///< finite, changed, still finite
    std::size_t n_overflowed = 0;  ///< finite, now infinite

    bool exact() const noexcept { return n_rounded == 0 && n_overflowed == 0; }
};

/// Writes each number as the nearest float32 (ties to even; NaN and infinities stay). Sizes must be
/// equal (CHECK). Cost O(n), about the speed of memory.
Narrowing narrow(std::span<const double> from, std::span<float> to);

/// A sentence for the person, or nothing if all was exact.
std::optional<std::string> narrowing_note(const Narrowing& narrowing);

}  // namespace oort
