// SPDX-License-Identifier: Apache-2.0
// The largest eigenvalues of a symmetric matrix and their vectors.
#pragma once

#include <cstddef>
#include <stop_token>
#include <vector>

#include "numeric/gram.h"
#include "numeric/parallel.h"

namespace oort {

struct EigenPairs {
    std::vector<double> values;   ///< k, largest first
    std::vector<double> vectors;  ///< k x m, row-major; orthonormal rows, signs as they come
};

/// The k largest of `matrix` (m x m, 1 <= k <= m), which may be destroyed. Exact to working
/// precision: residuals |A v - value v| below about 1e-10 of the largest eigenvalue. The same bits
/// for any number of threads. Throws Error(cancelled), Error(internal) if LAPACK does not converge.
EigenPairs largest_eigenpairs(SymmetricMatrix&& matrix,
                              std::size_t k,
                              ThreadPool& pool,
                              std::stop_token stop = {});

}  // namespace oort
