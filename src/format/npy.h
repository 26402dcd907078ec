// SPDX-License-Identifier: Apache-2.0
// NumPy's `.npy`: one array of numbers with its shape. Grammar: docs/formats/npy.md. Source: NumPy
// Enhancement Proposal 1 and numpy.lib.format of NumPy 2.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "format/tensor.h"

namespace oort {

enum class NumberType : std::uint8_t {
    boolean,
    int8,
    int16,
    int32,
    int64,
    uint8,
    uint16,
    uint32,
    uint64,
    float16,
    float32,
    float64,
};

std::size_t size_bytes(NumberType type) noexcept;

/// An array in somebody else's bytes, as long as they live.
struct NpyArray {
    NumberType type = NumberType::float32;
    bool is_big_endian = false;  ///< only if an element has more than one byte
    bool is_fortran = false;     ///< the first index runs fastest; only if there are two or more
    std::vector<std::size_t> shape;
    std::span<const std::byte> elements;  ///< as many as the shape says; perhaps not aligned

    std::size_t size() const noexcept;  ///< product of the shape

    /// Rows are the first index; all others together are the columns. A 1-d array has one column.
    TensorShape as_matrix() const noexcept;
};

/// `name` is what messages call the file. Throws Error(corrupt) for bytes that are no .npy or too
/// few, Error(invalid_argument) for elements that are no real numbers of one of the types above
/// (objects, texts, records, complex numbers) and for an array without dimensions.
NpyArray read_npy(std::span<const std::byte> bytes, std::string_view name);

/// The elements in the order of C (last index fastest) as float32, the nearest there is;
/// `narrowing` receives what was lost. Cost O(n).
std::vector<float> to_float32(const NpyArray& array, Narrowing& narrowing);

/// The same as float64. Integers beyond 2^53 are rounded.
std::vector<double> to_float64(const NpyArray& array);

/// What stands before little-endian elements in the order of C: magic, version 1.0 and the header,
/// a multiple of 64 bytes long.
std::string npy_header(NumberType type, std::span<const std::size_t> shape);

}  // namespace oort
