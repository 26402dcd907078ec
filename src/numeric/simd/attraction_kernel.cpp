// SPDX-License-Identifier: Apache-2.0
#include "numeric/simd/attraction_kernel.h"

#include <algorithm>

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

#if HWY_TARGET == HWY_SCALAR
template <std::size_t n_dims>
void look_up_points(const std::uint32_t* words,
                    std::uint32_t weight_bits,
                    const float* layout,
                    Vector (&points)[n_dims]) {
    const float* point = layout + (words[0] >> weight_bits) * (n_dims == 2 ? 2 : 4);
    for (std::size_t c = 0; c < n_dims; ++c) points[c] = Vector(point[c]);
}
#else
using Doubles = hn::Repartition<double, Floats>;
using Four = hn::FixedTag<float, 4>;

/// A vector whose blocks of 128 bits are load(first), load(first + 1), …
template <class D, class Load>
HWY_INLINE hn::Vec<D> from_blocks(D d, const Load& load, std::size_t first) {
    constexpr std::size_t n_blocks = hn::MaxLanes(D()) * sizeof(hn::TFromD<D>) / 16;
    if constexpr (n_blocks == 1) {
        return load(first);
    } else {
        const hn::Half<D> half;
        const auto low = from_blocks(half, load, first);
        return hn::Combine(d, from_blocks(half, load, first + n_blocks / 2), low);
    }
}

/// Two points of two floats.
HWY_INLINE hn::Vec<hn::FixedTag<double, 2> > two_points(const std::uint32_t* words,
                                                        std::uint32_t weight_bits,
                                                        const double* layout) {
    const hn::FixedTag<double, 2> two;
    const hn::FixedTag<double, 1> one;
    return hn::InterleaveLower(
        two,
        hn::ZeroExtendVector(two, hn::LoadU(one, layout + (words[0] >> weight_bits))),
        hn::ZeroExtendVector(two, hn::LoadU(one, layout + (words[1] >> weight_bits))));
}

/// The points that `lanes` words name. Plain loads: measured, the gather instructions are slower.
HWY_INLINE void look_up_points(const std::uint32_t* words,
                               std::uint32_t weight_bits,
                               const float* layout,
                               Vector (&points)[2]) {
    const Floats f;
    // A point as one number of eight bytes, moved only.
    const auto* pairs = reinterpret_cast<const double*>(layout);
    Vector halves[2];
    for (std::size_t h = 0; h < 2; ++h) {
        const std::uint32_t* at = words + h * lanes / 2;
        const auto pair = [&](std::size_t i)
                              HWY_ATTR { return two_points(at + 2 * i, weight_bits, pairs); };
        halves[h] = hn::BitCast(f, from_blocks(Doubles(), pair, 0));
    }
    points[0] = hn::ConcatEven(f, halves[1], halves[0]);
    points[1] = hn::ConcatOdd(f, halves[1], halves[0]);
}

HWY_INLINE void look_up_points(const std::uint32_t* words,
                               std::uint32_t weight_bits,
                               const float* layout,
                               Vector (&points)[3]) {
    const Floats f;
    const Doubles wide;
    // Row r holds, of every fourth point from the r-th, all four floats.
    Vector rows[4];
    for (std::size_t r = 0; r < 4; ++r) {
        const auto point = [&](std::size_t i) HWY_ATTR {
            return hn::LoadU(Four(), layout + 4 * std::size_t{words[4 * i + r] >> weight_bits});
        };
        rows[r] = from_blocks(f, point, 0);
    }
    const auto a = hn::BitCast(wide, hn::InterleaveLower(f, rows[0], rows[1]));
    const auto b = hn::BitCast(wide, hn::InterleaveLower(f, rows[2], rows[3]));
    const auto c = hn::BitCast(wide, hn::InterleaveUpper(f, rows[0], rows[1]));
    const auto d = hn::BitCast(wide, hn::InterleaveUpper(f, rows[2], rows[3]));
    points[0] = hn::BitCast(f, hn::InterleaveLower(wide, a, b));
    points[1] = hn::BitCast(f, hn::InterleaveUpper(wide, a, b));
    points[2] = hn::BitCast(f, hn::InterleaveLower(wide, c, d));
}
#endif

template <std::size_t n_dims>
HWY_INLINE Edges<n_dims> look_up(const std::uint32_t* words,
                                 std::uint32_t weight_bits,
                                 const float* layout,
                                 const Vector (&here)[n_dims]) {
    const Floats f;
    const Words u;
    const auto weight = hn::And(hn::LoadU(u, words), hn::Set(u, (1U << weight_bits) - 1));
    Edges<n_dims> out;
    out.weights = hn::ConvertTo(f, hn::BitCast(Integers(), weight));
    out.square = hn::Set(f, 1);
    Vector there[n_dims];
    look_up_points(words, weight_bits, layout, there);
    for (std::size_t c = 0; c < n_dims; ++c) {
        out.away[c] = hn::Sub(here[c], there[c]);
        out.square = hn::MulAdd(out.away[c], out.away[c], out.square);
    }
    return out;
}

/// Calls body(edges) for the edges of row i, as many at once as there are lanes; those that are
/// missing in the last have weight 0.
template <std::size_t n_dims, class Body>
HWY_INLINE void for_edges(const EdgesView& edges, const float* layout, std::size_t i, Body body) {
    const Floats f;
    constexpr std::size_t stride = n_dims == 2 ? 2 : 4;
    Vector here[n_dims];
    for (std::size_t c = 0; c < n_dims; ++c) here[c] = hn::Set(f, layout[i * stride + c]);
    const std::uint32_t* word = edges.words + edges.row_begin[i];
    const std::uint32_t* const end = edges.words + edges.row_begin[i + 1];
    for (; word + lanes <= end; word += lanes)
        body(look_up<n_dims>(word, edges.weight_bits, layout, here));
    if (word < end) {
        std::uint32_t rest[lanes] = {};
        std::copy(word, end, rest);
        body(look_up<n_dims>(rest, edges.weight_bits, layout, here));
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
