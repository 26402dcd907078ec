// SPDX-License-Identifier: Apache-2.0
#include "numeric/simd/distance_kernel.h"

// Vectors whose length is known only at run time cannot stand in arrays of registers.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "numeric/simd/distance_kernel.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();

namespace oort::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

namespace {

using Floats = hn::CappedTag<float, 16>;
using Doubles = hn::CappedTag<double, 8>;
using HalfFloats = hn::Rebind<float, Doubles>;
using Ints = hn::Rebind<std::int32_t, Floats>;
using Bytes = hn::Rebind<std::uint8_t, Floats>;
using Halves = hn::Rebind<hwy::float16_t, Floats>;
constexpr std::size_t float_lanes = hn::MaxLanes(Floats());
constexpr std::size_t double_lanes = hn::MaxLanes(Doubles());
constexpr std::size_t n_sums = 16;
constexpr std::size_t sum_vectors = n_sums / float_lanes;
// Each sum is a chain of dependent additions; four rows keep enough of them going.
constexpr std::size_t rows_at_once = 4;

HWY_INLINE hn::Vec<Floats> load(const float* at) {
    return hn::LoadU(Floats(), at);
}

HWY_INLINE hn::Vec<Floats> load(const std::uint8_t* at) {
    return hn::ConvertTo(Floats(), hn::PromoteTo(Ints(), hn::LoadU(Bytes(), at)));
}

HWY_INLINE hn::Vec<Floats> load(const hwy::float16_t* at) {
    return hn::PromoteTo(Floats(), hn::LoadU(Halves(), at));
}

struct SquaredDifference {
    HWY_INLINE hn::Vec<Floats> operator()(hn::Vec<Floats> query,
                                          hn::Vec<Floats> value,
                                          float /*scale*/,
                                          hn::Vec<Floats> sum) const {
        const auto difference = hn::Sub(query, value);
        return hn::MulAdd(difference, difference, sum);
    }
};

struct ScaledSquaredDifference {
    HWY_INLINE hn::Vec<Floats> operator()(hn::Vec<Floats> query,
                                          hn::Vec<Floats> value,
                                          float scale,
                                          hn::Vec<Floats> sum) const {
        // The product is rounded, as that of the query was, so that the two rows may change places;
        // a plain multiplication might be merged with the subtraction.
        const Floats f;
        const auto scaled = hn::MulAdd(value, hn::Set(f, scale), hn::Zero(f));
        const auto difference = hn::Sub(query, scaled);
        return hn::MulAdd(difference, difference, sum);
    }
};

struct Product {
    HWY_INLINE hn::Vec<Floats> operator()(hn::Vec<Floats> query,
                                          hn::Vec<Floats> value,
                                          float /*scale*/,
                                          hn::Vec<Floats> sum) const {
        return hn::MulAdd(query, value, sum);
    }
};

double sum_up(const float* parts) {
    HWY_ALIGN double sums[n_sums / 2];
    const Doubles wide;
    for (std::size_t l = 0; l < n_sums / 2; l += double_lanes) {
        const auto low = hn::PromoteTo(wide, hn::Load(HalfFloats(), parts + l));
        const auto high = hn::PromoteTo(wide, hn::Load(HalfFloats(), parts + n_sums / 2 + l));
        hn::Store(hn::Add(low, high), wide, sums + l);
    }
    return ((sums[0] + sums[4]) + (sums[2] + sums[6])) +
           ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

template <std::size_t n_rows, class T, class Term>
void add_up(const float* HWY_RESTRICT query,
            const T* const* rows,
            const float* scales,
            std::size_t d,
            Term term,
            double* out) {
    const Floats f;
    hn::Vec<Floats> sums[n_rows][sum_vectors];
    for (auto& row : sums) {
        for (auto& sum : row) sum = hn::Zero(f);
    }
    std::size_t j = 0;
    for (; j + n_sums <= d; j += n_sums) {
        for (std::size_t v = 0; v < sum_vectors; ++v) {
            const auto wanted = load(query + j + v * float_lanes);
            for (std::size_t i = 0; i < n_rows; ++i) {
                sums[i][v] =
                    term(wanted, load(rows[i] + j + v * float_lanes), scales[i], sums[i][v]);
            }
        }
    }
    if (j < d) {
        float wanted[n_sums] = {};
        for (std::size_t t = j; t < d; ++t) wanted[t - j] = query[t];
        for (std::size_t i = 0; i < n_rows; ++i) {
            T rest[n_sums] = {};
            for (std::size_t t = j; t < d; ++t) rest[t - j] = rows[i][t];
            for (std::size_t v = 0; v < sum_vectors; ++v) {
                sums[i][v] = term(load(wanted + v * float_lanes),
                                  load(rest + v * float_lanes),
                                  scales[i],
                                  sums[i][v]);
            }
        }
    }
    HWY_ALIGN float parts[n_sums];
    for (std::size_t i = 0; i < n_rows; ++i) {
        for (std::size_t v = 0; v < sum_vectors; ++v)
            hn::Store(sums[i][v], f, parts + v * float_lanes);
        out[i] = sum_up(parts);
    }
}

template <class T, class Term>
void add_up_rows(const float* query,
                 const PointsView& points,
                 const float* scales,
                 const std::uint32_t* rows,
                 std::size_t n,
                 Term term,
                 double* out) {
    const std::size_t d = points.n_columns;
    const T* data = static_cast<const T*>(points.data);
    const T* at[rows_at_once];
    float scale[rows_at_once] = {};
    std::size_t i = 0;
    for (; i + rows_at_once <= n; i += rows_at_once) {
        for (std::size_t r = 0; r < rows_at_once; ++r) {
            at[r] = data + rows[i + r] * d;
            if (scales != nullptr) scale[r] = scales[rows[i + r]];
        }
        add_up<rows_at_once>(query, at, scale, d, term, out + i);
    }
    for (; i < n; ++i) {
        at[0] = data + rows[i] * d;
        if (scales != nullptr) scale[0] = scales[rows[i]];
        add_up<1>(query, at, scale, d, term, out + i);
    }
}

template <class Term>
void add_up_any(const float* query,
                const PointsView& points,
                const float* scales,
                const std::uint32_t* rows,
                std::size_t n,
                Term term,
                double* out) {
    switch (points.type) {
        case ElementType::float32:
            return add_up_rows<float>(query, points, scales, rows, n, term, out);
        case ElementType::float16:
            return add_up_rows<hwy::float16_t>(query, points, scales, rows, n, term, out);
        case ElementType::uint8:
            return add_up_rows<std::uint8_t>(query, points, scales, rows, n, term, out);
    }
}

}  // namespace

void SquaredDifferences(const float* query,
                        const PointsView& points,
                        const std::uint32_t* rows,
                        std::size_t n,
                        double* out) {
    add_up_any(query, points, nullptr, rows, n, SquaredDifference(), out);
}

void ScaledSquaredDifferences(const float* query,
                              const PointsView& points,
                              const float* scales,
                              const std::uint32_t* rows,
                              std::size_t n,
                              double* out) {
    add_up_any(query, points, scales, rows, n, ScaledSquaredDifference(), out);
}

void DotProducts(const float* query,
                 const PointsView& points,
                 const std::uint32_t* rows,
                 std::size_t n,
                 double* out) {
    add_up_any(query, points, nullptr, rows, n, Product(), out);
}

}  // namespace oort::HWY_NAMESPACE

HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace oort {

HWY_EXPORT(SquaredDifferences);
HWY_EXPORT(ScaledSquaredDifferences);
HWY_EXPORT(DotProducts);

void squared_differences(const float* query,
                         const PointsView& points,
                         const std::uint32_t* rows,
                         std::size_t n,
                         double* out) noexcept {
    HWY_DYNAMIC_DISPATCH(SquaredDifferences)(query, points, rows, n, out);
}

void scaled_squared_differences(const float* query,
                                const PointsView& points,
                                const float* scales,
                                const std::uint32_t* rows,
                                std::size_t n,
                                double* out) noexcept {
    HWY_DYNAMIC_DISPATCH(ScaledSquaredDifferences)(query, points, scales, rows, n, out);
}

void dot_products(const float* query,
                  const PointsView& points,
                  const std::uint32_t* rows,
                  std::size_t n,
                  double* out) noexcept {
    HWY_DYNAMIC_DISPATCH(DotProducts)(query, points, rows, n, out);
}

}  // namespace oort
#endif
