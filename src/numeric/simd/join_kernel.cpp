// SPDX-License-Identifier: Apache-2.0
#include "numeric/simd/join_kernel.h"

// Vectors whose length is known only at run time cannot stand in arrays of registers.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "numeric/simd/join_kernel.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();

namespace oort::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

namespace {

using Ints = hn::CappedTag<std::int32_t, 16>;
using Floats = hn::Rebind<float, Ints>;
using Points = hn::Rebind<std::uint32_t, Ints>;
using IntVector = hn::Vec<Ints>;
constexpr std::size_t lanes = hn::MaxLanes(Ints());

// As many sums as leave room for operands and products in 32 (AVX-512) or 16 registers.
constexpr std::size_t tile_rows = lanes == 16 ? 8 : 4;
constexpr std::size_t half_rows = tile_rows / 2;
constexpr std::size_t tile_vectors = 2;
constexpr std::size_t tile_points = tile_vectors * lanes;

/// How two words are combined, and a key made of the sum.
struct ShortArithmetic {
    using Sum = hn::Vec<Ints>;

    static HWY_INLINE Sum zero() { return hn::Zero(Ints()); }

    static HWY_INLINE Sum add(IntVector query, IntVector point, Sum sum) {
#if HWY_TARGET == HWY_SCALAR
        // A vector of one lane has no room for a pair.
        const auto high = hn::Mul(hn::ShiftRight<16>(query), hn::ShiftRight<16>(point));
        const auto low = hn::Mul(hn::ShiftRight<16>(hn::ShiftLeft<16>(query)),
                                 hn::ShiftRight<16>(hn::ShiftLeft<16>(point)));
        return hn::Add(sum, hn::Add(high, low));
#else
        const hn::Repartition<std::int16_t, Ints> s;
        Sum other = hn::Zero(Ints());
        sum = hn::ReorderWidenMulAccumulate(
            Ints(), hn::BitCast(s, query), hn::BitCast(s, point), sum, other);
        return hn::RearrangeToOddPlusEven(sum, other);
#endif
    }

    static HWY_INLINE IntVector key(Sum sum, IntVector norm) {
        return hn::Sub(norm, hn::Add(sum, sum));
    }
};

struct FloatArithmetic {
    using Sum = hn::Vec<Floats>;

    static HWY_INLINE Sum zero() { return hn::Zero(Floats()); }

    static HWY_INLINE Sum add(IntVector query, IntVector point, Sum sum) {
        const Floats f;
        const auto difference = hn::Sub(hn::BitCast(f, query), hn::BitCast(f, point));
        return hn::MulAdd(difference, difference, sum);
    }

    static HWY_INLINE IntVector key(Sum sum, IntVector norm) {
        const Floats f;
        return hn::BitCast(Ints(), hn::Add(sum, hn::BitCast(f, norm)));
    }
};

/// Gives to take(row, first point, keys) the keys of 2 vectors of points for each query.
template <class A, std::size_t n_rows, class Take>
HWY_INLINE void for_tile(const std::int32_t* const* queries,
                         const std::int32_t* HWY_RESTRICT panel,
                         const std::int32_t* HWY_RESTRICT norms,
                         std::size_t n_words,
                         const Take& take) {
    const Ints d;
    for (std::size_t first = 0; first < panel_points; first += tile_points) {
        typename A::Sum sums[n_rows][tile_vectors];
        for (auto& row : sums) {
            for (auto& sum : row) sum = A::zero();
        }
        // Twice unrolled, sums change registers half as often.
#pragma GCC unroll 2
        for (std::size_t w = 0; w < n_words; ++w) {
            const auto p0 = hn::Load(d, panel + w * panel_points + first);
            const auto p1 = hn::Load(d, panel + w * panel_points + first + lanes);
            for (std::size_t i = 0; i < n_rows; ++i) {
                const auto query = hn::Set(d, queries[i][w]);
                sums[i][0] = A::add(query, p0, sums[i][0]);
                sums[i][1] = A::add(query, p1, sums[i][1]);
            }
        }
        const auto n0 = hn::Load(d, norms + first);
        const auto n1 = hn::Load(d, norms + first + lanes);
        for (std::size_t i = 0; i < n_rows; ++i) {
            take(i, first, A::key(sums[i][0], n0));
            take(i, first + lanes, A::key(sums[i][1], n1));
        }
    }
}

template <class A, std::size_t n_rows>
void collect(const std::int32_t* panel,
             const std::int32_t* norms,
             std::size_t n_words,
             std::uint32_t first_point,
             Candidates* const* queries) {
    const Ints d;
    const std::int32_t* words[n_rows];
    for (std::size_t i = 0; i < n_rows; ++i) words[i] = queries[i]->words;
    for_tile<A, n_rows>(
        words, panel, norms, n_words, [&](std::size_t i, std::size_t at, IntVector keys) HWY_ATTR {
            Candidates& found = *queries[i];
            const auto is_near = hn::Lt(keys, hn::Set(d, found.limit));
            if (hn::AllFalse(d, is_near)) return;
            const auto first = static_cast<std::uint32_t>(first_point + at);
            const auto is_near_point = hn::RebindMask(Points(), is_near);
            // To a register and from there to memory: doing both at once is slow on some.
            hn::StoreU(hn::Compress(keys, is_near), d, found.keys + found.count);
            hn::StoreU(hn::Compress(hn::Iota(Points(), first), is_near_point),
                       Points(),
                       found.points + found.count);
            found.count += static_cast<std::uint32_t>(hn::CountTrue(d, is_near));
        });
}

// A panel and the words of the queries stay in the nearest cache.
template <class A>
void collect_all(const PanelsView& panels,
                 std::uint32_t first_point,
                 Candidates* const* queries,
                 std::size_t n) {
    for (std::size_t p = 0; p < panels.n_panels; ++p) {
        const std::int32_t* panel = panels.words + p * panels.n_words * panel_points;
        const std::int32_t* norms = panels.norms + p * panel_points;
        const auto first = static_cast<std::uint32_t>(first_point + p * panel_points);
        std::size_t i = 0;
        for (; i + tile_rows <= n; i += tile_rows)
            collect<A, tile_rows>(panel, norms, panels.n_words, first, queries + i);
        for (; i + half_rows <= n; i += half_rows)
            collect<A, half_rows>(panel, norms, panels.n_words, first, queries + i);
        for (; i + 2 <= n; i += 2) collect<A, 2>(panel, norms, panels.n_words, first, queries + i);
        for (; i < n; ++i) collect<A, 1>(panel, norms, panels.n_words, first, queries + i);
    }
}

template <class A, std::size_t n_rows>
void measure(const PanelsView& panels, const std::int32_t* query_words, std::int32_t* keys) {
    const Ints d;
    const std::size_t stride = panels.n_panels * panel_points;
    const std::int32_t* words[n_rows];
    for (std::size_t i = 0; i < n_rows; ++i) words[i] = query_words + i * panels.n_words;
    for (std::size_t p = 0; p < panels.n_panels; ++p) {
        for_tile<A, n_rows>(words,
                            panels.words + p * panels.n_words * panel_points,
                            panels.norms + p * panel_points,
                            panels.n_words,
                            [&](std::size_t i, std::size_t at, IntVector found) HWY_ATTR {
                                hn::StoreU(found, d, keys + i * stride + p * panel_points + at);
                            });
    }
}

template <class A>
void measure_all(const PanelsView& panels,
                 const std::int32_t* words,
                 std::size_t n,
                 std::int32_t* keys) {
    const std::size_t stride = panels.n_panels * panel_points;
    std::size_t i = 0;
    for (; i + tile_rows <= n; i += tile_rows)
        measure<A, tile_rows>(panels, words + i * panels.n_words, keys + i * stride);
    for (; i < n; ++i) measure<A, 1>(panels, words + i * panels.n_words, keys + i * stride);
}

template <class A, std::size_t n_rows>
void find_nearest(const PanelsView& panels,
                  const std::int32_t* query_words,
                  std::uint32_t* nearest) {
    const Ints d;
    const std::int32_t* words[n_rows];
    IntVector least[n_rows];
    IntVector where[n_rows];
    for (std::size_t i = 0; i < n_rows; ++i) {
        words[i] = query_words + i * panels.n_words;
        least[i] = hn::Set(d, std::numeric_limits<std::int32_t>::max());
        where[i] = hn::Zero(d);
    }
    for (std::size_t p = 0; p < panels.n_panels; ++p) {
        for_tile<A, n_rows>(words,
                            panels.words + p * panels.n_words * panel_points,
                            panels.norms + p * panel_points,
                            panels.n_words,
                            [&](std::size_t i, std::size_t at, IntVector keys) HWY_ATTR {
                                const auto is_less = hn::Lt(keys, least[i]);
                                const auto first = static_cast<std::int32_t>(p * panel_points + at);
                                least[i] = hn::Min(keys, least[i]);
                                where[i] = hn::IfThenElse(is_less, hn::Iota(d, first), where[i]);
                            });
    }
    HWY_ALIGN std::int32_t keys[lanes];
    HWY_ALIGN std::int32_t places[lanes];
    for (std::size_t i = 0; i < n_rows; ++i) {
        hn::Store(least[i], d, keys);
        hn::Store(where[i], d, places);
        std::size_t best = 0;
        for (std::size_t l = 1; l < lanes; ++l) {
            if (keys[l] < keys[best] || (keys[l] == keys[best] && places[l] < places[best]))
                best = l;
        }
        nearest[i] = static_cast<std::uint32_t>(places[best]);
    }
}

template <class A>
void find_all_nearest(const PanelsView& panels,
                      const std::int32_t* words,
                      std::size_t n,
                      std::uint32_t* nearest) {
    std::size_t i = 0;
    for (; i + tile_rows <= n; i += tile_rows)
        find_nearest<A, tile_rows>(panels, words + i * panels.n_words, nearest + i);
    for (; i < n; ++i) find_nearest<A, 1>(panels, words + i * panels.n_words, nearest + i);
}

}  // namespace

void CollectCandidates(Arithmetic arithmetic,
                       const PanelsView& panels,
                       std::uint32_t first_point,
                       Candidates* const* queries,
                       std::size_t n_queries) {
    if (arithmetic == Arithmetic::int16) {
        collect_all<ShortArithmetic>(panels, first_point, queries, n_queries);
    } else {
        collect_all<FloatArithmetic>(panels, first_point, queries, n_queries);
    }
}

void MeasureKeys(Arithmetic arithmetic,
                 const PanelsView& panels,
                 const std::int32_t* words,
                 std::size_t n_queries,
                 std::int32_t* keys) {
    if (arithmetic == Arithmetic::int16) {
        measure_all<ShortArithmetic>(panels, words, n_queries, keys);
    } else {
        measure_all<FloatArithmetic>(panels, words, n_queries, keys);
    }
}

void NearestPoints(Arithmetic arithmetic,
                   const PanelsView& panels,
                   const std::int32_t* words,
                   std::size_t n_queries,
                   std::uint32_t* nearest) {
    if (arithmetic == Arithmetic::int16) {
        find_all_nearest<ShortArithmetic>(panels, words, n_queries, nearest);
    } else {
        find_all_nearest<FloatArithmetic>(panels, words, n_queries, nearest);
    }
}

}  // namespace oort::HWY_NAMESPACE

HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace oort {

HWY_EXPORT(CollectCandidates);
HWY_EXPORT(MeasureKeys);
HWY_EXPORT(NearestPoints);

void collect_candidates(Arithmetic arithmetic,
                        const PanelsView& panels,
                        std::uint32_t first_point,
                        Candidates* const* queries,
                        std::size_t n_queries) noexcept {
    HWY_DYNAMIC_DISPATCH(CollectCandidates)
    (arithmetic, panels, first_point, queries, n_queries);
}

void measure_keys(Arithmetic arithmetic,
                  const PanelsView& panels,
                  const std::int32_t* words,
                  std::size_t n_queries,
                  std::int32_t* keys) noexcept {
    HWY_DYNAMIC_DISPATCH(MeasureKeys)(arithmetic, panels, words, n_queries, keys);
}

void nearest_points(Arithmetic arithmetic,
                    const PanelsView& panels,
                    const std::int32_t* words,
                    std::size_t n_queries,
                    std::uint32_t* nearest) noexcept {
    HWY_DYNAMIC_DISPATCH(NearestPoints)(arithmetic, panels, words, n_queries, nearest);
}

}  // namespace oort
#endif
