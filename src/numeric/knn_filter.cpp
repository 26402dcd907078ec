// SPDX-License-Identifier: Apache-2.0
#include "numeric/knn_filter.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "numeric/simd/select_kernel.h"

namespace oort {

namespace {

constexpr std::size_t least_kept = 512;
constexpr std::size_t slack = 16;  // written beyond the end by kernels

}  // namespace

FilteredSearch::FilteredSearch(const Leaves& leaves,
                               const SearchSpace& space,
                               const ExactDistances& distances,
                               std::size_t k,
                               Ties ties)
    : leaves_(leaves),
      space_(space),
      distances_(distances),
      k_(k),
      ties_(ties),
      n_kept_(std::max(least_kept, 6 * k)),
      capacity_(2 * n_kept_ + most_leaf_points + slack),
      keys_(most_queries * capacity_),
      points_(most_queries * capacity_),
      found_(most_queries),
      nearest_(most_queries, NearestRows(k)),
      nearest_keys_(most_queries) {}

std::int32_t FilteredSearch::bound_of(const FilterQuery& query, float distance) const noexcept {
    const double reach = space_.reach(distance, leaves_.arithmetic, leaves_.n_words);
    if (leaves_.arithmetic == Arithmetic::float32) {
        const float square = static_cast<float>(reach * reach * 1.000001);
        return std::min(std::bit_cast<std::int32_t>(square), key_limit(Arithmetic::float32) - 1);
    }
    const double key = std::ceil(reach * reach) - static_cast<double>(query.norm);
    return key >= static_cast<double>(key_limit(Arithmetic::int16) - 1)
               ? key_limit(Arithmetic::int16) - 1
               : static_cast<std::int32_t>(key);
}

void FilteredSearch::measure(const FilterQuery& query,
                             const std::uint32_t* points,
                             std::size_t n,
                             std::size_t q) {
    rows_.clear();
    for (std::size_t i = 0; i < n; ++i) {
        const std::uint32_t row = leaves_.point_at[points[i]];
        if (row != query.self) rows_.push_back(row);
    }
    measured_.resize(rows_.size());
    distances_.measure(query.row, rows_.data(), rows_.size(), measured_.data());
    for (std::size_t i = 0; i < rows_.size(); ++i) nearest_[q].add(measured_[i], rows_[i]);
}

void FilteredSearch::collect(const std::vector<FilterQuery>& queries) {
    std::vector<Candidates*> pointers(queries.size());
    for (std::size_t q = 0; q < queries.size(); ++q) {
        found_[q] = {queries[q].words,
                     &keys_[q * capacity_],
                     &points_[q * capacity_],
                     0,
                     key_limit(leaves_.arithmetic)};
        pointers[q] = &found_[q];
    }
    const auto n_kept = static_cast<std::uint32_t>(n_kept_);
    for (std::size_t leaf = 0; leaf < leaves_.size(); ++leaf) {
        collect_candidates(leaves_.arithmetic,
                           leaves_.leaf(leaf),
                           leaves_.first_position(leaf),
                           pointers.data(),
                           pointers.size());
        for (std::size_t q = 0; q < queries.size(); ++q) {
            Candidates& found = found_[q];
            if (found.count <= 2 * n_kept) continue;
            const Selection kept = select_least(
                found.keys, found.points, found.count, n_kept, n_kept + n_kept / 8, found.limit);
            found.count = kept.count;
            found.limit = kept.limit;
        }
    }
}

/// Whether what was kept is proven to hold the nearest.
bool FilteredSearch::measure_kept(const FilterQuery& query, std::size_t q) {
    const Candidates& found = found_[q];
    std::vector<std::uint64_t> order(found.count);
    for (std::size_t i = 0; i < order.size(); ++i) {
        const auto key = static_cast<std::uint32_t>(found.keys[i]) ^ 0x80000000U;
        order[i] = std::uint64_t{key} << 32 | found.points[i];
    }
    std::sort(order.begin(), order.end());
    std::vector<std::uint32_t> points(order.size());
    auto& keys = nearest_keys_[q];
    keys.resize(order.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
        points[i] = static_cast<std::uint32_t>(order[i] & 0xffffffffU);
        keys[i] =
            static_cast<std::int32_t>(static_cast<std::uint32_t>(order[i] >> 32) ^ 0x80000000U);
    }
    // The point itself may be among these.
    const std::size_t n_first = std::min(points.size(), 2 * k_ + 1);
    measure(query, points.data(), n_first, q);
    nearest_[q].sort();
    if (nearest_[q].size() < k_) return found.limit == key_limit(leaves_.arithmetic);
    const std::int32_t bound = bound_of(query, nearest_[q].distance(k_ - 1));
    const auto end = std::upper_bound(keys.begin(), keys.end(), bound);
    const auto n_within = static_cast<std::size_t>(end - keys.begin());
    if (n_within > n_first) {
        measure(query, points.data() + n_first, n_within - n_first, q);
        nearest_[q].sort();
    }
    return found.limit > bound || (ties_ == Ties::any && nearest_[q].distance(k_ - 1) == 0.0F);
}

void FilteredSearch::measure_all_within(const FilterQuery& query,
                                        std::int32_t bound,
                                        std::size_t q) {
    Candidates& found = found_[q];
    found.limit = bound + 1;
    // Nothing is nearer than an equal point, and those to come have larger indices.
    const bool ends_early = nearest_[q].size() == k_ && nearest_[q].distance(k_ - 1) == 0.0F;
    std::size_t n_equal = 0;
    nearest_[q].clear();
    Candidates* const pointer = &found;
    for (std::size_t leaf = 0; leaf < leaves_.size(); ++leaf) {
        found.count = 0;
        collect_candidates(
            leaves_.arithmetic, leaves_.leaf(leaf), leaves_.first_position(leaf), &pointer, 1);
        if (found.count == 0) continue;
        measure(query, found.points, found.count, q);
        n_equal += static_cast<std::size_t>(std::count(measured_.begin(), measured_.end(), 0.0F));
        if (ends_early && n_equal >= k_) break;
    }
    nearest_[q].sort();
}

void FilteredSearch::run(const std::vector<FilterQuery>& queries) {
    collect(queries);
    for (std::size_t q = 0; q < queries.size(); ++q) {
        nearest_[q].clear();
        if (measure_kept(queries[q], q)) continue;
        const std::int32_t bound = nearest_[q].size() < k_
                                       ? key_limit(leaves_.arithmetic) - 1
                                       : bound_of(queries[q], nearest_[q].distance(k_ - 1));
        measure_all_within(queries[q], bound, q);
    }
}

}  // namespace oort
