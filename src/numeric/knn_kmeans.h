// SPDX-License-Identifier: Apache-2.0
// Lloyd's k-means (Lloyd 1982, doi:10.1109/TIT.1982.1056489) on points as words, trained on a
// sample. It only has to put near points together; a few rounds do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

#include "numeric/knn_panels.h"
#include "numeric/knn_space.h"
#include "numeric/parallel.h"

namespace oort {

struct Clusters {
    SearchRows centres;
    std::vector<std::uint32_t> cluster_of;  ///< by place in the points that were given
};

/// Cuts the given points of `rows` into at most n_clusters, none of which need have points. The
/// same for any number of threads.
Clusters k_means(const SearchRows& rows,
                 std::span<const std::uint32_t> points,
                 std::size_t n_clusters,
                 std::uint64_t seed,
                 ThreadPool& pool,
                 const std::stop_token& stop);

/// Centre `cluster` becomes the mean of the points, or of some of them where they are many. Without
/// points it stays.
void move_centre(const SearchRows& rows,
                 std::span<const std::uint32_t> points,
                 std::size_t cluster,
                 SearchRows& centres);

/// Rows as panels to compare with.
Panels panels_of(const SearchRows& rows);

/// Points by cluster: those of cluster c are points[first[c]] to points[first[c + 1] - 1], in the
/// order they were given in.
struct Grouping {
    std::vector<std::uint32_t> points;
    std::vector<std::uint32_t> first;

    std::span<const std::uint32_t> group(std::size_t c) const noexcept {
        return {points.data() + first[c], first[c + 1] - first[c]};
    }
};

/// Of points[i] in cluster cluster_of[i].
Grouping group_points(std::span<const std::uint32_t> points,
                      std::span<const std::uint32_t> cluster_of,
                      std::size_t n_clusters);

}  // namespace oort
