// SPDX-License-Identifier: Apache-2.0
// Distances between a few queries and many points in registers, compiled for each instruction set
// and chosen at run time. The matrix of distances is not stored: what is near enough is kept.
//
// Coordinates come in words of 32 bits. In int16 arithmetic a word holds two whole coordinates, and
// everything is exact as long as no point is longer than longest_int16; in float32 arithmetic it
// holds one. Points stand in panels of 32: word w of point l at panel[w * 32 + l].
//
// A distance is told by its key. int16: the squared distance without the squared length of the
// query; float32: the bits of the squared distance, which order as the number does. Float sums run
// over the words in order, so the width of the vectors does not change them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

namespace oort {

enum class Arithmetic : std::uint8_t { int16, float32 };

inline constexpr std::size_t panel_points = 32;

/// Squared distances of points up to this long fit in 32 bits.
inline constexpr double longest_int16 = 23000;

/// No key of a point reaches this.
constexpr std::int32_t key_limit(Arithmetic arithmetic) noexcept {
    return arithmetic == Arithmetic::int16 ? std::numeric_limits<std::int32_t>::max() : 0x7f800000;
}

struct PanelsView {
    const std::int32_t* words;  ///< n_panels x n_words x 32
    /// n_panels x 32. int16: squared lengths; float32: bits of 0. key_limit where there is no
    /// point, and zeros for words.
    const std::int32_t* norms;
    std::size_t n_panels;
    std::size_t n_words;
};

/// The points found for one query so far.
struct Candidates {
    const std::int32_t* words;  ///< of the query
    std::int32_t* keys;         ///< room for 16 more than will be found
    std::uint32_t* points;
    std::uint32_t count;
    std::int32_t limit;  ///< only lesser keys are kept
};

/// Appends to each of the queries the points of the panels with keys below its limit. Point l of
/// panel p is called first_point + 32 p + l.
void collect_candidates(Arithmetic arithmetic,
                        const PanelsView& panels,
                        std::uint32_t first_point,
                        Candidates* const* queries,
                        std::size_t n_queries) noexcept;

/// keys[q * n_panels * 32 + i] = key of point i for query q, whose words are at words + q *
/// n_words.
void measure_keys(Arithmetic arithmetic,
                  const PanelsView& panels,
                  const std::int32_t* words,
                  std::size_t n_queries,
                  std::int32_t* keys) noexcept;

/// nearest[q] = the point with the least key for query q, the first of equals.
void nearest_points(Arithmetic arithmetic,
                    const PanelsView& panels,
                    const std::int32_t* words,
                    std::size_t n_queries,
                    std::uint32_t* nearest) noexcept;

}  // namespace oort
