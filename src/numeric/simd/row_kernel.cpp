// SPDX-License-Identifier: Apache-2.0
#include "numeric/simd/row_kernel.h"

#include "numeric/simd/gram_kernel.h"

#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "numeric/simd/row_kernel.cpp"
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

bool row_is_finite(const float* row, std::size_t d) {
    // Zero times infinity or NaN is NaN, which stays NaN in a sum.
    const Floats f;
    auto sum = hn::Zero(f);
    std::size_t j = 0;
    for (; j + float_lanes <= d; j += float_lanes)
        sum = hn::MulAdd(hn::LoadU(f, row + j), hn::Zero(f), sum);
    float rest = 0;
    for (; j < d; ++j) rest += row[j] * 0.0F;
    return hn::AllTrue(f, hn::Eq(sum, sum)) && rest == 0.0F;
}

// Several rows at once, so that sums are loaded and stored less often; they are added one after the
// other.
template <std::size_t n_rows>
void add_rows(const float* const* rows, std::size_t d, const ColumnSums& columns) {
    const Doubles wide;
    const HalfFloats narrow;
    std::size_t j = 0;
    for (; j + double_lanes <= d; j += double_lanes) {
        auto sum = hn::LoadU(wide, columns.sums + j);
        auto low = hn::LoadU(narrow, columns.lows + j);
        auto high = hn::LoadU(narrow, columns.highs + j);
        for (std::size_t i = 0; i < n_rows; ++i) {
            const auto values = hn::LoadU(narrow, rows[i] + j);
            sum = hn::Add(sum, hn::PromoteTo(wide, values));
            low = hn::Min(low, values);
            high = hn::Max(high, values);
        }
        hn::StoreU(sum, wide, columns.sums + j);
        hn::StoreU(low, narrow, columns.lows + j);
        hn::StoreU(high, narrow, columns.highs + j);
    }
    for (; j < d; ++j) {
        for (std::size_t i = 0; i < n_rows; ++i) {
            const float value = rows[i][j];
            columns.sums[j] += static_cast<double>(value);
            if (value < columns.lows[j]) columns.lows[j] = value;
            if (value > columns.highs[j]) columns.highs[j] = value;
        }
    }
}

void AddColumnSums(const float* rows,
                   std::size_t n_rows,
                   std::size_t d,
                   const ColumnSums& columns,
                   std::uint8_t* is_finite) {
    constexpr std::size_t at_once = 8;
    const float* waiting[at_once];
    std::size_t n_waiting = 0;
    for (std::size_t i = 0; i < n_rows; ++i) {
        const float* row = rows + i * d;
        is_finite[i] = row_is_finite(row, d) ? 1 : 0;
        if (is_finite[i] == 0) continue;
        waiting[n_waiting++] = row;
        if (n_waiting == at_once) {
            add_rows<at_once>(waiting, d, columns);
            n_waiting = 0;
        }
    }
    for (std::size_t i = 0; i < n_waiting; ++i) add_rows<1>(waiting + i, d, columns);
}

void CentreRow(const float* HWY_RESTRICT row,
               const CentringView& centring,
               std::size_t n,
               float* HWY_RESTRICT out) {
    const Floats f;
    std::size_t j = 0;
    for (; j + float_lanes <= n; j += float_lanes) {
        const auto scaled = hn::MulSub(hn::LoadU(f, row + j),
                                       hn::LoadU(f, centring.scale + j),
                                       hn::LoadU(f, centring.high + j));
        hn::StoreU(hn::Sub(scaled, hn::LoadU(f, centring.low + j)), f, out + j);
    }
    for (; j < n; ++j) out[j] = (row[j] * centring.scale[j] - centring.high[j]) - centring.low[j];
}

double SquaredLength(const float* values, std::size_t n) {
    constexpr std::size_t n_sums = 8;
    const Doubles wide;
    HWY_ALIGN double sums[n_sums] = {};
    std::size_t j = 0;
    for (; j + n_sums <= n; j += n_sums) {
        for (std::size_t l = 0; l < n_sums; l += double_lanes) {
            const auto value = hn::PromoteTo(wide, hn::LoadU(HalfFloats(), values + j + l));
            hn::Store(hn::MulAdd(value, value, hn::Load(wide, sums + l)), wide, sums + l);
        }
    }
    for (; j < n; ++j) sums[0] += static_cast<double>(values[j]) * static_cast<double>(values[j]);
    return ((sums[0] + sums[4]) + (sums[2] + sums[6])) +
           ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

void CentreIntoPanels(const float* HWY_RESTRICT row,
                      const CentringView& centring,
                      std::size_t n,
                      std::size_t panel_stride,
                      float* HWY_RESTRICT out) {
    const Floats f;
    std::size_t j = 0;
    for (; j + panel_width <= n; j += panel_width) {
        float* to = out + j / panel_width * panel_stride;
        for (std::size_t l = 0; l < panel_width; l += float_lanes) {
            const std::size_t at = j + l;
            const auto scaled = hn::MulSub(hn::LoadU(f, row + at),
                                           hn::LoadU(f, centring.scale + at),
                                           hn::LoadU(f, centring.high + at));
            hn::StoreU(hn::Sub(scaled, hn::LoadU(f, centring.low + at)), f, to + l);
        }
    }
    if (j == n) return;
    float* rest = out + j / panel_width * panel_stride;
    for (std::size_t l = 0; l < panel_width; ++l) rest[l] = 0;
    CentreRow(row + j, {centring.scale + j, centring.high + j, centring.low + j}, n - j, rest);
}

}  // namespace oort::HWY_NAMESPACE

HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace oort {

HWY_EXPORT(AddColumnSums);
HWY_EXPORT(CentreRow);
HWY_EXPORT(CentreIntoPanels);
HWY_EXPORT(SquaredLength);

void add_column_sums(const float* rows,
                     std::size_t n_rows,
                     std::size_t d,
                     const ColumnSums& columns,
                     std::uint8_t* is_finite) noexcept {
    HWY_DYNAMIC_DISPATCH(AddColumnSums)(rows, n_rows, d, columns, is_finite);
}

void centre_row(const float* row,
                const CentringView& centring,
                std::size_t n,
                float* out) noexcept {
    HWY_DYNAMIC_DISPATCH(CentreRow)(row, centring, n, out);
}

double squared_length(const float* values, std::size_t n) noexcept {
    return HWY_DYNAMIC_DISPATCH(SquaredLength)(values, n);
}

void centre_into_panels(const float* row,
                        const CentringView& centring,
                        std::size_t n,
                        std::size_t panel_stride,
                        float* out) noexcept {
    HWY_DYNAMIC_DISPATCH(CentreIntoPanels)(row, centring, n, panel_stride, out);
}

}  // namespace oort
#endif
