// SPDX-License-Identifier: Apache-2.0
#include "numeric/knn_leaves.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <utility>

#include "numeric/knn_kmeans.h"
#include "numeric/simd/select_kernel.h"

namespace oort {

namespace {

constexpr std::size_t leaf_points = 250;
// Beyond this many leaves points are first cut into tops, each of about this many leaves.
constexpr std::size_t most_at_once = 1024;
constexpr std::size_t leaves_per_top = 8;
// Points cut within their top may lie nearer to a leaf of another one: they move to the nearest of
// the leaves around theirs, this many times.
constexpr int n_moves = 2;
constexpr std::size_t n_around = 32;

std::size_t wanted_leaves(std::size_t n) {
    return std::max<std::size_t>(1, (n + leaf_points / 2) / leaf_points);
}

/// Leaves under way: which points each has.
using Members = std::vector<std::vector<std::uint32_t>>;

void append_groups(const Grouping& grouping, Members& members) {
    for (std::size_t c = 0; c + 1 < grouping.first.size(); ++c) {
        const auto group = grouping.group(c);
        if (!group.empty()) members.emplace_back(group.begin(), group.end());
    }
}

Members cut(const SearchRows& rows,
            std::span<const std::uint32_t> points,
            std::size_t n_parts,
            std::uint64_t seed,
            ThreadPool& pool,
            const std::stop_token& stop) {
    const Clusters clusters = k_means(rows, points, n_parts, seed, pool, stop);
    Members members;
    append_groups(group_points(points, clusters.cluster_of, clusters.centres.n_rows), members);
    return members;
}

/// Cuts each group that `is_wanted` names into parts of about a leaf; groups keep their order.
template <class Wanted>
Members cut_groups(const SearchRows& rows,
                   Members members,
                   const Wanted& is_wanted,
                   std::uint64_t seed,
                   ThreadPool& pool,
                   const std::stop_token& stop) {
    std::vector<Members> parts(members.size());
    parallel_for(
        pool,
        members.size(),
        1,
        [&](std::size_t i, std::size_t) {
            if (!is_wanted(members[i])) {
                parts[i].push_back(std::move(members[i]));
                return;
            }
            const std::size_t n_parts = std::max<std::size_t>(2, wanted_leaves(members[i].size()));
            parts[i] = cut(rows, members[i], n_parts, seed + i, pool, stop);
        },
        stop);
    Members result;
    for (Members& part : parts) {
        for (auto& group : part) result.push_back(std::move(group));
    }
    return result;
}

/// What k-means cannot cut small enough, such as equal points, is cut by index.
Members cut_evenly(Members members) {
    Members result;
    for (auto& group : members) {
        if (group.size() <= most_leaf_points) {
            result.push_back(std::move(group));
            continue;
        }
        const std::size_t n_parts = n_chunks(group.size(), most_leaf_points);
        for (std::size_t part = 0; part < n_parts; ++part) {
            const auto begin =
                group.begin() + static_cast<std::ptrdiff_t>(part * group.size() / n_parts);
            const auto end =
                group.begin() + static_cast<std::ptrdiff_t>((part + 1) * group.size() / n_parts);
            result.emplace_back(begin, end);
        }
    }
    return result;
}

SearchRows centres_of(const SearchRows& rows, const Members& members, ThreadPool& pool) {
    SearchRows centres(rows.arithmetic, members.size(), rows.n_words);
    pool.run_tasks(members.size(),
                   [&](std::size_t i) { move_centre(rows, members[i], i, centres); });
    return centres;
}

/// Moves every point to the nearest of the leaves around its own.
Members move_points(const SearchRows& rows,
                    const Members& members,
                    ThreadPool& pool,
                    const std::stop_token& stop) {
    const SearchRows centres = centres_of(rows, members, pool);
    const Panels all = panels_of(centres);
    std::vector<std::uint32_t> leaf_of(rows.n_rows);
    parallel_for(
        pool,
        members.size(),
        1,
        [&](std::size_t i, std::size_t) {
            const std::size_t n = all.n_panels() * panel_points;
            std::vector<std::int32_t> keys(n + 16);
            std::vector<std::uint32_t> around(n + 16);
            std::iota(around.begin(), around.end(), 0U);
            measure_keys(rows.arithmetic, all.view(), centres.row(i), 1, keys.data());
            const auto wanted = static_cast<std::uint32_t>(std::min(n_around, members.size()));
            select_least(keys.data(),
                         around.data(),
                         static_cast<std::uint32_t>(n),
                         wanted,
                         wanted,
                         key_limit(rows.arithmetic));
            Panels near(rows.arithmetic, n_chunks(wanted, panel_points), rows.n_words);
            for (std::size_t p = 0; p < near.n_panels(); ++p) near.clear(p);
            for (std::size_t j = 0; j < wanted; ++j)
                near.set(j, centres.row(around[j]), centres.norms[around[j]]);
            std::vector<std::int32_t> words(members[i].size() * rows.n_words);
            for (std::size_t j = 0; j < members[i].size(); ++j)
                std::copy_n(rows.row(members[i][j]), rows.n_words, &words[j * rows.n_words]);
            std::vector<std::uint32_t> nearest(members[i].size());
            nearest_points(
                rows.arithmetic, near.view(), words.data(), nearest.size(), nearest.data());
            for (std::size_t j = 0; j < nearest.size(); ++j)
                leaf_of[members[i][j]] = around[nearest[j]];
        },
        stop);
    std::vector<std::uint32_t> points(rows.n_rows);
    std::iota(points.begin(), points.end(), 0U);
    Members moved;
    append_groups(group_points(points, leaf_of, members.size()), moved);
    return moved;
}

/// Leaves in an order in which each lies near the one before, so that what was read for one is
/// still in cache for the next.
Members chained(const SearchRows& rows, Members members, ThreadPool& pool) {
    const SearchRows centres = centres_of(rows, members, pool);
    const Panels all = panels_of(centres);
    std::vector<std::int32_t> keys(all.n_panels() * panel_points);
    std::vector<std::uint8_t> is_taken(members.size(), 0);
    Members result;
    std::size_t last = 0;
    while (true) {
        is_taken[last] = 1;
        result.push_back(std::move(members[last]));
        if (result.size() == members.size()) return result;
        measure_keys(rows.arithmetic, all.view(), centres.row(last), 1, keys.data());
        std::size_t nearest = members.size();
        for (std::size_t i = 0; i < members.size(); ++i) {
            if (is_taken[i] == 0 && (nearest == members.size() || keys[i] < keys[nearest]))
                nearest = i;
        }
        last = nearest;
    }
}

Leaves lay_out(const SearchRows& rows,
               const Members& members,
               ThreadPool& pool,
               const std::stop_token& stop) {
    Leaves leaves;
    leaves.arithmetic = rows.arithmetic;
    leaves.n_words = rows.n_words;
    leaves.first_panel.assign(1, 0);
    for (const auto& group : members) {
        leaves.n_points.push_back(static_cast<std::uint32_t>(group.size()));
        leaves.first_panel.push_back(
            leaves.first_panel.back() +
            static_cast<std::uint32_t>(n_chunks(group.size(), panel_points)));
    }
    leaves.panels = Panels(rows.arithmetic, leaves.first_panel.back(), rows.n_words);
    leaves.point_at.assign(leaves.panels.n_panels() * panel_points, no_point);
    leaves.position_of.resize(rows.n_rows);
    leaves.leaf_of.resize(rows.n_rows);
    parallel_for(
        pool,
        members.size(),
        1,
        [&](std::size_t i, std::size_t) {
            for (std::size_t p = leaves.first_panel[i]; p < leaves.first_panel[i + 1]; ++p)
                leaves.panels.clear(p);
            for (std::size_t j = 0; j < members[i].size(); ++j) {
                const std::uint32_t point = members[i][j];
                const std::uint32_t position =
                    leaves.first_position(i) + static_cast<std::uint32_t>(j);
                leaves.panels.set(position, rows.row(point), rows.norms[point]);
                leaves.point_at[position] = point;
                leaves.position_of[point] = position;
                leaves.leaf_of[point] = static_cast<std::uint32_t>(i);
            }
        },
        stop);
    return leaves;
}

}  // namespace

Leaves make_leaves(const SearchRows& rows,
                   std::uint64_t seed,
                   ThreadPool& pool,
                   const std::stop_token& stop) {
    std::vector<std::uint32_t> points(rows.n_rows);
    std::iota(points.begin(), points.end(), 0U);
    const std::size_t n_leaves = wanted_leaves(rows.n_rows);
    Members members;
    if (n_leaves <= most_at_once) {
        members = cut(rows, points, n_leaves, seed, pool, stop);
    } else {
        const auto is_any = [](const std::vector<std::uint32_t>&) { return true; };
        members = cut(rows, points, n_leaves / leaves_per_top, seed, pool, stop);
        members = cut_groups(rows, std::move(members), is_any, seed + 1, pool, stop);
        for (int move = 0; move < n_moves; ++move) members = move_points(rows, members, pool, stop);
    }
    const auto is_large = [](const std::vector<std::uint32_t>& group) {
        return group.size() > most_leaf_points;
    };
    members = cut_groups(rows, std::move(members), is_large, seed + 2, pool, stop);
    members = cut_evenly(std::move(members));
    // Those of tops stand side by side as it is.
    if (n_leaves <= most_at_once) members = chained(rows, std::move(members), pool);
    Leaves leaves = lay_out(rows, members, pool, stop);
    leaves.centres = centres_of(rows, members, pool);
    return leaves;
}

Leaves leaves_in_order(const SearchRows& rows, ThreadPool& pool, const std::stop_token& stop) {
    Members members(n_chunks(rows.n_rows, most_leaf_points));
    for (std::size_t i = 0; i < members.size(); ++i) {
        const std::size_t begin = i * most_leaf_points;
        members[i].resize(std::min(rows.n_rows - begin, most_leaf_points));
        std::iota(members[i].begin(), members[i].end(), static_cast<std::uint32_t>(begin));
    }
    return lay_out(rows, members, pool, stop);
}

}  // namespace oort
