// SPDX-License-Identifier: Apache-2.0
// The fuzzy graph as the optimiser reads it: rows sorted by their number of edges and cut into
// slices of sixteen that are worked on side by side (the SELL-C-sigma format: Kreutzer et al. 2014,
// SIAM J. Sci. Comput. 36, section 3).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "numeric/fuzzy_graph.h"
#include "numeric/parallel.h"
#include "numeric/simd/umap_kernel.h"

namespace oort {

struct UmapSlices {
    std::vector<std::uint32_t> row_at;    ///< the graph's row at each place
    std::vector<std::uint32_t> place_of;  ///< the place of each of the graph's rows
    std::vector<std::uint64_t> begins;    ///< n_slices + 1, see SlicesView
    std::vector<std::uint32_t> targets;   ///< places
    std::vector<float> weights;
    std::vector<float> degrees;  ///< n_places

    std::size_t n_slices() const noexcept { return begins.size() - 1; }

    /// Rows, filled up to whole slices.
    std::size_t n_places() const noexcept { return n_slices() * slice_rows; }

    SlicesView view() const noexcept {
        return {begins.data(), targets.data(), weights.data(), degrees.data()};
    }
};

UmapSlices slice(const FuzzyGraph& graph, ThreadPool& pool);

}  // namespace oort
