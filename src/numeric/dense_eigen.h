// SPDX-License-Identifier: Apache-2.0
// Eigenvalues by LAPACK (dsyevr, else dsyevd, of OpenBLAS): works for every matrix, slow for large
// ones.
#pragma once

#include <cstddef>

#include "numeric/eigen.h"

namespace oort {

/// The k largest pairs of `matrix` (m x m, 1 <= k <= m), which is destroyed, by reduction to
/// tridiagonal form: 4/3 m^3 operations, half of them bound by memory; 25 ms for m = 784, 2 s for m
/// = 3072. On one thread. Throws Error(internal) if LAPACK does not converge.
EigenPairs dense_eigenpairs(SymmetricMatrix&& matrix, std::size_t k);

}  // namespace oort
