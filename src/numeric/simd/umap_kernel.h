// SPDX-License-Identifier: Apache-2.0
// One epoch of UMAP's optimisation over slices of sixteen rows, compiled for each instruction set
// and chosen at run time.
#pragma once

#include <cstddef>
#include <cstdint>

namespace oort {

/// Rows of a slice: they are worked on side by side, one in each lane.
inline constexpr std::size_t slice_rows = 16;

/// Floats between the points of a layout: pairs, or triples with one unused.
constexpr std::size_t point_stride(int n_components) noexcept {
    return n_components == 2 ? 2 : 4;
}

/// Slice s holds the edges of rows [16 s, 16 s + 16): entry begins[s] + 16 t + lane is edge t of
/// the row in that lane. Shorter rows are filled up with edges of weight 0 to themselves.
struct SlicesView {
    const std::uint64_t* begins;
    const std::uint32_t* targets;
    const float* weights;
    const float* degrees;  ///< sum of the weights of each row
};

/// The coefficients of attraction and repulsion as functions of the squared distance, each a
/// parabola in every octave from 2^-16 to 2^16: with m in [1, 2) and e the mantissa and exponent of
/// the square, row e & 31 holds value = c0 + m (c1 + m c2).
struct ForceTable {
    alignas(64) float c[3][32];
};

/// Squared distances below and above which a force's coefficient no longer changes.
inline constexpr float least_square = 0x1p-16F;
inline constexpr float largest_square = 0x1.fffffep15F;

/// What keeps two points at the same place from being pushed apart without bound: added to a
/// square, and the largest push.
inline constexpr float softening = 1e-3F;
inline constexpr float largest_push = 4;

struct EpochView {
    SlicesView slices;
    const float* now;  ///< points as they are, point_stride apart; not written to
    float* next;       ///< points as they become
    float* velocity;   ///< kept from epoch to epoch, point_stride apart
    std::size_t n_rows;
    float a;
    float b;
    const ForceTable* attraction;  ///< 2 a b s^(b - 1) / (1 + a s^b) of s = d^2
    const ForceTable* repulsion;   ///< 2 b / ((softening + s) (1 + a s^b)), pushing at most so far
    float step;                    ///< how far of its way a point goes
    float momentum;                ///< share of the velocity that is kept
    float repulsion_weight;        ///< of all negatives together, beside a row's degree
    float caution;                 ///< share of the repulsion that counts as stiffness
    std::uint32_t n_negatives;     ///< drawn for each row, a multiple of 16
    std::uint32_t key;             ///< decides the negatives together with slice and count
};

/// Moves the rows of the slices [begin, end) of a layout of n_components (2 or 3).
void run_umap_slices(const EpochView& epoch,
                     int n_components,
                     std::size_t begin,
                     std::size_t end) noexcept;

}  // namespace oort
