// SPDX-License-Identifier: Apache-2.0
#include "numeric/knn_kmeans.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "numeric/random.h"

namespace oort {

namespace {

constexpr int n_rounds = 6;
constexpr std::size_t trained_on = 32;  // points for each cluster
constexpr std::size_t chunk_points = 384;
// A centre is the mean of this many of its points, if there are more: enough for a place among
// others.
constexpr std::size_t most_averaged = 256;

/// Every so many'th of the points.
std::vector<std::uint32_t> thinned(std::span<const std::uint32_t> points, std::size_t count) {
    std::vector<std::uint32_t> some(std::min(count, points.size()));
    for (std::size_t i = 0; i < some.size(); ++i) some[i] = points[i * points.size() / some.size()];
    return some;
}

SearchRows first_centres(const SearchRows& rows,
                         const std::vector<std::uint32_t>& points,
                         std::size_t n_clusters,
                         std::uint64_t seed) {
    SearchRows centres(rows.arithmetic, n_clusters, rows.n_words);
    Random random(seed);
    for (std::size_t c = 0; c < n_clusters; ++c) {
        // One of each of n_clusters equal stretches.
        const std::size_t begin = c * points.size() / n_clusters;
        const std::size_t end = (c + 1) * points.size() / n_clusters;
        const std::uint32_t point = points[begin + random.below(end - begin)];
        std::copy_n(rows.row(point), rows.n_words, &centres.words[c * rows.n_words]);
        centres.norms[c] = rows.norms[point];
    }
    return centres;
}

std::vector<std::uint32_t> assign(const SearchRows& rows,
                                  std::span<const std::uint32_t> points,
                                  const SearchRows& centres,
                                  ThreadPool& pool,
                                  const std::stop_token& stop) {
    const Panels panels = panels_of(centres);
    std::vector<std::uint32_t> cluster_of(points.size());
    parallel_for(
        pool,
        points.size(),
        chunk_points,
        [&](std::size_t begin, std::size_t end) {
            std::vector<std::int32_t> words((end - begin) * rows.n_words);
            for (std::size_t i = begin; i < end; ++i)
                std::copy_n(rows.row(points[i]), rows.n_words, &words[(i - begin) * rows.n_words]);
            nearest_points(
                rows.arithmetic, panels.view(), words.data(), end - begin, &cluster_of[begin]);
        },
        stop);
    return cluster_of;
}

void mean_of_shorts(const SearchRows& rows,
                    std::span<const std::uint32_t> points,
                    std::size_t cluster,
                    SearchRows& centres) {
    const std::size_t n_words = rows.n_words;
    std::vector<std::int32_t> lows(n_words, 0);
    std::vector<std::int32_t> highs(n_words, 0);
    for (const std::uint32_t point : points) {
        const std::int32_t* words = rows.row(point);
        for (std::size_t w = 0; w < n_words; ++w) {
            lows[w] += static_cast<std::int16_t>(words[w] & 0xffff);
            highs[w] += words[w] >> 16;
        }
    }
    std::int32_t norm = 0;
    const double n = static_cast<double>(points.size());
    for (std::size_t w = 0; w < n_words; ++w) {
        const auto low = static_cast<std::int32_t>(std::lrint(lows[w] / n));
        const auto high = static_cast<std::int32_t>(std::lrint(highs[w] / n));
        norm += low * low + high * high;
        centres.words[cluster * n_words + w] = std::bit_cast<std::int32_t>(
            (static_cast<std::uint32_t>(low) & 0xffffU) | static_cast<std::uint32_t>(high) << 16);
    }
    centres.norms[cluster] = norm;
}

void mean_of_floats(const SearchRows& rows,
                    std::span<const std::uint32_t> points,
                    std::size_t cluster,
                    SearchRows& centres) {
    std::vector<double> sums(rows.n_words, 0.0);
    for (const std::uint32_t point : points) {
        const std::int32_t* words = rows.row(point);
        for (std::size_t w = 0; w < rows.n_words; ++w)
            sums[w] += static_cast<double>(std::bit_cast<float>(words[w]));
    }
    for (std::size_t w = 0; w < rows.n_words; ++w) {
        const auto mean = static_cast<float>(sums[w] / static_cast<double>(points.size()));
        centres.words[cluster * rows.n_words + w] = std::bit_cast<std::int32_t>(mean);
    }
    centres.norms[cluster] = 0;
}

}  // namespace

Panels panels_of(const SearchRows& rows) {
    const std::size_t n_panels = n_chunks(rows.n_rows, panel_points);
    Panels panels(rows.arithmetic, n_panels, rows.n_words);
    for (std::size_t p = 0; p < n_panels; ++p) panels.clear(p);
    for (std::size_t i = 0; i < rows.n_rows; ++i) panels.set(i, rows.row(i), rows.norms[i]);
    return panels;
}

Grouping group_points(std::span<const std::uint32_t> points,
                      std::span<const std::uint32_t> cluster_of,
                      std::size_t n_clusters) {
    Grouping grouping;
    grouping.first.assign(n_clusters + 1, 0);
    for (const std::uint32_t c : cluster_of) ++grouping.first[c + 1];
    std::partial_sum(grouping.first.begin(), grouping.first.end(), grouping.first.begin());
    grouping.points.resize(points.size());
    std::vector<std::uint32_t> next(grouping.first.begin(), grouping.first.end() - 1);
    for (std::size_t i = 0; i < points.size(); ++i)
        grouping.points[next[cluster_of[i]]++] = points[i];
    return grouping;
}

void move_centre(const SearchRows& rows,
                 std::span<const std::uint32_t> points,
                 std::size_t cluster,
                 SearchRows& centres) {
    if (points.empty()) return;
    const std::vector<std::uint32_t> some = thinned(points, most_averaged);
    if (rows.arithmetic == Arithmetic::int16) {
        mean_of_shorts(rows, some, cluster, centres);
    } else {
        mean_of_floats(rows, some, cluster, centres);
    }
}

Clusters k_means(const SearchRows& rows,
                 std::span<const std::uint32_t> points,
                 std::size_t n_clusters,
                 std::uint64_t seed,
                 ThreadPool& pool,
                 const std::stop_token& stop) {
    const std::vector<std::uint32_t> sample = thinned(points, trained_on * n_clusters);
    n_clusters = std::min(n_clusters, sample.size());
    Clusters clusters;
    clusters.centres = first_centres(rows, sample, n_clusters, seed);
    for (int round = 0; round < n_rounds; ++round) {
        const Grouping grouping =
            group_points(sample, assign(rows, sample, clusters.centres, pool, stop), n_clusters);
        pool.run_tasks(n_clusters, [&](std::size_t c) {
            move_centre(rows, grouping.group(c), c, clusters.centres);
        });
    }
    clusters.cluster_of = assign(rows, points, clusters.centres, pool, stop);
    return clusters;
}

}  // namespace oort
