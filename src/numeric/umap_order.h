// SPDX-License-Identifier: Apache-2.0
// An order of a graph's rows in which neighbours stand close together in memory, so that a walk
// along the edges finds them in the cache.
#pragma once

#include <cstdint>
#include <vector>

#include "numeric/fuzzy_graph.h"
#include "numeric/matrix.h"
#include "numeric/parallel.h"

namespace oort {

/// The rows, ball after ball: each grows from a row at the edge of those before it. Decided by the
/// graph alone. Time O(edges), on one thread.
std::vector<std::uint32_t> order_by_neighborhood(const FuzzyGraph& graph);

/// Row i of the result is row order[i] of the graph.
FuzzyGraph reordered(const FuzzyGraph& graph,
                     const std::vector<std::uint32_t>& order,
                     ThreadPool& pool);

/// Row i of the result is row order[i] of the matrix, cut to its first n_columns.
Matrix reordered(MatrixView matrix,
                 std::size_t n_columns,
                 const std::vector<std::uint32_t>& order,
                 ThreadPool& pool);

}  // namespace oort
