// SPDX-License-Identifier: Apache-2.0
// Distances on the rows as they were given, which decide every answer of the neighbour search: what
// is found in fewer dimensions or coarser numbers is measured again with these.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <vector>

#include "numeric/neighbors.h"
#include "numeric/parallel.h"
#include "numeric/points.h"

namespace oort {

/// A row to measure from, as ExactDistances::query made it.
struct DistanceQuery {
    std::vector<float> values;
    bool is_zero = false;  ///< under cosine, a row without a direction
};

/// The distances of a metric to given points. Does not own the points.
class ExactDistances {
  public:
    /// One pass over the points under cosine, nothing otherwise.
    ExactDistances(PointsView points, Metric metric, ThreadPool& pool, std::stop_token stop = {});

    PointsView points() const noexcept { return points_; }

    Metric metric() const noexcept { return metric_; }

    /// Cosine: 1 / length of each row, 0 for rows without a direction. Else empty.
    const std::vector<float>& scales() const noexcept { return scales_; }

    /// Row `row` of `queries`, which are as wide as the points. Reuses the memory of `query`.
    void query(PointsView queries, std::size_t row, DistanceQuery& query) const;

    /// out[i] = the distance from query to row rows[i]. The bits depend on these two rows alone,
    /// not on which of them is the query.
    void measure(const DistanceQuery& query,
                 const std::uint32_t* rows,
                 std::size_t n,
                 float* out) const;

  private:
    PointsView points_;
    Metric metric_;
    std::vector<float> scales_;
};

/// The k nearest of the rows it was shown, ties by index.
class NearestRows {
  public:
    explicit NearestRows(std::size_t k) : k_(k) { keys_.reserve(2 * k + 64); }

    void clear() noexcept {
        keys_.clear();
        limit_ = ~std::uint64_t{0};
    }

    void add(float distance, std::uint32_t row) {
        const std::uint64_t key = key_of(distance, row);
        if (key >= limit_) return;
        keys_.push_back(key);
        if (keys_.size() == 2 * k_ + 64) shrink();
    }

    /// Ends the search: sorts and drops all but the k nearest.
    void sort();

    std::size_t size() const noexcept { return keys_.size(); }

    /// After sort(), nearest first.
    std::uint32_t row(std::size_t i) const noexcept {
        return static_cast<std::uint32_t>(keys_[i] & 0xffffffffU);
    }

    float distance(std::size_t i) const noexcept;

  private:
    /// Orders as distance and, where that is equal, row do.
    static std::uint64_t key_of(float distance, std::uint32_t row) noexcept;
    void shrink();

    std::size_t k_;
    std::uint64_t limit_ = ~std::uint64_t{0};
    std::vector<std::uint64_t> keys_;
};

}  // namespace oort
