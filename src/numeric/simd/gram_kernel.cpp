// SPDX-License-Identifier: Apache-2.0
#include "numeric/simd/gram_kernel.h"

// Vectors whose length is known only at run time cannot stand in arrays of registers.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "numeric/simd/gram_kernel.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();

namespace oort::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::CappedTag<float, 16>;
using Doubles = hn::CappedTag<double, 8>;
using HalfFloats = hn::Rebind<float, Doubles>;
constexpr std::size_t float_lanes = hn::MaxLanes(Floats());
constexpr std::size_t double_lanes = hn::MaxLanes(Doubles());

// The part of c held in registers: as many sums as hide the latency of the multiply-add and leave
// room for the operands in 32 (AVX-512) or 16 registers.
constexpr std::size_t tile_rows = float_lanes == 16 ? 8 : 4;
constexpr std::size_t tile_vectors = 2;
constexpr std::size_t tile_columns = tile_vectors * float_lanes;

/// c += a^T b, where a is a panel of k rows; or c += a b, where a is in panels of 32 columns.
/// One function, since sums handed from one to another do not stay in registers.
template <bool is_transposed>
HWY_INLINE void add_tile(const float* HWY_RESTRICT a,
                         std::size_t panel_stride,
                         const float* HWY_RESTRICT b,
                         std::size_t k,
                         double* HWY_RESTRICT c) {
    constexpr std::size_t row_step = is_transposed ? 1 : panel_width;
    constexpr std::size_t term_step = is_transposed ? panel_width : 1;
    const Floats f;
    hn::Vec<Floats> sums[tile_rows][tile_vectors];
    for (auto& row : sums) {
        for (auto& sum : row) sum = hn::Zero(f);
    }
    const std::size_t at_once = is_transposed ? k : panel_width;
    for (std::size_t first = 0; first < k; first += at_once, a += panel_stride) {
        const std::size_t n = HWY_MIN(at_once, k - first);
        for (std::size_t p = 0; p < n; ++p, b += panel_width) {
            const auto b0 = hn::LoadU(f, b);
            const auto b1 = hn::LoadU(f, b + float_lanes);
            for (std::size_t i = 0; i < tile_rows; ++i) {
                const auto factor = hn::Set(f, a[p * term_step + i * row_step]);
                sums[i][0] = hn::MulAdd(factor, b0, sums[i][0]);
                sums[i][1] = hn::MulAdd(factor, b1, sums[i][1]);
            }
        }
    }
    HWY_ALIGN float row[tile_columns];
    const Doubles wide;
    for (std::size_t i = 0; i < tile_rows; ++i) {
        hn::Store(sums[i][0], f, row);
        hn::Store(sums[i][1], f, row + float_lanes);
        for (std::size_t j = 0; j < tile_columns; j += double_lanes) {
            double* at = c + i * panel_width + j;
            const auto part = hn::PromoteTo(wide, hn::Load(HalfFloats(), row + j));
            hn::StoreU(hn::Add(hn::LoadU(wide, at), part), wide, at);
        }
    }
}

void AddPanelProduct(const float* a, const float* b, std::size_t k, double* c) {
    for (std::size_t j = 0; j < panel_width; j += tile_columns) {
        for (std::size_t i = 0; i < panel_width; i += tile_rows)
            add_tile<true>(a + i, 0, b + j, k, c + i * panel_width + j);
    }
}

void AddRowProduct(
    const float* a, std::size_t panel_stride, const float* b, std::size_t k, double* c) {
    for (std::size_t j = 0; j < panel_width; j += tile_columns) {
        for (std::size_t i = 0; i < panel_width; i += tile_rows) {
            add_tile<false>(a + i * panel_width, panel_stride, b + j, k, c + i * panel_width + j);
        }
    }
}

}  // namespace oort::HWY_NAMESPACE

HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace oort {

HWY_EXPORT(AddPanelProduct);
HWY_EXPORT(AddRowProduct);

void add_panel_product(const float* a, const float* b, std::size_t k, double* c) noexcept {
    HWY_DYNAMIC_DISPATCH(AddPanelProduct)(a, b, k, c);
}

void add_row_product(
    const float* a, std::size_t panel_stride, const float* b, std::size_t k, double* c) noexcept {
    HWY_DYNAMIC_DISPATCH(AddRowProduct)(a, panel_stride, b, k, c);
}

}  // namespace oort
#endif
