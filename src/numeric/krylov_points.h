// SPDX-License-Identifier: Apache-2.0
// Principal directions of many points of many dimensions from products with the points alone: no
// matrix of their products is made, neither d x d nor n x n.
// Source: Musco and Musco 2015 (arXiv:1504.05477), block Krylov iteration; here with a stop by
// residuals and restarts.
#pragma once

#include <cstddef>
#include <optional>
#include <stop_token>

#include "numeric/eigen.h"
#include "numeric/parallel.h"
#include "numeric/thin_products.h"

namespace oort {

/// The k largest pairs of X^T X for the centred points X (n x d, 1 <= k, 16 (k / 16 + 2) <= d),
/// with residuals |X^T X v - value v| of at most 1e-3 of their own value or 1e-7 of the largest
/// (1e-6 after a restart): relative errors of the values are then about the square of that. A pair
/// without variance may have a vector of zeros. Nothing if they do not get there in a fair time.
/// Time about 40 n d k for k of 50, memory about 10 MB and 100 d k bytes. The same bits for any
/// number of threads. Throws Error(cancelled).
std::optional<EigenPairs> krylov_eigenpairs_of_points(const ThinProducts& points,
                                                      std::size_t d,
                                                      std::size_t k,
                                                      ThreadPool& pool,
                                                      const std::stop_token& stop);

}  // namespace oort
