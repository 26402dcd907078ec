// SPDX-License-Identifier: Apache-2.0
#include "numeric/knn_plan.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>
#include <span>

#include "numeric/knn_exact.h"
#include "numeric/knn_filter.h"
#include "numeric/knn_kmeans.h"
#include "numeric/random.h"

namespace oort {

namespace {

constexpr std::size_t sample_size = 400;
constexpr std::size_t queries_per_task = 24;

// Cycles: of a word of a pair of points in a tile; of a coordinate of a candidate and of each of
// its bytes; of the rest of a candidate's work. Only their ratios matter, and they need not be
// right.
constexpr double cycles_per_word = 0.06;
constexpr double cycles_per_coordinate = 0.2;
constexpr double cycles_per_byte = 0.09;
constexpr double cycles_per_candidate = 60;

/// One drawn from each of equal stretches.
std::vector<std::uint32_t> drawn_points(std::size_t n, std::uint64_t seed) {
    Random random(seed);
    std::vector<std::uint32_t> points(std::min(n, sample_size));
    for (std::size_t i = 0; i < points.size(); ++i) {
        const std::size_t begin = i * n / points.size();
        const std::size_t end = (i + 1) * n / points.size();
        points[i] = static_cast<std::uint32_t>(begin + random.below(end - begin));
    }
    return points;
}

/// The key (join_kernel.h) of one point.
std::int32_t key_of(const Leaves& leaves, const std::int32_t* query, std::uint32_t position) {
    std::vector<std::int32_t> words(leaves.n_words);
    leaves.panels.get(position, words.data());
    if (leaves.arithmetic == Arithmetic::float32) {
        float sum = 0;
        for (std::size_t w = 0; w < words.size(); ++w) {
            const float difference =
                std::bit_cast<float>(query[w]) - std::bit_cast<float>(words[w]);
            sum += difference * difference;
        }
        return std::bit_cast<std::int32_t>(sum);
    }
    std::int32_t product = 0;
    for (std::size_t w = 0; w < words.size(); ++w) {
        product +=
            (query[w] >> 16) * (words[w] >> 16) + static_cast<std::int16_t>(query[w] & 0xffff) *
                                                      static_cast<std::int16_t>(words[w] & 0xffff);
    }
    return leaves.panels.norm(position) - 2 * product;
}

std::uint32_t rank_of(const std::vector<std::int32_t>& rising, std::int32_t key) {
    const auto at = std::lower_bound(rising.begin(), rising.end(), key);
    return at == rising.end() ? std::numeric_limits<std::uint32_t>::max()
                              : static_cast<std::uint32_t>(at - rising.begin());
}

/// Of some points of the sample: truth.points[begin..end).
class TruthTask {
  public:
    TruthTask(const Leaves& leaves,
              const Panels& centres,
              const SearchSpace& space,
              const ExactDistances& distances,
              SampleTruth& truth)
        : leaves_(leaves),
          centres_(centres),
          space_(space),
          distances_(distances),
          truth_(truth),
          // One more than asked for, to see whether the last one is certain.
          k_seen_(std::min(truth.k + 1, leaves.leaf_of.size() - 1)) {}

    void run(std::size_t begin, std::size_t end) {
        std::vector<FilterQuery> queries(end - begin);
        std::vector<std::int32_t> words(queries.size() * leaves_.n_words);
        for (std::size_t i = begin; i < end; ++i) {
            const std::uint32_t point = truth_.points[i];
            const std::uint32_t position = leaves_.position_of[point];
            std::int32_t* at = &words[(i - begin) * leaves_.n_words];
            leaves_.panels.get(position, at);
            FilterQuery& query = queries[i - begin];
            query.norm = leaves_.panels.norm(position);
            space_.make_query(at, leaves_.n_words);
            query.words = at;
            query.self = point;
            distances_.query(distances_.points(), point, query.row);
        }
        if (distances_.metric() == Metric::dot) {
            for (std::size_t i = begin; i < end; ++i) measure_every_pair(queries[i - begin], i);
            return;
        }
        FilteredSearch search(leaves_, space_, distances_, k_seen_, Ties::any);
        search.run(queries);
        for (std::size_t i = begin; i < end; ++i)
            keep(queries[i - begin], search.nearest(i - begin), search.nearest_keys(i - begin), i);
    }

  private:
    void measure_every_pair(const FilterQuery& query, std::size_t sample) {
        NearestRows nearest(k_seen_);
        nearest_of_all(query.row, query.self, distances_, nearest);
        std::vector<std::int32_t> keys(leaves_.point_at.size());
        measure_keys(leaves_.arithmetic, leaves_.panels.view(), query.words, 1, keys.data());
        std::sort(keys.begin(), keys.end());
        keep(query, nearest, keys, sample);
    }

    void keep(const FilterQuery& query,
              const NearestRows& nearest,
              const std::vector<std::int32_t>& rising_keys,
              std::size_t sample) {
        const std::size_t k = truth_.k;
        const float reach = nearest.distance(k - 1);
        const bool has_rivals = k_seen_ > k && nearest.distance(k) == reach;
        truth_.reach[sample] = reach;
        std::vector<std::int32_t> centre_keys(centres_.n_panels() * panel_points);
        measure_keys(leaves_.arithmetic, centres_.view(), query.words, 1, centre_keys.data());
        std::vector<std::int32_t> rising_centres = centre_keys;
        std::sort(rising_centres.begin(), rising_centres.end());
        const std::uint32_t own_leaf = leaves_.leaf_of[query.self];
        for (std::size_t j = 0; j < k; ++j) {
            const std::uint32_t row = nearest.row(j);
            const std::uint32_t leaf = leaves_.leaf_of[row];
            TrueNeighbor& found = truth_.neighbors[sample * k + j];
            found.leaf_rank =
                leaf == own_leaf ? 0 : std::max(1U, rank_of(rising_centres, centre_keys[leaf]));
            found.candidate_rank =
                rank_of(rising_keys, key_of(leaves_, query.words, leaves_.position_of[row]));
            found.is_certain = !has_rivals || nearest.distance(j) < reach;
        }
    }

    const Leaves& leaves_;
    const Panels& centres_;
    const SearchSpace& space_;
    const ExactDistances& distances_;
    SampleTruth& truth_;
    std::size_t k_seen_;
};

/// The fewest probes that find enough with this many candidates, or 0.
std::size_t probes_for(const SampleTruth& truth, std::size_t n_candidates, double recall) {
    std::vector<std::size_t> by_rank(most_probes, 0);
    std::size_t n_certain = 0;
    for (const TrueNeighbor& neighbor : truth.neighbors) {
        if (!neighbor.is_certain) continue;
        ++n_certain;
        if (neighbor.candidate_rank < n_candidates && neighbor.leaf_rank < most_probes)
            ++by_rank[neighbor.leaf_rank];
    }
    const double needed = recall * static_cast<double>(n_certain);
    std::size_t n_found = 0;
    for (std::size_t rank = 0; rank < most_probes; ++rank) {
        n_found += by_rank[rank];
        if (static_cast<double>(n_found) >= needed) return rank + 1;
    }
    return 0;
}

}  // namespace

SampleTruth find_truth(const Leaves& leaves,
                       const SearchSpace& space,
                       const ExactDistances& distances,
                       std::size_t k,
                       std::uint64_t seed,
                       ThreadPool& pool,
                       const std::stop_token& stop) {
    SampleTruth truth;
    truth.k = k;
    truth.points = drawn_points(leaves.leaf_of.size(), seed ^ 0x7207eULL);
    truth.reach.resize(truth.points.size());
    truth.neighbors.resize(truth.points.size() * k);
    const Panels centres = panels_of(leaves.centres);
    parallel_for(
        pool,
        truth.points.size(),
        queries_per_task,
        [&](std::size_t begin, std::size_t end) {
            TruthTask(leaves, centres, space, distances, truth).run(begin, end);
        },
        stop);
    return truth;
}

std::optional<JoinSettings> plan_join(const SampleTruth& truth,
                                      const Leaves& leaves,
                                      PointsView points,
                                      double recall) {
    const auto n_words = static_cast<double>(leaves.n_words);
    const double cycles_per_row =
        static_cast<double>(points.n_columns) *
        (cycles_per_coordinate + cycles_per_byte * static_cast<double>(size_bytes(points.type)));
    const double n = static_cast<double>(points.n_rows);
    const double leaf_points = n / static_cast<double>(leaves.size());
    // The exact search compares every pair of words, and sorts and measures a few hundred rows.
    const double n_measured = 4 * std::max<double>(75, static_cast<double>(truth.k));
    double least_cycles =
        n * n_words * cycles_per_word + n_measured * (cycles_per_row + 3 * cycles_per_candidate);
    std::optional<JoinSettings> best;
    for (const double factor : {1.05, 1.15, 1.3, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0, 6.0, 8.0}) {
        JoinSettings settings;
        settings.n_candidates = std::min(
            static_cast<std::size_t>(factor * static_cast<double>(truth.k)) + 4, points.n_rows - 1);
        settings.n_probes = probes_for(truth, settings.n_candidates, recall);
        if (settings.n_probes == 0) continue;
        const double cycles =
            static_cast<double>(settings.n_probes) * leaf_points * n_words * cycles_per_word +
            static_cast<double>(settings.n_candidates) * (cycles_per_row + cycles_per_candidate);
        if (cycles >= least_cycles) continue;
        least_cycles = cycles;
        best = settings;
    }
    return best;
}

double measured_recall(const SampleTruth& truth, const Neighbors& graph) {
    std::size_t n_found = 0;
    for (std::size_t i = 0; i < truth.points.size(); ++i) {
        const float* found = &graph.distances[truth.points[i] * graph.n_neighbors];
        for (std::size_t j = 0; j < truth.k; ++j) n_found += found[j] <= truth.reach[i] ? 1U : 0U;
    }
    return static_cast<double>(n_found) / static_cast<double>(truth.points.size() * truth.k);
}

}  // namespace oort
