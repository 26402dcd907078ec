// SPDX-License-Identifier: Apache-2.0
#include "numeric/simd/umap_kernel.h"

#include <cstring>

#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "numeric/simd/umap_kernel.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include "numeric/simd/powers.inc"

HWY_BEFORE_NAMESPACE();

namespace oort::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Unsigned = hn::RebindToUnsigned<Floats>;
using Words = hn::Vec<Unsigned>;

constexpr std::size_t vectors = slice_rows / lanes;
constexpr std::size_t block_edges = 32;  // of each row, fetched at once

template <int dims>
struct Points {
    Vector at[dims];
};

/// Loads `lanes` points that lie one after the other.
template <int dims>
HWY_INLINE Points<dims> load_points(const float* HWY_RESTRICT from) {
    Points<dims> points;
    if constexpr (dims == 2) {
        hn::LoadInterleaved2(Floats(), from, points.at[0], points.at[1]);
    } else {
        Vector unused;
        hn::LoadInterleaved4(Floats(), from, points.at[0], points.at[1], points.at[2], unused);
    }
    return points;
}

template <int dims>
HWY_INLINE void store_points(const Points<dims>& points, float* HWY_RESTRICT to) {
    if constexpr (dims == 2) {
        hn::StoreInterleaved2(points.at[0], points.at[1], Floats(), to);
    } else {
        hn::StoreInterleaved4(
            points.at[0], points.at[1], points.at[2], hn::Zero(Floats()), Floats(), to);
    }
}

/// Fetches points from all over the layout. Loads and stores of one point each are quicker than
/// gathers, and the vectors are loaded only once all stores are done.
template <int dims>
HWY_INLINE void fetch_points(const float* HWY_RESTRICT layout,
                             const std::uint32_t* HWY_RESTRICT rows,
                             std::size_t count,
                             float* HWY_RESTRICT to) {
    constexpr std::size_t stride = point_stride(dims);
    for (std::size_t e = 0; e < count; ++e)
        std::memcpy(to + e * stride, layout + rows[e] * stride, sizeof(float) * stride);
}

template <int dims>
struct Sums {
    Points<dims> force[vectors];
    Vector stiffness[vectors];  // sum of the coefficients
};

#if HWY_TARGET == HWY_SCALAR
constexpr bool has_wide_tables = false;
#else
constexpr bool has_wide_tables = lanes == 16;
#endif

/// A table of 32 in registers.
struct Table {
    Vector low[3], high[3];
};

HWY_INLINE Table load_table(const ForceTable& table) {
    const Floats f;
    Table loaded;
    for (int c = 0; c < 3; ++c) {
        loaded.low[c] = hn::Load(f, table.c[c]);
        loaded.high[c] = hn::Load(f, table.c[c] + lanes % 32);
    }
    return loaded;
}

HWY_INLINE Vector looked_up(const Table& table, Vector square) {
    const Floats f;
    const Integers i;
    const auto bits = hn::BitCast(i, square);
    const auto exponent = hn::ShiftRight<23>(bits);
    const auto row = hn::And(exponent, hn::Set(i, 15));
    const auto is_high = hn::RebindMask(f, hn::TestBit(exponent, hn::Set(i, 16)));
    const auto at = hn::IndicesFromVec(f, row);
    const Vector mantissa =
        hn::BitCast(f, hn::Or(hn::And(bits, hn::Set(i, 0x007FFFFF)), hn::Set(i, 0x3F800000)));
    Vector c[3];
    for (int k = 0; k < 3; ++k) {
        c[k] = hn::IfThenElse(is_high,
                              hn::TableLookupLanes(table.high[k], at),
                              hn::TableLookupLanes(table.low[k], at));
    }
    return hn::MulAdd(hn::MulAdd(c[2], mantissa, c[1]), mantissa, c[0]);
}

struct Curve {
    Vector a, b_less_1, ab_2, b, b_2;
};

/// Both forces by table where a vector holds half of one, and else by their formulas.
struct Forces {
    Table attraction, repulsion;
    Curve curve;
};

HWY_INLINE Forces load_forces(const EpochView& epoch) {
    const Floats f;
    Forces forces;
    if constexpr (has_wide_tables) {
        forces.attraction = load_table(*epoch.attraction);
        forces.repulsion = load_table(*epoch.repulsion);
    }
    forces.curve = {hn::Set(f, epoch.a),
                    hn::Set(f, epoch.b - 1),
                    hn::Set(f, 2 * epoch.a * epoch.b),
                    hn::Set(f, epoch.b),
                    hn::Set(f, 2 * epoch.b)};
    return forces;
}

/// 2 a b s^(b - 1) / (1 + a s^b)
HWY_INLINE Vector attraction_of(const Forces& forces, Vector square) {
    if constexpr (has_wide_tables) {
        return looked_up(forces.attraction, square);
    } else {
        const Curve& curve = forces.curve;
        const Vector power = exp2_quick(hn::Mul(log2_quick(square), curve.b_less_1));
        const Vector below = hn::MulAdd(hn::Mul(power, square), curve.a, hn::Set(Floats(), 1.0F));
        return hn::Div(hn::Mul(power, curve.ab_2), below);
    }
}

/// 2 b / ((softening + s) (1 + a s^b)), but at most the largest push over the distance
HWY_INLINE Vector repulsion_of(const Forces& forces, Vector square) {
    if constexpr (has_wide_tables) {
        return looked_up(forces.repulsion, square);
    } else {
        const Floats f;
        const Curve& curve = forces.curve;
        const Vector power = exp2_quick(hn::Mul(log2_quick(square), curve.b));
        const Vector below = hn::Mul(hn::MulAdd(power, curve.a, hn::Set(f, 1.0F)),
                                     hn::Add(square, hn::Set(f, softening)));
        const Vector most = hn::Div(hn::Set(f, largest_push), hn::Sqrt(square));
        return hn::Min(hn::Div(curve.b_2, below), most);
    }
}

/// The way from `own` to `other`, and its square within the table's range.
template <int dims>
HWY_INLINE Vector measure(const Points<dims>& own, const Points<dims>& other, Points<dims>& apart) {
    const Floats f;
    Vector square = hn::Set(f, least_square);
    for (int c = 0; c < dims; ++c) {
        apart.at[c] = hn::Sub(other.at[c], own.at[c]);
        square = hn::MulAdd(apart.at[c], apart.at[c], square);
    }
    return hn::Min(square, hn::Set(f, largest_square));
}

/// The upper half of x * y, lane by lane.
HWY_INLINE Words upper_product(Words x, Words y) {
    const Unsigned u;
#if HWY_TARGET == HWY_SCALAR
    const std::uint64_t product = std::uint64_t{hn::GetLane(x)} * hn::GetLane(y);
    return hn::Set(u, static_cast<std::uint32_t>(product >> 32));
#else
    const hn::RepartitionToWide<Unsigned> wide;
    const auto even = hn::ShiftRight<32>(hn::MulEven(x, y));
    const auto odd_lanes = hn::BitCast(u, hn::ShiftRight<32>(hn::BitCast(wide, x)));
    const auto odd = hn::And(hn::MulEven(odd_lanes, y), hn::Set(wide, 0xFFFFFFFF00000000ULL));
    return hn::BitCast(u, hn::Or(even, odd));
#endif
}

/// Rows drawn at random: a hash of the slice, the epoch's key and a count.
HWY_INLINE Words drawn_rows(Words count, std::uint32_t key, std::uint32_t n) {
    const Unsigned u;
    Words x = hn::Xor(hn::Mul(count, hn::Set(u, 0x9E3779B1U)), hn::Set(u, key));
    x = hn::Xor(x, hn::ShiftRight<16>(x));
    x = hn::Mul(x, hn::Set(u, 0x7FEB352DU));
    x = hn::Xor(x, hn::ShiftRight<15>(x));
    x = hn::Mul(x, hn::Set(u, 0x846CA68BU));
    x = hn::Xor(x, hn::ShiftRight<16>(x));
    return upper_product(x, hn::Set(u, n));
}

template <int dims>
HWY_INLINE void pull_slice(const EpochView& epoch,
                           const Forces& forces,
                           std::size_t slice,
                           const Points<dims>* own,
                           float* HWY_RESTRICT fetched,
                           Sums<dims>& sums) {
    constexpr std::size_t stride = point_stride(dims);
    const SlicesView& slices = epoch.slices;
    for (std::uint64_t at = slices.begins[slice]; at < slices.begins[slice + 1];) {
        const std::size_t rest = slices.begins[slice + 1] - at;
        const std::size_t count = rest < block_edges * slice_rows ? rest : block_edges * slice_rows;
        fetch_points<dims>(epoch.now, slices.targets + at, count, fetched);
        for (std::size_t e = 0; e < count; e += slice_rows) {
            for (std::size_t v = 0; v < vectors; ++v) {
                const std::size_t edge = e + v * lanes;
                const Points<dims> other = load_points<dims>(fetched + edge * stride);
                Points<dims> apart;
                const Vector square = measure<dims>(own[v], other, apart);
                const Vector pull = hn::Mul(attraction_of(forces, square),
                                            hn::LoadU(Floats(), slices.weights + at + edge));
                for (int c = 0; c < dims; ++c)
                    sums.force[v].at[c] = hn::MulAdd(pull, apart.at[c], sums.force[v].at[c]);
                sums.stiffness[v] = hn::Add(sums.stiffness[v], pull);
            }
        }
        at += count;
    }
}

/// Pushes all rows of a slice from the same rows drawn at random. The rows of a slice have nothing
/// to do with each other, so each is as well served as by draws of its own.
template <int dims>
HWY_INLINE void push_slice(const EpochView& epoch,
                           const Forces& forces,
                           std::size_t slice,
                           const Points<dims>* own,
                           Sums<dims>& away) {
    constexpr std::size_t stride = point_stride(dims);
    const Floats f;
    const Unsigned u;
    HWY_ALIGN std::uint32_t drawn[slice_rows];
    for (std::uint32_t first = 0; first < epoch.n_negatives; first += slice_rows) {
        for (std::size_t v = 0; v < vectors; ++v) {
            const std::size_t count = slice * epoch.n_negatives + first + v * lanes;
            hn::Store(drawn_rows(hn::Iota(u, static_cast<std::uint32_t>(count)),
                                 epoch.key,
                                 static_cast<std::uint32_t>(epoch.n_rows)),
                      u,
                      drawn + v * lanes);
        }
        for (std::size_t s = 0; s < slice_rows; ++s) {
            const float* from = epoch.now + drawn[s] * stride;
            Points<dims> other;
            for (int c = 0; c < dims; ++c) other.at[c] = hn::Set(f, from[c]);
            for (std::size_t v = 0; v < vectors; ++v) {
                Points<dims> apart;
                const Vector square = measure<dims>(own[v], other, apart);
                const Vector push = repulsion_of(forces, square);
                for (int c = 0; c < dims; ++c)
                    away.force[v].at[c] = hn::NegMulAdd(push, apart.at[c], away.force[v].at[c]);
                away.stiffness[v] = hn::Add(away.stiffness[v], push);
            }
        }
    }
}

template <int dims>
void move_slice(const EpochView& epoch,
                std::size_t slice,
                const Points<dims>* own,
                const Sums<dims>& sums,
                const Sums<dims>& away) {
    const Floats f;
    constexpr std::size_t stride = point_stride(dims);
    const Vector per_negative =
        hn::Set(f, epoch.repulsion_weight / static_cast<float>(epoch.n_negatives));
    for (std::size_t v = 0; v < vectors; ++v) {
        const std::size_t row = slice * slice_rows + v * lanes;
        const Vector weight = hn::Mul(hn::LoadU(f, epoch.slices.degrees + row), per_negative);
        // The way a point goes in a time `step` if its neighbours stand still and it is drawn to
        // them with this stiffness: never beyond where the forces balance. A negative that is very
        // close pushes hard but says little; part of its coefficient counts as stiffness, so that
        // it cannot fling the point away.
        const Vector stiffness = hn::Max(
            hn::MulAdd(
                hn::Mul(weight, hn::Set(f, epoch.caution)), away.stiffness[v], sums.stiffness[v]),
            hn::Set(f, 1e-6F));
        const Vector decayed = exp2_quick(hn::Max(
            hn::Mul(stiffness, hn::Set(f, -1.44269504F * epoch.step)), hn::Set(f, -100.0F)));
        const Vector way = hn::Div(hn::Sub(hn::Set(f, 1.0F), decayed), stiffness);
        Points<dims> velocity = load_points<dims>(epoch.velocity + row * stride);
        Points<dims> moved;
        for (int c = 0; c < dims; ++c) {
            const Vector force = hn::MulAdd(weight, away.force[v].at[c], sums.force[v].at[c]);
            velocity.at[c] =
                hn::MulAdd(velocity.at[c], hn::Set(f, epoch.momentum), hn::Mul(way, force));
            moved.at[c] = hn::Add(own[v].at[c], velocity.at[c]);
        }
        store_points<dims>(velocity, epoch.velocity + row * stride);
        store_points<dims>(moved, epoch.next + row * stride);
    }
}

template <int dims>
void run_slices(const EpochView& epoch, std::size_t begin, std::size_t end) {
    const Floats f;
    constexpr std::size_t stride = point_stride(dims);
    const Forces forces = load_forces(epoch);
    HWY_ALIGN float fetched[block_edges * slice_rows * stride];
    for (std::size_t slice = begin; slice < end; ++slice) {
        Points<dims> own[vectors];
        Sums<dims> sums;
        Sums<dims> away;
        for (std::size_t v = 0; v < vectors; ++v) {
            own[v] = load_points<dims>(epoch.now + (slice * slice_rows + v * lanes) * stride);
            sums.stiffness[v] = hn::Zero(f);
            away.stiffness[v] = hn::Zero(f);
            for (int c = 0; c < dims; ++c) {
                sums.force[v].at[c] = hn::Zero(f);
                away.force[v].at[c] = hn::Zero(f);
            }
        }
        pull_slice<dims>(epoch, forces, slice, own, fetched, sums);
        push_slice<dims>(epoch, forces, slice, own, away);
        move_slice<dims>(epoch, slice, own, sums, away);
    }
}

void RunUmapSlices(const EpochView& epoch, int n_components, std::size_t begin, std::size_t end) {
    if (n_components == 2) {
        run_slices<2>(epoch, begin, end);
    } else {
        run_slices<3>(epoch, begin, end);
    }
}

}  // namespace oort::HWY_NAMESPACE

HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace oort {

HWY_EXPORT(RunUmapSlices);

void run_umap_slices(const EpochView& epoch,
                     int n_components,
                     std::size_t begin,
                     std::size_t end) noexcept {
    HWY_DYNAMIC_DISPATCH(RunUmapSlices)(epoch, n_components, begin, end);
}

}  // namespace oort
#endif
