// SPDX-License-Identifier: Apache-2.0
// Points as somebody holds them: rows of float32, float16 or uint8, read as floats a block at a
// time, so that 70,000 pictures of a byte a pixel never have to become four times their size.
#pragma once

#include <cstddef>
#include <cstdint>

#include "numeric/matrix.h"

namespace oort {

enum class ElementType : std::uint8_t { float32, float16, uint8 };

/// Bytes of one element.
std::size_t size_bytes(ElementType type) noexcept;

/// Somebody else's n_rows x n_columns elements, row-major. Valid as long as their owner is.
struct PointsView {
    const void* data = nullptr;
    std::size_t n_rows = 0;
    std::size_t n_columns = 0;
    ElementType type = ElementType::float32;

    PointsView() = default;

    PointsView(const void* elements,
               std::size_t rows,
               std::size_t columns,
               ElementType element_type)
        : data(elements), n_rows(rows), n_columns(columns), type(element_type) {}

    PointsView(MatrixView matrix)  // NOLINT: a matrix of float is one kind of points
        : data(matrix.data), n_rows(matrix.n_rows), n_columns(matrix.n_columns) {}

    /// Writes `count` rows from `first` on to out (count x n_columns) as floats; exact.
    void read(std::size_t first, std::size_t count, float* out) const noexcept;
};

}  // namespace oort
