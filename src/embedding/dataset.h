// SPDX-License-Identifier: Apache-2.0
// The vocabulary of what is shown: a dataset is one entry of a template with its files read and
// checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"

namespace oort {

enum class ColumnKind {
    category,  ///< text with few distinct values: at most 1,000, or at most half the rows
    number,    ///< every value that is not missing is a number, and at least one is finite
    text,      ///< the rest
};

/// "category", "number" or "text".
std::string_view to_name(ColumnKind kind) noexcept;

/// A code that stands for no value.
inline constexpr std::uint32_t missing_code = 0xFFFFFFFF;

/// One column of labels, dictionary-encoded: row i shows values[codes[i]].
struct Column {
    std::string name;
    ColumnKind kind = ColumnKind::category;
    std::vector<std::string> values;    ///< distinct, most frequent first, ties by first appearance
    std::vector<std::uint32_t> counts;  ///< of each value
    std::vector<std::uint32_t> codes;   ///< n_rows: index into values, or missing_code
    std::vector<float> numbers;         ///< n_rows in a number column, NaN = missing; else empty
    std::size_t n_missing = 0;          ///< rows with missing_code
    std::optional<double> min;          ///< of the finite numbers of a number column
    std::optional<double> max;
};

/// Float32 numbers held in memory or read straight from a mapped file; copies share them.
class Vectors {
  public:
    Vectors() = default;
    explicit Vectors(std::vector<float> values);

    /// The file's bytes as little-endian float32; bytes after the last whole number are not seen.
    explicit Vectors(std::shared_ptr<const MappedFile> file);

    std::span<const float> values() const noexcept { return values_; }

  private:
    std::shared_ptr<const void> owner_;
    std::span<const float> values_;
};

/// Row i of vectors, of every column and of the sprite are the same point. File order, not draw
/// order.
struct Dataset {
    std::string title;
    std::size_t n_rows = 0;
    std::size_t n_dims = 0;
    Vectors vectors;                   ///< n_rows x n_dims, row-major
    std::size_t n_nonfinite_rows = 0;  ///< rows with a NaN or an infinity in them
    std::vector<Column> columns;
    std::vector<std::string>
        notes;  ///< sentences: what was guessed, rounded, filled up or left out
};

}  // namespace oort
