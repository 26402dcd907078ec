// SPDX-License-Identifier: Apache-2.0
#include "numeric/dense_eigen.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

extern "C" {
void openblas_set_num_threads(int n_threads);
void dsyevr_(const char* job,
             const char* range,
             const char* half,
             const int* m,
             double* a,
             const int* stride,
             const double* low,
             const double* high,
             const int* first,
             const int* last,
             const double* tolerance,
             int* n_found,
             double* values,
             double* vectors,
             const int* vector_stride,
             int* support,
             double* work,
             const int* work_size,
             int* int_work,
             const int* int_work_size,
             int* info);
}

namespace oort {

EigenPairs dense_eigenpairs(SymmetricMatrix&& matrix, std::size_t k) {
    // Threads of OpenBLAS would change the bits with their number; ours are enough. It is set on
    // each call because the setting belongs to the process, and others may use the library too.
    openblas_set_num_threads(1);
    const int m = static_cast<int>(matrix.size);
    const int first = m - static_cast<int>(k) + 1;
    const double unused = 0;
    int n_found = 0;
    int info = 0;
    std::vector<double> values(matrix.size);
    std::vector<double> vectors(matrix.size * k);
    std::vector<int> support(2 * matrix.size);
    double work_size = 0;
    int int_work_size = 0;
    int query = -1;
    const auto call = [&](double* work, int n_work, int* int_work, int n_int_work) {
        dsyevr_("V",
                "I",
                "L",
                &m,
                matrix.values.data(),
                &m,
                &unused,
                &unused,
                &first,
                &m,
                &unused,
                &n_found,
                values.data(),
                vectors.data(),
                &m,
                support.data(),
                work,
                &n_work,
                int_work,
                &n_int_work,
                &info);
    };
    call(&work_size, query, &int_work_size, query);
    std::vector<double> work(static_cast<std::size_t>(work_size));
    std::vector<int> int_work(static_cast<std::size_t>(int_work_size));
    call(work.data(), static_cast<int>(work.size()), int_work.data(), int_work_size);
    if (info != 0 || n_found != static_cast<int>(k)) {
        throw Error(ErrorCode::internal,
                    fmt::format("dsyevr failed on a matrix of size {} with code {}", m, info));
    }
    EigenPairs pairs;
    for (std::size_t c = k; c-- > 0;) {  // LAPACK sorts upwards
        pairs.values.push_back(values[c]);
        const auto vector = vectors.begin() + static_cast<std::ptrdiff_t>(c * matrix.size);
        pairs.vectors.insert(pairs.vectors.end(), vector, vector + m);
    }
    return pairs;
}

}  // namespace oort
