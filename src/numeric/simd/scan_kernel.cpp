// SPDX-License-Identifier: Apache-2.0
#include "numeric/simd/scan_kernel.h"

// Vectors whose length is known only at run time cannot stand in arrays of registers.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "numeric/simd/scan_kernel.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();

namespace oort::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::CappedTag<float, 16>;
using Counts = hn::RebindToUnsigned<Floats>;
constexpr std::size_t lanes = hn::MaxLanes(Floats());

// The part of the tile held in registers: 16 of the 32 of AVX-512, 8 of 16 elsewhere.
constexpr std::size_t points_at_once = lanes == 16 ? 8 : 4;
constexpr std::size_t vectors_at_once = 2;
constexpr std::size_t rows_at_once = vectors_at_once * lanes;

struct SquaredDifference {
    template <class V>
    HWY_INLINE V operator()(V point, V row, V sum) const {
        const V difference = hn::Sub(row, point);
        return hn::MulAdd(difference, difference, sum);
    }
};

struct MinusProduct {
    template <class V>
    HWY_INLINE V operator()(V point, V row, V sum) const {
        return hn::NegMulAdd(point, row, sum);
    }
};

template <class Add>
HWY_INLINE void add_part(const float* HWY_RESTRICT points,
                         std::size_t stride,
                         const float* HWY_RESTRICT rows,
                         std::size_t n,
                         float* HWY_RESTRICT tile) {
    const Floats f;
    hn::Vec<Floats> sums[points_at_once][vectors_at_once];
    for (auto& point : sums) {
        for (auto& sum : point) sum = hn::Zero(f);
    }
    for (std::size_t j = 0; j < n; ++j) {
        const auto row0 = hn::LoadU(f, rows + j * scan_width);
        const auto row1 = hn::LoadU(f, rows + j * scan_width + lanes);
        for (std::size_t p = 0; p < points_at_once; ++p) {
            const auto point = hn::Set(f, points[p * stride + j]);
            sums[p][0] = Add()(point, row0, sums[p][0]);
            sums[p][1] = Add()(point, row1, sums[p][1]);
        }
    }
    for (std::size_t p = 0; p < points_at_once; ++p) {
        for (std::size_t v = 0; v < vectors_at_once; ++v) {
            float* at = tile + p * scan_width + v * lanes;
            hn::StoreU(hn::Add(hn::LoadU(f, at), sums[p][v]), f, at);
        }
    }
}

template <class Add>
HWY_INLINE void add_tile(
    const float* points, std::size_t stride, const float* rows, std::size_t n, float* tile) {
    for (std::size_t p = 0; p < scan_width; p += points_at_once) {
        for (std::size_t r = 0; r < scan_width; r += rows_at_once)
            add_part<Add>(points + p * stride, stride, rows + r, n, tile + p * scan_width + r);
    }
}

void AddSquaredDistances(
    const float* points, std::size_t stride, const float* rows, std::size_t n, float* tile) {
    add_tile<SquaredDifference>(points, stride, rows, n, tile);
}

void SubtractProducts(
    const float* points, std::size_t stride, const float* rows, std::size_t n, float* tile) {
    add_tile<MinusProduct>(points, stride, rows, n, tile);
}

void CountNearer(const float* HWY_RESTRICT tile,
                 const float* HWY_RESTRICT thresholds,
                 std::size_t n,
                 std::uint32_t* HWY_RESTRICT counts) {
    const Floats f;
    const Counts c;
    for (std::size_t at = 0; at < n * scan_width; at += lanes) {
        const auto threshold = hn::LoadU(f, thresholds + at);
        auto count = hn::LoadU(c, counts + at);
        for (std::size_t p = 0; p < scan_width; ++p) {
            const auto distance = hn::LoadU(f, tile + p * scan_width + at % scan_width);
            // A true lane is all ones, which is -1.
            const auto nearer = hn::VecFromMask(f, hn::Lt(distance, threshold));
            count = hn::Sub(count, hn::BitCast(c, nearer));
        }
        hn::StoreU(count, c, counts + at);
    }
}

void FindNearer(const float* HWY_RESTRICT tile,
                const float* HWY_RESTRICT bounds,
                std::uint32_t* HWY_RESTRICT masks) {
    const Floats f;
    for (std::size_t p = 0; p < scan_width; ++p) {
        std::uint32_t mask = 0;
        for (std::size_t r = 0; r < scan_width; r += lanes) {
            const auto nearer =
                hn::Lt(hn::LoadU(f, tile + p * scan_width + r), hn::LoadU(f, bounds + r));
            std::uint8_t bits[8] = {};
            hn::StoreMaskBits(f, nearer, bits);
            mask |= (static_cast<std::uint32_t>(bits[0]) | static_cast<std::uint32_t>(bits[1]) << 8)
                    << r;
        }
        masks[p] = mask;
    }
}

}  // namespace oort::HWY_NAMESPACE

HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace oort {

HWY_EXPORT(AddSquaredDistances);
HWY_EXPORT(SubtractProducts);
HWY_EXPORT(CountNearer);
HWY_EXPORT(FindNearer);

void add_squared_distances(const float* points,
                           std::size_t stride,
                           const float* rows,
                           std::size_t n,
                           float* tile) noexcept {
    HWY_DYNAMIC_DISPATCH(AddSquaredDistances)(points, stride, rows, n, tile);
}

void subtract_products(const float* points,
                       std::size_t stride,
                       const float* rows,
                       std::size_t n,
                       float* tile) noexcept {
    HWY_DYNAMIC_DISPATCH(SubtractProducts)(points, stride, rows, n, tile);
}

void count_nearer(const float* tile,
                  const float* thresholds,
                  std::size_t n,
                  std::uint32_t* counts) noexcept {
    HWY_DYNAMIC_DISPATCH(CountNearer)(tile, thresholds, n, counts);
}

void find_nearer(const float* tile, const float* bounds, std::uint32_t* masks) noexcept {
    HWY_DYNAMIC_DISPATCH(FindNearer)(tile, bounds, masks);
}

}  // namespace oort
#endif
