// SPDX-License-Identifier: Apache-2.0
// Passes over the edges of t-SNE's graph, compiled for each instruction set and chosen at run time.
#pragma once

#include <cstddef>
#include <cstdint>

namespace oort {

/// The symmetric affinities, row by row. An edge is one word: its weight, a whole number, in the
/// low weight_bits bits, above them the other point; p = row_scale * weight.
struct EdgesView {
    const std::uint64_t* row_begin;  ///< n + 1
    const std::uint32_t* words;
    const float* row_scale;  ///< n
    std::uint32_t weight_bits;
};

/// Points in rows of `stride` floats, 2 for two dimensions and 4 (the last one 0) for three.
struct RowsView {
    const float* values;
    std::size_t stride;
};

/// forces of rows [begin, end) = sum over j of p_ij (y_i - y_j) / (1 + |y_i - y_j|^2), in rows like
/// those of the layout, row `begin` at forces[0].
void attract(const EdgesView& edges,
             const RowsView& layout,
             std::size_t begin,
             std::size_t end,
             float* forces) noexcept;

/// Sum over the edges of rows [begin, end) of p_ij (log(p_ij) + log(1 + |y_i - y_j|^2)).
double edge_divergence(const EdgesView& edges,
                       const RowsView& layout,
                       std::size_t begin,
                       std::size_t end) noexcept;

}  // namespace oort
