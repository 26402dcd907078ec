// SPDX-License-Identifier: Apache-2.0
#include "numeric/simd/thin_kernel.h"

// Vectors whose length is known only at run time cannot stand in arrays of registers.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "numeric/simd/thin_kernel.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();

namespace oort::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Doubles = hn::CappedTag<double, 8>;
constexpr std::size_t lanes = hn::MaxLanes(Doubles());
constexpr std::size_t n_vectors = thin_width / lanes;
constexpr std::size_t rows_at_once = lanes == 8 ? 8 : 2;

// The sums of n rows of the result are held in registers. Row i of the result pairs the terms
// matrix[i * row_step + t * term_step] with row t of the factor.
template <std::size_t n>
void add_up(const double* HWY_RESTRICT matrix,
            std::size_t row_step,
            std::size_t term_step,
            std::size_t n_terms,
            const double* HWY_RESTRICT factor,
            double* HWY_RESTRICT out) {
    const Doubles d;
    hn::Vec<Doubles> sums[n][n_vectors];
    for (auto& row : sums) {
        for (auto& sum : row) sum = hn::Zero(d);
    }
    for (std::size_t t = 0; t < n_terms; ++t) {
        for (std::size_t v = 0; v < n_vectors; ++v) {
            const auto weight = hn::LoadU(d, factor + t * thin_width + v * lanes);
            for (std::size_t i = 0; i < n; ++i) {
                sums[i][v] = hn::MulAdd(
                    hn::Set(d, matrix[i * row_step + t * term_step]), weight, sums[i][v]);
            }
        }
    }
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t v = 0; v < n_vectors; ++v)
            hn::StoreU(sums[i][v], d, out + i * thin_width + v * lanes);
    }
}

void MultiplyThin(const StridedView& matrix, const double* factor, double* out) {
    std::size_t i = 0;
    for (; i + rows_at_once <= matrix.n_rows; i += rows_at_once) {
        add_up<rows_at_once>(matrix.data + i * matrix.stride,
                             matrix.stride,
                             1,
                             matrix.n_columns,
                             factor,
                             out + i * thin_width);
    }
    for (; i < matrix.n_rows; ++i) {
        add_up<1>(matrix.data + i * matrix.stride,
                  matrix.stride,
                  1,
                  matrix.n_columns,
                  factor,
                  out + i * thin_width);
    }
}

void MultiplyTransposed(const StridedView& matrix, const double* factor, double* out) {
    for (std::size_t j = 0; j < thin_columns; j += rows_at_once) {
        add_up<rows_at_once>(
            matrix.data + j, 1, matrix.stride, matrix.n_rows, factor, out + j * thin_width);
    }
}

}  // namespace oort::HWY_NAMESPACE

HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace oort {

HWY_EXPORT(MultiplyThin);
HWY_EXPORT(MultiplyTransposed);

void multiply_thin(const StridedView& matrix, const double* factor, double* out) noexcept {
    HWY_DYNAMIC_DISPATCH(MultiplyThin)(matrix, factor, out);
}

void multiply_transposed(const StridedView& matrix, const double* factor, double* out) noexcept {
    HWY_DYNAMIC_DISPATCH(MultiplyTransposed)(matrix, factor, out);
}

}  // namespace oort
#endif
