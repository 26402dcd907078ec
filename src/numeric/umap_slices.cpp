// SPDX-License-Identifier: Apache-2.0
#include "numeric/umap_slices.h"

#include <algorithm>
#include <numeric>

namespace oort {

namespace {

// Rows are sorted only within a window, so that rows that stand together in the input stay together
// in memory.
constexpr std::size_t window = 4096;
constexpr std::size_t slices_per_chunk = 64;

std::vector<std::uint32_t> order_by_degree(const FuzzyGraph& graph, ThreadPool& pool) {
    std::vector<std::uint32_t> order(graph.n_rows());
    std::iota(order.begin(), order.end(), 0U);
    parallel_for(pool, order.size(), window, [&](std::size_t begin, std::size_t end) {
        std::stable_sort(order.begin() + static_cast<std::ptrdiff_t>(begin),
                         order.begin() + static_cast<std::ptrdiff_t>(end),
                         [&](std::uint32_t i, std::uint32_t j) {
                             return graph.begins[i + 1] - graph.begins[i] >
                                    graph.begins[j + 1] - graph.begins[j];
                         });
    });
    return order;
}

void fill_slice(const FuzzyGraph& graph, std::size_t s, UmapSlices& slices) {
    for (std::size_t lane = 0; lane < slice_rows; ++lane) {
        const std::size_t place = s * slice_rows + lane;
        std::uint64_t at = slices.begins[s] + lane;
        if (place < slices.row_at.size()) {
            const std::uint32_t row = slices.row_at[place];
            double degree = 0;
            for (std::uint64_t e = graph.begins[row]; e < graph.begins[row + 1]; ++e) {
                slices.targets[at] = slices.place_of[graph.targets[e]];
                slices.weights[at] = graph.weights[e];
                degree += static_cast<double>(graph.weights[e]);
                at += slice_rows;
            }
            slices.degrees[place] = static_cast<float>(degree);
        }
        for (; at < slices.begins[s + 1]; at += slice_rows) {
            slices.targets[at] = static_cast<std::uint32_t>(place);
            slices.weights[at] = 0;
        }
    }
}

}  // namespace

UmapSlices slice(const FuzzyGraph& graph, ThreadPool& pool) {
    const std::size_t n = graph.n_rows();
    UmapSlices slices;
    slices.row_at = order_by_degree(graph, pool);
    slices.place_of.resize(n);
    for (std::size_t place = 0; place < n; ++place)
        slices.place_of[slices.row_at[place]] = static_cast<std::uint32_t>(place);
    slices.begins.push_back(0);
    for (std::size_t first = 0; first < n; first += slice_rows) {
        std::uint64_t longest = 0;
        for (std::size_t p = first; p < std::min(n, first + slice_rows); ++p) {
            const std::uint32_t row = slices.row_at[p];
            longest = std::max(longest, graph.begins[row + 1] - graph.begins[row]);
        }
        slices.begins.push_back(slices.begins.back() + longest * slice_rows);
    }
    slices.targets.resize(slices.begins.back());
    slices.weights.resize(slices.begins.back());
    slices.degrees.resize(slices.n_places());
    parallel_for(
        pool, slices.n_slices(), slices_per_chunk, [&](std::size_t begin, std::size_t end) {
            for (std::size_t s = begin; s < end; ++s) fill_slice(graph, s, slices);
        });
    return slices;
}

}  // namespace oort
