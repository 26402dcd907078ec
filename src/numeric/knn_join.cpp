// SPDX-License-Identifier: Apache-2.0
#include "numeric/knn_join.h"

#include <hwy/cache_control.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <mutex>
#include <numeric>
#include <utility>
#include <vector>

#include "numeric/knn_exact.h"
#include "numeric/knn_kmeans.h"
#include "numeric/simd/select_kernel.h"

namespace oort {

namespace {

constexpr std::size_t slack = 16;  // written beyond the end by kernels
constexpr std::size_t most_fetched = 8192;
constexpr std::size_t least_around = 48;

/// One task: all queries of a leaf. Nobody else writes their neighbours.
class LeafJoin {
  public:
    LeafJoin(const Leaves& leaves,
             const Panels& centres,
             const SearchSpace& space,
             const ExactDistances& distances,
             const JoinSettings& settings,
             Neighbors& graph)
        : leaves_(leaves),
          centres_(centres),
          space_(space),
          distances_(distances),
          n_probes_(std::min(settings.n_probes, leaves.size())),
          n_wanted_(static_cast<std::uint32_t>(settings.n_candidates + 1)),
          graph_(graph),
          nearest_(graph.n_neighbors) {}

    void run(std::size_t leaf) {
        leaf_ = leaf;
        n_queries_ = leaves_.n_points[leaf];
        take_queries();
        find_around();
        choose_leaves();
        collect();
        measure();
        for (std::size_t q = 0; q < n_queries_; ++q) finish(q);
    }

  private:
    void take_queries() {
        words_.resize(n_queries_ * leaves_.n_words);
        for (std::size_t q = 0; q < n_queries_; ++q) {
            std::int32_t* words = &words_[q * leaves_.n_words];
            leaves_.panels.get(leaves_.first_position(leaf_) + q, words);
            space_.make_query(words, leaves_.n_words);
        }
    }

    /// The leaves to choose from, this one first, the others by their distance.
    void find_around() {
        const std::size_t n = centres_.n_panels() * panel_points;
        std::vector<std::int32_t> keys(n + slack);
        std::vector<std::uint32_t> ids(n + slack);
        std::iota(ids.begin(), ids.end(), 0U);
        std::vector<std::int32_t> centre(leaves_.centres.row(leaf_),
                                         leaves_.centres.row(leaf_) + leaves_.n_words);
        space_.make_query(centre.data(), leaves_.n_words);
        measure_keys(leaves_.arithmetic, centres_.view(), centre.data(), 1, keys.data());
        const std::size_t n_around = std::clamp(12 * n_probes_, least_around, most_probes);
        const auto wanted = static_cast<std::uint32_t>(std::min(leaves_.size(), n_around));
        select_least(keys.data(),
                     ids.data(),
                     static_cast<std::uint32_t>(n),
                     wanted,
                     wanted,
                     key_limit(leaves_.arithmetic));
        std::vector<std::pair<std::int32_t, std::uint32_t>> order;
        for (std::size_t i = 0; i < wanted; ++i) {
            if (ids[i] != leaf_) order.emplace_back(keys[i], ids[i]);
        }
        std::sort(order.begin(), order.end());
        around_.assign(1, static_cast<std::uint32_t>(leaf_));
        for (const auto& [key, id] : order) around_.push_back(id);
        n_probes_here_ = std::min(n_probes_, around_.size());
    }

    /// Which queries look into which of the leaves around.
    void choose_leaves() {
        lookers_.resize(std::max(lookers_.size(), around_.size()));
        for (auto& lookers : lookers_) lookers.clear();
        lookers_[0].resize(n_queries_);
        std::iota(lookers_[0].begin(), lookers_[0].end(), 0U);
        const std::size_t n_others = around_.size() - 1;
        if (n_probes_here_ < 2) return;
        Panels near(leaves_.arithmetic, n_chunks(n_others, panel_points), leaves_.n_words);
        for (std::size_t p = 0; p < near.n_panels(); ++p) near.clear(p);
        for (std::size_t j = 0; j < n_others; ++j) {
            near.set(j, leaves_.centres.row(around_[j + 1]), leaves_.centres.norms[around_[j + 1]]);
        }
        const std::size_t stride = near.n_panels() * panel_points;
        std::vector<std::int32_t> keys(n_queries_ * stride + slack);
        measure_keys(leaves_.arithmetic, near.view(), words_.data(), n_queries_, keys.data());
        std::vector<std::int32_t> row(stride + slack);
        std::vector<std::uint32_t> ids(stride + slack);
        const auto wanted = static_cast<std::uint32_t>(n_probes_here_ - 1);
        for (std::size_t q = 0; q < n_queries_; ++q) {
            std::copy_n(&keys[q * stride], stride, row.begin());
            std::iota(ids.begin(), ids.end(), 1U);
            select_least(row.data(),
                         ids.data(),
                         static_cast<std::uint32_t>(n_others),
                         wanted,
                         wanted,
                         key_limit(leaves_.arithmetic));
            for (std::size_t i = 0; i < wanted; ++i)
                lookers_[ids[i]].push_back(static_cast<std::uint32_t>(q));
        }
    }

    void collect() {
        // What is kept may grow by a quarter and a little before it is cut again.
        most_kept_ = n_wanted_ + n_wanted_ / 4 + 32;
        const std::size_t capacity = most_kept_ + most_leaf_points + slack;
        keys_.resize(n_queries_ * capacity);
        points_.resize(n_queries_ * capacity);
        found_.resize(n_queries_);
        for (std::size_t q = 0; q < n_queries_; ++q) {
            found_[q] = {&words_[q * leaves_.n_words],
                         &keys_[q * capacity],
                         &points_[q * capacity],
                         0,
                         key_limit(leaves_.arithmetic)};
        }
        std::vector<Candidates*> pointers;
        for (std::size_t i = 0; i < around_.size(); ++i) {
            if (lookers_[i].empty()) continue;
            pointers.clear();
            for (const std::uint32_t q : lookers_[i]) pointers.push_back(&found_[q]);
            collect_candidates(leaves_.arithmetic,
                               leaves_.leaf(around_[i]),
                               leaves_.first_position(around_[i]),
                               pointers.data(),
                               pointers.size());
            for (Candidates* found : pointers) {
                if (found->count > most_kept_) cut(*found, n_wanted_ + n_wanted_ / 8);
            }
        }
    }

    void cut(Candidates& found, std::uint32_t at_most) const {
        const Selection kept =
            select_least(found.keys, found.points, found.count, n_wanted_, at_most, found.limit);
        found.count = kept.count;
        found.limit = kept.limit;
    }

    /// Measures the candidates of all queries. A row is a candidate of several queries of a leaf:
    /// it is read once, while the queries' rows stay in cache.
    void measure() {
        const std::uint32_t first = leaves_.first_position(leaf_);
        n_askers_.resize(leaves_.point_at.size(), 0);
        first_pair_.assign(1, 0);
        candidates_.clear();
        for (std::size_t q = 0; q < n_queries_; ++q) {
            cut(found_[q], n_wanted_);
            for (std::size_t i = 0; i < found_[q].count; ++i) {
                const std::uint32_t position = found_[q].points[i];
                if (n_askers_[position]++ == 0) candidates_.push_back(position);
            }
            first_pair_.push_back(first_pair_.back() + found_[q].count);
        }
        pairs_.resize(first_pair_.back());
        measured_.resize(first_pair_.back());
        // From here on n_askers_ says where the pairs of a candidate go.
        std::uint32_t end = 0;
        for (const std::uint32_t position : candidates_)
            end += std::exchange(n_askers_[position], end);
        for (std::size_t q = 0; q < n_queries_; ++q) {
            for (std::size_t i = 0; i < found_[q].count; ++i) {
                pairs_[n_askers_[found_[q].points[i]]++] = {
                    leaves_.point_at[first + q], first_pair_[q] + static_cast<std::uint32_t>(i)};
            }
        }
        std::uint32_t begin = 0;
        for (std::size_t c = 0; c < candidates_.size(); ++c) {
            if (c + 1 < candidates_.size()) fetch_row(leaves_.point_at[candidates_[c + 1]]);
            const std::uint32_t pairs_end = std::exchange(n_askers_[candidates_[c]], 0);
            measure_from(leaves_.point_at[candidates_[c]], begin, pairs_end);
            begin = pairs_end;
        }
    }

    /// Rows lie anywhere in memory; asked for early they arrive in time.
    void fetch_row(std::uint32_t row) const {
        const PointsView points = distances_.points();
        const std::size_t row_bytes = points.n_columns * size_bytes(points.type);
        const auto* bytes = static_cast<const std::byte*>(points.data) + row * row_bytes;
        for (std::size_t at = 0; at < std::min(row_bytes, most_fetched); at += 64)
            hwy::Prefetch(bytes + at);
    }

    /// The distances of the pairs begin..end, all of them with `row`.
    void measure_from(std::uint32_t row, std::uint32_t begin, std::uint32_t end) {
        rows_.clear();
        for (std::uint32_t pair = begin; pair < end; ++pair) rows_.push_back(pairs_[pair].query);
        row_distances_.resize(rows_.size());
        distances_.query(distances_.points(), row, query_);
        distances_.measure(query_, rows_.data(), rows_.size(), row_distances_.data());
        for (std::uint32_t pair = begin; pair < end; ++pair)
            measured_[pairs_[pair].place] = row_distances_[pair - begin];
    }

    void finish(std::size_t q) {
        const std::size_t k = graph_.n_neighbors;
        const std::uint32_t self = leaves_.point_at[leaves_.first_position(leaf_) + q];
        nearest_.clear();
        std::size_t n_others = 0;
        for (std::size_t i = 0; i < found_[q].count; ++i) {
            const std::uint32_t row = leaves_.point_at[found_[q].points[i]];
            if (row == self) continue;
            nearest_.add(measured_[first_pair_[q] + i], row);
            ++n_others;
        }
        nearest_.sort();
        if (n_others < k) {
            // The leaves looked into are too small: everybody is a candidate.
            nearest_.clear();
            distances_.query(distances_.points(), self, query_);
            nearest_of_all(query_, self, distances_, nearest_);
        }
        for (std::size_t i = 0; i < k; ++i) {
            graph_.indices[self * k + i] = nearest_.row(i);
            graph_.distances[self * k + i] = nearest_.distance(i);
        }
    }

    struct Pair {
        std::uint32_t query;  // its row
        std::uint32_t place;  // in measured_
    };

    const Leaves& leaves_;
    const Panels& centres_;
    const SearchSpace& space_;
    const ExactDistances& distances_;
    std::size_t n_probes_;
    std::uint32_t n_wanted_;
    Neighbors& graph_;
    std::size_t leaf_ = 0;
    std::size_t n_queries_ = 0;
    std::size_t n_probes_here_ = 0;
    std::uint32_t most_kept_ = 0;
    std::vector<std::int32_t> words_;
    std::vector<std::uint32_t> around_;
    std::vector<std::vector<std::uint32_t>> lookers_;
    std::vector<std::int32_t> keys_;
    std::vector<std::uint32_t> points_;
    std::vector<Candidates> found_;
    std::vector<std::uint32_t> n_askers_;    // by position; zeros between leaves
    std::vector<std::uint32_t> candidates_;  // positions
    std::vector<std::uint32_t> first_pair_;  // of each query
    std::vector<Pair> pairs_;                // by candidate
    std::vector<float> measured_;            // by query, in the order of its candidates
    std::vector<std::uint32_t> rows_;
    std::vector<float> row_distances_;
    DistanceQuery query_;
    NearestRows nearest_;
};

}  // namespace

void join_leaves(const Leaves& leaves,
                 const SearchSpace& space,
                 const ExactDistances& distances,
                 const JoinSettings& settings,
                 Neighbors& graph,
                 ThreadPool& pool,
                 const std::stop_token& stop) {
    const Panels centres = panels_of(leaves.centres);
    // Joins are handed from task to task, so that their memory is asked for once.
    std::mutex mutex;
    std::vector<std::unique_ptr<LeafJoin>> idle;
    constexpr std::size_t leaves_per_task = 4;
    parallel_for(
        pool,
        leaves.size(),
        leaves_per_task,
        [&](std::size_t begin, std::size_t end) {
            std::unique_ptr<LeafJoin> join;
            {
                const std::lock_guard lock(mutex);
                if (!idle.empty()) {
                    join = std::move(idle.back());
                    idle.pop_back();
                }
            }
            if (!join) {
                join =
                    std::make_unique<LeafJoin>(leaves, centres, space, distances, settings, graph);
            }
            for (std::size_t leaf = begin; leaf < end; ++leaf) {
                throw_if_stopped(stop);
                join->run(leaf);
            }
            const std::lock_guard lock(mutex);
            idle.push_back(std::move(join));
        },
        stop);
}

}  // namespace oort
