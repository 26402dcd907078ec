// SPDX-License-Identifier: Apache-2.0
// The Gram matrix of centred points: all products of columns (d x d) or, when there are fewer
// points than dimensions, all products of rows (n x n). Products are summed in float over at most
// 256 terms, and these sums in double, so that the error of an element stays near 1e-7 of the
// largest it could be, for any n.
#pragma once

#include <cstddef>
#include <stop_token>
#include <vector>

#include "numeric/column_stats.h"
#include "numeric/parallel.h"
#include "numeric/row_reader.h"

namespace oort {

/// A square symmetric matrix of doubles, row-major, both halves filled.
struct SymmetricMatrix {
    std::size_t size = 0;
    std::vector<double> values;
};

/// d x d for the d columns read: element (i, j) = sum over `rows` of centred column i times centred
/// column j, as `centring` (of those columns) scales them. Time n d^2, memory 12 d^2 bytes and a
/// few MB. The same bits for any number of threads. Throws Error(cancelled).
SymmetricMatrix gram_of_columns(const RowReader& points,
                                const std::vector<std::uint32_t>& rows,
                                const Centring& centring,
                                ThreadPool& pool,
                                std::stop_token stop = {});

/// n x n, n = rows.size(): element (p, q) = dot product of the centred rows p and q. Time n^2 d.
/// Otherwise as above.
SymmetricMatrix gram_of_rows(const RowReader& points,
                             const std::vector<std::uint32_t>& rows,
                             const Centring& centring,
                             ThreadPool& pool,
                             std::stop_token stop = {});

}  // namespace oort
