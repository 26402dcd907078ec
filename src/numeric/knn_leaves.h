// SPDX-License-Identifier: Apache-2.0
// Points cut into leaves of about 250 that lie near each other, and laid out leaf by leaf for the
// kernels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <vector>

#include "numeric/knn_panels.h"
#include "numeric/knn_space.h"
#include "numeric/parallel.h"

namespace oort {

/// Stands where a panel has room for a point and none is there.
inline constexpr std::uint32_t no_point = 0xffffffffU;

/// No leaf has more points than this.
inline constexpr std::size_t most_leaf_points = 512;

/// A position is a place in the panels; each leaf begins at a panel of its own.
struct Leaves {
    Arithmetic arithmetic = Arithmetic::int16;
    std::size_t n_words = 0;
    Panels panels;
    std::vector<std::uint32_t> point_at;     ///< by position; no_point where there is none
    std::vector<std::uint32_t> position_of;  ///< by point
    std::vector<std::uint32_t> leaf_of;      ///< by point
    std::vector<std::uint32_t> first_panel;  ///< n_leaves + 1
    std::vector<std::uint32_t> n_points;     ///< of each leaf; they come first in its panels
    SearchRows centres;                      ///< of the leaves

    std::size_t size() const noexcept { return n_points.size(); }

    PanelsView leaf(std::size_t i) const noexcept {
        return panels.view(first_panel[i], first_panel[i + 1] - first_panel[i]);
    }

    std::uint32_t first_position(std::size_t i) const noexcept {
        return first_panel[i] * static_cast<std::uint32_t>(panel_points);
    }
};

/// Cuts and lays out the points. The same for any number of threads.
Leaves make_leaves(const SearchRows& rows,
                   std::uint64_t seed,
                   ThreadPool& pool,
                   const std::stop_token& stop);

/// The points in the order they have, as leaves of 512, without any notion of nearness and without
/// centres.
Leaves leaves_in_order(const SearchRows& rows, ThreadPool& pool, const std::stop_token& stop);

}  // namespace oort
