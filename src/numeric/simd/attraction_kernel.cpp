// SPDX-License-Identifier: Apache-2.0
#include "numeric/simd/attraction_kernel.h"

// Vectors whose length is known only at run time cannot stand in arrays of registers.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "numeric/simd/attraction_kernel.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>
// After highway.h:
#include <hwy/contrib/math/math-inl.h>

HWY_BEFORE_NAMESPACE();

namespace oort::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::CappedTag<float, 16>;
using Words = hn::RebindToUnsigned<Floats>;
using Integers = hn::RebindToSigned<Floats>;
using Vector = hn::Vec<Floats>;
constexpr std::size_t lanes = hn::MaxLanes(Floats());

/// 1 / a, good to 14 bits: what it errs by is far below what the grid does.
HWY_INLINE Vector reciprocal(Vector a) {
#if HWY_TARGET <= HWY_AVX3
    return hn::ApproximateReciprocal(a);
#else
    return hn::Div(hn::Set(Floats(), 1), a);
#endif
}

/// Some edges of one row.
template <std::size_t n_dims>
struct Edges {
    Vector weights;
    Vector away[n_dims];  ///< y_i - y_j
    Vector square;        ///< 1 + |y_i - y_j|^2
};

template <std::size_t n_dims>
HWY_INLINE Edges<n_dims> look_up(hn::Vec<Words> words,
                                 std::uint32_t index_bits,
                                 const float* layout,
                                 const Vector (&here)[n_dims]) {
    const Floats f;
    const Words u;
    const auto index = hn::And(words, hn::Set(u, (1U << index_bits) - 1));
    const auto weight = hn::ShiftRightSame(words, static_cast<int>(index_bits));
    Edges<n_dims> out;
    out.weights = hn::ConvertTo(f, hn::BitCast(Integers(), weight));
    out.square = hn::Set(f, 1);
    const auto offset = hn::BitCast(Integers(), hn::ShiftLeft < n_dims == 2 ? 1 : 2 > (index));
    for (std::size_t c = 0; c < n_dims; ++c) {
        out.away[c] = hn::Sub(here[c], hn::GatherIndex(f, layout + c, offset));
        out.square = hn::MulAdd(out.away[c], out.away[c], out.square);
    }
    return out;
}

/// Calls body(edges) for the edges of row i, as many at once as there are lanes; those that are
/// missing in the last have weight 0.
template <std::size_t n_dims, class Body>
HWY_INLINE void for_edges(const EdgesView& edges, const float* layout, std::size_t i, Body body) {
    const Floats f;
    const Words u;
    constexpr std::size_t stride = n_dims == 2 ? 2 : 4;
    Vector here[n_dims];
    for (std::size_t c = 0; c < n_dims; ++c) here[c] = hn::Set(f, layout[i * stride + c]);
    std::size_t e = edges.row_begin[i];
    const std::size_t end = edges.row_begin[i + 1];
    for (; e + lanes <= end; e += lanes)
        body(look_up<n_dims>(hn::LoadU(u, edges.words + e), edges.index_bits, layout, here));
    if (e < end) {
        const auto words = hn::MaskedLoad(hn::FirstN(u, end - e), u, edges.words + e);
        body(look_up<n_dims>(words, edges.index_bits, layout, here));
    }
}

template <std::size_t n_dims>
void attract_rows(const EdgesView& edges,
                  const float* layout,
                  std::size_t begin,
                  std::size_t end,
                  float* forces) {
    const Floats f;
    constexpr std::size_t stride = n_dims == 2 ? 2 : 4;
    for (std::size_t i = begin; i < end; ++i, forces += stride) {
        Vector sums[n_dims];
        for (auto& sum : sums) sum = hn::Zero(f);
        for_edges<n_dims>(edges, layout, i, [&](const Edges<n_dims>& some) HWY_ATTR {
            const auto weight = hn::Mul(some.weights, reciprocal(some.square));
            for (std::size_t c = 0; c < n_dims; ++c)
                sums[c] = hn::MulAdd(weight, some.away[c], sums[c]);
        });
        for (std::size_t c = 0; c < n_dims; ++c)
            forces[c] = edges.row_scale[i] * hn::GetLane(hn::SumOfLanes(f, sums[c]));
        if (stride == 4) forces[3] = 0;
    }
}

template <std::size_t n_dims>
double divergence_rows(const EdgesView& edges,
                       const float* layout,
                       std::size_t begin,
                       std::size_t end) {
    const Floats f;
    double total = 0;
    for (std::size_t i = begin; i < end; ++i) {
        auto sum = hn::Zero(f);
        const auto scale = hn::Set(f, edges.row_scale[i]);
        for_edges<n_dims>(edges, layout, i, [&](const Edges<n_dims>& some) HWY_ATTR {
            const auto p = hn::Mul(scale, some.weights);
            const auto log = hn::Log(f, hn::Mul(p, some.square));
            sum = hn::Add(sum, hn::IfThenElseZero(hn::Gt(p, hn::Zero(f)), hn::Mul(p, log)));
        });
        total += static_cast<double>(hn::GetLane(hn::SumOfLanes(f, sum)));
    }
    return total;
}

void Attract(const EdgesView& edges,
             const RowsView& layout,
             std::size_t begin,
             std::size_t end,
             float* forces) {
    if (layout.stride == 2) {
        attract_rows<2>(edges, layout.values, begin, end, forces);
    } else {
        attract_rows<3>(edges, layout.values, begin, end, forces);
    }
}

double EdgeDivergence(const EdgesView& edges,
                      const RowsView& layout,
                      std::size_t begin,
                      std::size_t end) {
    return layout.stride == 2 ? divergence_rows<2>(edges, layout.values, begin, end)
                              : divergence_rows<3>(edges, layout.values, begin, end);
}

}  // namespace
}  // namespace oort::HWY_NAMESPACE

HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace oort {

HWY_EXPORT(Attract);
HWY_EXPORT(EdgeDivergence);

void attract(const EdgesView& edges,
             const RowsView& layout,
             std::size_t begin,
             std::size_t end,
             float* forces) noexcept {
    HWY_DYNAMIC_DISPATCH(Attract)(edges, layout, begin, end, forces);
}

double edge_divergence(const EdgesView& edges,
                       const RowsView& layout,
                       std::size_t begin,
                       std::size_t end) noexcept {
    return HWY_DYNAMIC_DISPATCH(EdgeDivergence)(edges, layout, begin, end);
}

}  // namespace oort
#endif
