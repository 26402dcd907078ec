// SPDX-License-Identifier: Apache-2.0
#include "numeric/simd/umap_kernel.h"

#include <cstring>

#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "numeric/simd/umap_kernel.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include "numeric/simd/powers-inl.h"

HWY_BEFORE_NAMESPACE();

namespace oort::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Unsigned = hn::RebindToUnsigned<Floats>;
using Words = hn::Vec<Unsigned>;

constexpr std::size_t vectors = slice_rows / lanes;
constexpr std::size_t block_edges = 32;  // of each row, fetched at once
constexpr float least_square = 1e-12F;   // of a distance in the layout
constexpr float softening = 1e-3F;       // added to a negative's squared distance
constexpr float largest_repulsion = 4;   // of one negative, per coordinate

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
    Vector stiffness[vectors];  // sum of the coefficients of attraction
};

template <int dims>
HWY_INLINE void attract(const Points<dims>& own,
                        const Points<dims>& other,
                        Vector weight,
                        const EpochView& epoch,
                        Points<dims>& force,
                        Vector& stiffness) {
    const Floats f;
    Points<dims> apart;
    Vector square = hn::Set(f, least_square);
    for (int c = 0; c < dims; ++c) {
        apart.at[c] = hn::Sub(other.at[c], own.at[c]);
        square = hn::MulAdd(apart.at[c], apart.at[c], square);
    }
    // 2 a b d^(2b - 2) / (1 + a d^(2b))
    const Vector power = exp2_quick(hn::Mul(log2_quick(square), hn::Set(f, epoch.b - 1)));
    const Vector below = hn::MulAdd(hn::Mul(power, square), hn::Set(f, epoch.a), hn::Set(f, 1.0F));
    const Vector above = hn::Mul(power, hn::Set(f, 2 * epoch.a * epoch.b));
    const Vector pull = hn::Mul(weight, hn::Div(above, below));
    for (int c = 0; c < dims; ++c) force.at[c] = hn::MulAdd(pull, apart.at[c], force.at[c]);
    stiffness = hn::Add(stiffness, pull);
}

template <int dims>
HWY_INLINE void repel(const Points<dims>& own,
                      const Points<dims>& other,
                      const EpochView& epoch,
                      Points<dims>& force) {
    const Floats f;
    Points<dims> apart;
    Vector square = hn::Set(f, least_square);
    for (int c = 0; c < dims; ++c) {
        apart.at[c] = hn::Sub(own.at[c], other.at[c]);
        square = hn::MulAdd(apart.at[c], apart.at[c], square);
    }
    // 2 b / ((0.001 + d^2) (1 + a d^(2b)))
    const Vector power = exp2_quick(hn::Mul(log2_quick(square), hn::Set(f, epoch.b)));
    const Vector below = hn::Mul(hn::MulAdd(power, hn::Set(f, epoch.a), hn::Set(f, 1.0F)),
                                 hn::Add(square, hn::Set(f, softening)));
    const Vector push = hn::Div(hn::Set(f, 2 * epoch.b), below);
    const Vector most = hn::Set(f, largest_repulsion);
    for (int c = 0; c < dims; ++c) {
        const Vector part = hn::Mul(push, apart.at[c]);
        force.at[c] = hn::Add(force.at[c], hn::Max(hn::Min(part, most), hn::Neg(most)));
    }
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

/// A row drawn for each lane: a hash of the lane's row, the epoch's key and the count.
HWY_INLINE Words drawn_rows(Words row, std::uint32_t key, std::uint32_t count, std::uint32_t n) {
    const Unsigned u;
    Words x = hn::Xor(hn::Mul(row, hn::Set(u, 0x9E3779B1U)), hn::Set(u, key + count * 0x85EBCA77U));
    x = hn::Xor(x, hn::ShiftRight<16>(x));
    x = hn::Mul(x, hn::Set(u, 0x7FEB352DU));
    x = hn::Xor(x, hn::ShiftRight<15>(x));
    x = hn::Mul(x, hn::Set(u, 0x846CA68BU));
    x = hn::Xor(x, hn::ShiftRight<16>(x));
    return upper_product(x, hn::Set(u, n));
}

template <int dims>
void pull_slice(const EpochView& epoch,
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
                const std::size_t lane = v * lanes;
                attract<dims>(own[v],
                              load_points<dims>(fetched + (e + lane) * stride),
                              hn::LoadU(Floats(), slices.weights + at + e + lane),
                              epoch,
                              sums.force[v],
                              sums.stiffness[v]);
            }
        }
        at += count;
    }
}

template <int dims>
void push_slice(const EpochView& epoch,
                std::size_t slice,
                const Points<dims>* own,
                float* HWY_RESTRICT fetched,
                Points<dims>* force) {
    constexpr std::size_t stride = point_stride(dims);
    const Unsigned u;
    HWY_ALIGN std::uint32_t drawn[block_edges * slice_rows];
    for (std::uint32_t first = 0; first < epoch.n_negatives; first += block_edges) {
        const std::uint32_t rest = epoch.n_negatives - first;
        const std::uint32_t count = rest < block_edges ? rest : block_edges;
        for (std::uint32_t s = 0; s < count; ++s) {
            for (std::size_t v = 0; v < vectors; ++v) {
                const std::size_t row = slice * slice_rows + v * lanes;
                const Words rows = hn::Iota(u, static_cast<std::uint32_t>(row));
                hn::Store(drawn_rows(
                              rows, epoch.key, first + s, static_cast<std::uint32_t>(epoch.n_rows)),
                          u,
                          drawn + s * slice_rows + v * lanes);
            }
        }
        fetch_points<dims>(epoch.now, drawn, count * slice_rows, fetched);
        for (std::size_t e = 0; e < count * slice_rows; e += slice_rows) {
            for (std::size_t v = 0; v < vectors; ++v) {
                repel<dims>(
                    own[v], load_points<dims>(fetched + (e + v * lanes) * stride), epoch, force[v]);
            }
        }
    }
}

template <int dims>
void move_slice(const EpochView& epoch,
                std::size_t slice,
                const Points<dims>* own,
                const Sums<dims>& sums,
                const Points<dims>* repulsion) {
    const Floats f;
    constexpr std::size_t stride = point_stride(dims);
    const Vector per_negative = hn::Set(f, epoch.repulsion / static_cast<float>(epoch.n_negatives));
    for (std::size_t v = 0; v < vectors; ++v) {
        const std::size_t row = slice * slice_rows + v * lanes;
        const Vector weight = hn::Mul(hn::LoadU(f, epoch.slices.degrees + row), per_negative);
        // The way a point goes in a time `step` if its neighbours stand still and it is drawn to
        // them with this stiffness: never beyond where the forces balance.
        const Vector stiffness = hn::Max(sums.stiffness[v], hn::Set(f, 1e-6F));
        const Vector decayed = exp2_quick(hn::Max(
            hn::Mul(stiffness, hn::Set(f, -1.44269504F * epoch.step)), hn::Set(f, -100.0F)));
        const Vector way = hn::Div(hn::Sub(hn::Set(f, 1.0F), decayed), stiffness);
        Points<dims> velocity = load_points<dims>(epoch.velocity + row * stride);
        Points<dims> moved;
        for (int c = 0; c < dims; ++c) {
            const Vector force = hn::MulAdd(weight, repulsion[v].at[c], sums.force[v].at[c]);
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
    HWY_ALIGN float fetched[block_edges * slice_rows * stride];
    for (std::size_t slice = begin; slice < end; ++slice) {
        Points<dims> own[vectors];
        Sums<dims> sums;
        Points<dims> repulsion[vectors];
        for (std::size_t v = 0; v < vectors; ++v) {
            own[v] = load_points<dims>(epoch.now + (slice * slice_rows + v * lanes) * stride);
            sums.stiffness[v] = hn::Zero(f);
            for (int c = 0; c < dims; ++c) {
                sums.force[v].at[c] = hn::Zero(f);
                repulsion[v].at[c] = hn::Zero(f);
            }
        }
        pull_slice<dims>(epoch, slice, own, fetched, sums);
        push_slice<dims>(epoch, slice, own, fetched, repulsion);
        move_slice<dims>(epoch, slice, own, sums, repulsion);
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
