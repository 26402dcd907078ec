// SPDX-License-Identifier: Apache-2.0
// A few of the largest eigenvalues of a matrix by products with it alone (block_krylov.h), with
// restarts from the best 16 or more vectors.
#pragma once

#include <cstddef>
#include <optional>
#include <stop_token>

#include "numeric/eigen.h"
#include "numeric/gram.h"
#include "numeric/parallel.h"

namespace oort {

/// The k largest pairs of `matrix` (m x m), all with |A v - value v| <= 1e-10 times the largest
/// value; nothing if they do not get there in a fair time, or the matrix is too small or its rank
/// below k: dense_eigenpairs then serves. Time about 50 m^2 k to 500 m^2 k. The same bits for any
/// number of threads. Throws Error(cancelled).
std::optional<EigenPairs> krylov_eigenpairs(const SymmetricMatrix& matrix,
                                            std::size_t k,
                                            ThreadPool& pool,
                                            const std::stop_token& stop);

}  // namespace oort
