// SPDX-License-Identifier: Apache-2.0
#include "numeric/dense_eigen.h"

#include <fmt/format.h>

#include <optional>
#include <utility>
#include <vector>

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
void dsyevd_(const char* job,
             const char* half,
             const int* m,
             double* a,
             const int* stride,
             double* values,
             double* work,
             const int* work_size,
             int* int_work,
             const int* int_work_size,
             int* info);
}

namespace oort {

namespace {

/// Calls a LAPACK routine twice: for the size of the work space it wants, then with that much.
template <class Call>
void with_workspace(const Call& call) {
    constexpr int query = -1;
    double work_size = 0;
    int int_work_size = 0;
    call(&work_size, query, &int_work_size, query);
    std::vector<double> work(static_cast<std::size_t>(work_size));
    std::vector<int> int_work(static_cast<std::size_t>(int_work_size));
    call(work.data(), static_cast<int>(work.size()), int_work.data(), int_work_size);
}

/// The k pairs that end with the largest, from LAPACK's rising values and the m-element columns of
/// `vectors`.
EigenPairs turned_round(const double* values, const double* vectors, std::size_t m, std::size_t k) {
    EigenPairs pairs;
    for (std::size_t c = k; c-- > 0;) {
        pairs.values.push_back(values[c]);
        pairs.vectors.insert(pairs.vectors.end(), vectors + c * m, vectors + (c + 1) * m);
    }
    return pairs;
}

/// By relatively robust representations: only the k wanted vectors are made. Destroys the half of
/// the matrix that LAPACK calls lower, ours upper, and the diagonal. Nothing if it loses pairs, as
/// it does where many values are equal.
std::optional<EigenPairs> by_representations(SymmetricMatrix& matrix, std::size_t k) {
    const int m = static_cast<int>(matrix.size);
    const int first = m - static_cast<int>(k) + 1;
    const double unused = 0;
    int n_found = 0;
    int info = 0;
    std::vector<double> values(matrix.size);
    std::vector<double> vectors(matrix.size * k);
    std::vector<int> support(2 * matrix.size);
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
    with_workspace(call);
    if (info != 0 || n_found != static_cast<int>(k)) return std::nullopt;
    return turned_round(values.data(), vectors.data(), matrix.size, k);
}

/// By divide and conquer: slower, since all vectors are made, but it does not fail.
EigenPairs by_division(SymmetricMatrix& matrix, std::size_t k) {
    const int m = static_cast<int>(matrix.size);
    int info = 0;
    std::vector<double> values(matrix.size);
    const auto call = [&](double* work, int n_work, int* int_work, int n_int_work) {
        dsyevd_("V",
                "L",
                &m,
                matrix.values.data(),
                &m,
                values.data(),
                work,
                &n_work,
                int_work,
                &n_int_work,
                &info);
    };
    with_workspace(call);
    if (info != 0) {
        throw Error(ErrorCode::internal,
                    fmt::format("dsyevd failed on a matrix of size {} with code {}", m, info));
    }
    const std::size_t first = matrix.size - k;
    return turned_round(&values[first], &matrix.values[first * matrix.size], matrix.size, k);
}

}  // namespace

EigenPairs dense_eigenpairs(SymmetricMatrix&& matrix, std::size_t k) {
    // Threads of OpenBLAS would change the bits with their number; ours are enough. It is set on
    // each call because the setting belongs to the process, and others may use the library too.
    openblas_set_num_threads(1);
    const std::size_t m = matrix.size;
    std::vector<double> diagonal(m);
    for (std::size_t i = 0; i < m; ++i) diagonal[i] = matrix.values[i * m + i];
    if (std::optional<EigenPairs> pairs = by_representations(matrix, k)) return *std::move(pairs);
    for (std::size_t i = 0; i < m; ++i) {
        for (std::size_t j = 0; j < i; ++j) matrix.values[j * m + i] = matrix.values[i * m + j];
        matrix.values[i * m + i] = diagonal[i];
    }
    return by_division(matrix, k);
}

}  // namespace oort
