// SPDX-License-Identifier: Apache-2.0
#include "numeric/simd/rotate_kernel.h"

// Vectors whose length is known only at run time cannot stand in arrays of registers.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "numeric/simd/rotate_kernel.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();

namespace oort::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

namespace {

using Floats = hn::CappedTag<float, 16>;
constexpr std::size_t lanes = hn::MaxLanes(Floats());
constexpr std::size_t tile_rows = lanes == 16 ? 12 : 6;
constexpr std::size_t tile_vectors = 2;

template <std::size_t n_rows>
void rotate(const float* HWY_RESTRICT rows,
            std::size_t d,
            const float* HWY_RESTRICT panel,
            float* HWY_RESTRICT out,
            std::size_t out_stride) {
    const Floats f;
    for (std::size_t first = 0; first < panel_axes; first += tile_vectors * lanes) {
        hn::Vec<Floats> sums[n_rows][tile_vectors];
        for (auto& row : sums) {
            for (auto& sum : row) sum = hn::Zero(f);
        }
        for (std::size_t j = 0; j < d; ++j) {
            const auto a0 = hn::LoadU(f, panel + j * panel_axes + first);
            const auto a1 = hn::LoadU(f, panel + j * panel_axes + first + lanes);
            for (std::size_t i = 0; i < n_rows; ++i) {
                const auto value = hn::Set(f, rows[i * d + j]);
                sums[i][0] = hn::MulAdd(value, a0, sums[i][0]);
                sums[i][1] = hn::MulAdd(value, a1, sums[i][1]);
            }
        }
        for (std::size_t i = 0; i < n_rows; ++i) {
            hn::StoreU(sums[i][0], f, out + i * out_stride + first);
            hn::StoreU(sums[i][1], f, out + i * out_stride + first + lanes);
        }
    }
}

}  // namespace

void RotateRows(const float* rows,
                std::size_t n,
                std::size_t d,
                const float* panels,
                std::size_t n_panels,
                float* out,
                std::size_t out_stride) {
    for (std::size_t p = 0; p < n_panels; ++p) {
        const float* panel = panels + p * d * panel_axes;
        float* at = out + p * panel_axes;
        std::size_t i = 0;
        for (; i + tile_rows <= n; i += tile_rows)
            rotate<tile_rows>(rows + i * d, d, panel, at + i * out_stride, out_stride);
        for (; i < n; ++i) rotate<1>(rows + i * d, d, panel, at + i * out_stride, out_stride);
    }
}

}  // namespace oort::HWY_NAMESPACE

HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace oort {

HWY_EXPORT(RotateRows);

void rotate_rows(const float* rows,
                 std::size_t n,
                 std::size_t d,
                 const float* panels,
                 std::size_t n_panels,
                 float* out,
                 std::size_t out_stride) noexcept {
    HWY_DYNAMIC_DISPATCH(RotateRows)(rows, n, d, panels, n_panels, out, out_stride);
}

}  // namespace oort
#endif
