// SPDX-License-Identifier: Apache-2.0
#include "numeric/row_reader.h"

#include <algorithm>

namespace oort {

RowReader::RowReader(PointsView points) : points_(points), n_columns_(points.n_columns) {}

RowReader::RowReader(PointsView points, const std::vector<std::uint32_t>& columns)
    : points_(points), n_columns_(columns.size()) {
    if (n_columns_ == points.n_columns) return;
    for (const std::size_t column : columns) {
        if (runs_.empty() || runs_.back().first + runs_.back().n != column) {
            runs_.push_back({column, 0});
        }
        ++runs_.back().n;
    }
}

const float* RowReader::part(std::size_t i,
                             std::size_t first,
                             std::size_t n,
                             Buffer& buffer) const {
    const std::size_t at = (i * points_.n_columns + first) * size_bytes(points_.type);
    const std::byte* data = static_cast<const std::byte*>(points_.data) + at;
    if (points_.type == ElementType::float32) return reinterpret_cast<const float*>(data);
    buffer.resize(n);
    PointsView(data, 1, n, points_.type).read(0, 1, buffer.data());
    return buffer.data();
}

const float* RowReader::rows(std::size_t first, std::size_t count, Buffer& buffer) const {
    const std::size_t d = points_.n_columns;
    const bool is_float = points_.type == ElementType::float32;
    const float* values = is_float ? static_cast<const float*>(points_.data) + first * d : nullptr;
    if (is_float && runs_.empty()) return values;
    const std::size_t n_picked = runs_.empty() ? 0 : count * n_columns_;
    buffer.resize(n_picked + (is_float ? 0 : count * d));
    if (!is_float) {
        points_.read(first, count, buffer.data() + n_picked);
        values = buffer.data() + n_picked;
    }
    if (runs_.empty()) return values;
    float* out = buffer.data();
    for (std::size_t i = 0; i < count; ++i) {
        for (const Run& run : runs_) out = std::copy_n(values + i * d + run.first, run.n, out);
    }
    return buffer.data();
}

}  // namespace oort
