// SPDX-License-Identifier: Apache-2.0
// One look at all points from some of them: who is nearest, and how many are nearer than given
// others. Exact; nothing of size n x n is ever kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <vector>

#include "numeric/neighbors.h"
#include "numeric/parallel.h"
#include "numeric/points.h"

namespace oort {

struct Scan {
    /// Per row k points, nearest first, ties by index, without the row itself.
    std::vector<std::uint32_t> nearest;
    /// Beside each of `others`: how many points are strictly nearer to the row than it is.
    std::vector<std::uint32_t> n_nearer;
};

/// points  n x d, clean.
/// rows    those to look from, ascending and distinct.
/// k       at most n - 1.
/// others  rows.size() x m points, none of them the row itself; may be empty.
/// Time rows.size() n d; memory a few MB. The same bits for any number of threads. Throws
/// Error(cancelled).
Scan scan_points(PointsView points,
                 Metric metric,
                 const std::vector<std::uint32_t>& rows,
                 std::size_t k,
                 const std::vector<std::uint32_t>& others,
                 ThreadPool& pool,
                 std::stop_token stop = {});

}  // namespace oort
