// SPDX-License-Identifier: Apache-2.0
#include "numeric/eigen.h"

#include <utility>

#include "base/check.h"
#include "numeric/dense_eigen.h"
#include "numeric/krylov_eigen.h"

namespace oort {

EigenPairs largest_eigenpairs(SymmetricMatrix&& matrix,
                              std::size_t k,
                              ThreadPool& pool,
                              std::stop_token stop) {
    CHECK(k >= 1 && k <= matrix.size);
    CHECK(matrix.values.size() == matrix.size * matrix.size);
    throw_if_stopped(stop);
    std::optional<EigenPairs> pairs = krylov_eigenpairs(matrix, k, pool, stop);
    return pairs ? *std::move(pairs) : dense_eigenpairs(std::move(matrix), k);
}

}  // namespace oort
