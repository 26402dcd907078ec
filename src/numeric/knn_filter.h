// SPDX-License-Identifier: Apache-2.0
// Exact neighbours without measuring every pair: a projection never makes a distance longer, so
// only points whose words lie within the distance of the k-th nearest found so far need measuring.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "numeric/knn_distance.h"
#include "numeric/knn_leaves.h"
#include "numeric/knn_space.h"

namespace oort {

/// A row to search from.
struct FilterQuery {
    const std::int32_t* words;
    std::int32_t norm;
    DistanceQuery row;
    std::uint32_t self;  ///< the point that does not count, or no_point
};

/// Which of equally near points are the neighbours: those with the least index, which needs leaves
/// in the points' order, or any, which does not have to look at thousands of equal points.
enum class Ties { by_index, any };

/// Searches a few queries at a time. For the Euclidean and cosine metrics. Reuses its memory; give
/// each task its own.
class FilteredSearch {
  public:
    FilteredSearch(const Leaves& leaves,
                   const SearchSpace& space,
                   const ExactDistances& distances,
                   std::size_t k,
                   Ties ties);

    /// Queries that run() takes at once, at most.
    static constexpr std::size_t most_queries = 48;

    void run(const std::vector<FilterQuery>& queries);

    /// The k nearest of query q, sorted.
    const NearestRows& nearest(std::size_t q) const noexcept { return nearest_[q]; }

    /// How many points have words nearer to query q than `key`, as far as they were kept; rising
    /// keys of at least n_kept of the nearest.
    const std::vector<std::int32_t>& nearest_keys(std::size_t q) const noexcept {
        return nearest_keys_[q];
    }

  private:
    void collect(const std::vector<FilterQuery>& queries);
    bool measure_kept(const FilterQuery& query, std::size_t q);
    void measure_all_within(const FilterQuery& query, std::int32_t bound, std::size_t q);
    void measure(const FilterQuery& query,
                 const std::uint32_t* points,
                 std::size_t n,
                 std::size_t q);
    std::int32_t bound_of(const FilterQuery& query, float distance) const noexcept;

    const Leaves& leaves_;
    const SearchSpace& space_;
    const ExactDistances& distances_;
    std::size_t k_;
    Ties ties_;
    std::size_t n_kept_;
    std::size_t capacity_;
    std::vector<std::int32_t> keys_;
    std::vector<std::uint32_t> points_;
    std::vector<Candidates> found_;
    std::vector<NearestRows> nearest_;
    std::vector<std::vector<std::int32_t>> nearest_keys_;
    std::vector<std::uint32_t> rows_;
    std::vector<float> measured_;
};

}  // namespace oort
