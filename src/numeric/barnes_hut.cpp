// SPDX-License-Identifier: Apache-2.0
#include "numeric/barnes_hut.h"

#include <algorithm>
#include <array>
#include <limits>

namespace oort {

namespace {

constexpr std::uint32_t most_levels = 10;      // of the octree: as many as a code has three bits
constexpr std::uint32_t leaf_points = 8;       // a cell of so few is not divided
constexpr std::uint32_t branch_points = 2048;  // a cell of so few is one task
constexpr std::size_t chunk_points = 16384;
constexpr std::size_t largest_group = 1024;
constexpr std::size_t parts_of_group = 4;

bool is_leaf(std::uint32_t begin, std::uint32_t end, std::uint32_t level) {
    return end - begin <= leaf_points || level == most_levels;
}

/// The sum of two sources at their centre of mass times their mass.
void add_moment(const Source& source, Source& sum) {
    sum.x += source.x * source.mass;
    sum.y += source.y * source.mass;
    sum.z += source.z * source.mass;
    sum.mass += source.mass;
}

void to_centre(Source& sum) {
    sum.x /= sum.mass;
    sum.y /= sum.mass;
    sum.z /= sum.mass;
}

}  // namespace

BarnesHut::BarnesHut(std::size_t n, ThreadPool& pool)
    : n_(n), pool_(pool), order_(n, pool), sources_(n) {}

void BarnesHut::sort(const float* layout) {
    order_.sort(layout, 4);
    parallel_for(pool_, n_, chunk_points, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            const float* point = layout + 4 * std::size_t{MortonOrder::index_of(order_.keys()[i])};
            sources_[i] = {point[0], point[1], point[2], 1};
        }
    });
}

std::uint32_t BarnesHut::child_end(std::uint32_t begin,
                                   std::uint32_t end,
                                   std::uint32_t level) const {
    const std::uint32_t shift = 32 + 3 * (most_levels - 1 - level);
    const auto& keys = order_.keys();
    const std::uint64_t digit = keys[begin] >> shift;
    const auto last =
        std::partition_point(keys.begin() + begin, keys.begin() + end, [&](std::uint64_t key) {
            return key >> shift == digit;
        });
    return static_cast<std::uint32_t>(last - keys.begin());
}

BarnesHut::Cell BarnesHut::cell_of(std::uint32_t begin,
                                   std::uint32_t end,
                                   std::uint32_t level) const {
    const float side = order_.side() / static_cast<float>(1U << level);
    const float opening = side / static_cast<float>(openness);
    return {{0, 0, 0, 0}, opening * opening, begin, end, 0};
}

void BarnesHut::grow(std::uint32_t begin,
                     std::uint32_t end,
                     std::uint32_t level,
                     std::vector<Cell>& cells) const {
    const std::size_t here = cells.size();
    cells.push_back(cell_of(begin, end, level));
    Source all{};
    if (is_leaf(begin, end, level)) {
        for (std::uint32_t i = begin; i < end; ++i) add_moment(sources_[i], all);
    } else {
        while (begin < end) {
            const std::uint32_t last = child_end(begin, end, level);
            const std::size_t child = cells.size();
            grow(begin, last, level + 1, cells);
            add_moment(cells[child].all, all);
            begin = last;
        }
    }
    to_centre(all);
    cells[here].all = all;
    cells[here].skip = static_cast<std::uint32_t>(cells.size());
}

void BarnesHut::plan(std::uint32_t begin, std::uint32_t end, std::uint32_t level) {
    if (end - begin <= branch_points || level == most_levels) {
        branches_.push_back({begin, end, level, {}});
        return;
    }
    while (begin < end) {
        const std::uint32_t last = child_end(begin, end, level);
        plan(begin, last, level + 1);
        begin = last;
    }
}

void BarnesHut::join(std::uint32_t begin,
                     std::uint32_t end,
                     std::uint32_t level,
                     std::size_t& branch) {
    const std::size_t here = cells_.size();
    if (end - begin <= branch_points || level == most_levels) {
        for (Cell cell : branches_[branch].cells) {
            cell.skip += static_cast<std::uint32_t>(here);
            cells_.push_back(cell);
        }
        ++branch;
        return;
    }
    cells_.push_back(cell_of(begin, end, level));
    Source all{};
    while (begin < end) {
        const std::uint32_t last = child_end(begin, end, level);
        const std::size_t child = cells_.size();
        join(begin, last, level + 1, branch);
        add_moment(cells_[child].all, all);
        begin = last;
    }
    to_centre(all);
    cells_[here].all = all;
    cells_[here].skip = static_cast<std::uint32_t>(cells_.size());
}

void BarnesHut::build() {
    branches_.clear();
    const auto n = static_cast<std::uint32_t>(n_);
    plan(0, n, 0);
    pool_.run_tasks(branches_.size(), [&](std::size_t i) {
        Branch& branch = branches_[i];
        grow(branch.begin, branch.end, branch.level, branch.cells);
    });
    cells_.clear();
    std::size_t branch = 0;
    join(0, n, 0, branch);
}

BarnesHut::Group BarnesHut::group_of(std::size_t begin, std::size_t end) const {
    constexpr float far = std::numeric_limits<float>::max();
    Group group{begin, end, {far, far, far}, {-far, -far, -far}};
    for (std::size_t i = begin; i < end; ++i) {
        const float at[3] = {sources_[i].x, sources_[i].y, sources_[i].z};
        for (std::size_t c = 0; c < 3; ++c) {
            group.low[c] = std::min(group.low[c], at[c]);
            group.high[c] = std::max(group.high[c], at[c]);
        }
    }
    return group;
}

/// Goes through a cell and those inside it. Into `far`: cells that may act on the whole group as
/// one. Into `near`: those of which only parts of the group will know; for a group of the least
/// size there are none, and the points of leaves go into `far` too.
void BarnesHut::sort_out(const Cell* cell,
                         const Group& group,
                         std::vector<Source>& far,
                         std::vector<std::uint32_t>& near) const {
    const bool has_parts = group.end - group.begin > repulsion_targets;
    const Cell* const last = cells_.data() + cell->skip;
    while (cell < last) {
        const float at[3] = {cell->all.x, cell->all.y, cell->all.z};
        float nearest = 0;
        float farthest = 0;
        for (std::size_t c = 0; c < 3; ++c) {
            const float below = group.low[c] - at[c];
            const float above = at[c] - group.high[c];
            const float away = std::max({below, above, 0.0F});
            const float most = std::min(below, above);  // minus the distance of the far side
            nearest += away * away;
            farthest += most * most;
        }
        const Cell* const next = cells_.data() + cell->skip;
        const bool is_leaf = next == cell + 1;
        // A cell that holds some of the group may not act on it as one: they would repel
        // themselves.
        const bool is_apart = cell->end <= group.begin || cell->begin >= group.end;
        if (cell->opening < nearest && is_apart) {
            far.push_back(cell->all);
            cell = next;
        } else if (has_parts && (is_leaf || cell->opening < farthest)) {
            near.push_back(static_cast<std::uint32_t>(cell - cells_.data()));
            cell = next;
        } else if (is_leaf) {
            far.insert(far.end(), sources_.begin() + cell->begin, sources_.begin() + cell->end);
            cell = next;
        } else {
            ++cell;
        }
    }
}

double BarnesHut::repel_few(const Group& group,
                            const std::vector<Source>& sources,
                            float* forces) const {
    RepulsionTargets targets{};
    for (std::size_t i = group.begin; i < group.end; ++i) {
        targets.at[0][i - group.begin] = sources_[i].x;
        targets.at[1][i - group.begin] = sources_[i].y;
        targets.at[2][i - group.begin] = sources_[i].z;
    }
    repel(sources.data(), sources.size(), targets);
    double sum = 0;
    for (std::size_t i = group.begin; i < group.end; ++i) {
        float* force = forces + 4 * std::size_t{MortonOrder::index_of(order_.keys()[i])};
        for (std::size_t c = 0; c < 3; ++c) force[c] = targets.force[c][i - group.begin];
        force[3] = 0;
        // The point itself was among the sources, at a distance of zero.
        sum += static_cast<double>(targets.total[i - group.begin]) - 1;
    }
    return sum;
}

double BarnesHut::repel_group(const Group& group,
                              std::span<const std::uint32_t> cells,
                              std::vector<Source>& sources,
                              float* forces) const {
    const std::size_t n_before = sources.size();
    std::vector<std::uint32_t> near;
    for (const std::uint32_t cell : cells) sort_out(cells_.data() + cell, group, sources, near);
    double sum = 0;
    const std::size_t size = group.end - group.begin;
    if (size <= repulsion_targets) {
        sum = repel_few(group, sources, forces);
    } else {
        std::size_t part = repulsion_targets;
        while (part * parts_of_group < size) part *= parts_of_group;
        for (std::size_t i = group.begin; i < group.end; i += part)
            sum += repel_group(group_of(i, std::min(i + part, group.end)), near, sources, forces);
    }
    sources.resize(n_before);
    return sum;
}

double BarnesHut::compute(const float* layout, float* forces) {
    sort(layout);
    build();
    sums_.assign(n_chunks(n_, largest_group), 0);
    parallel_for(pool_, n_, largest_group, [&](std::size_t begin, std::size_t end) {
        thread_local std::vector<Source> sources;
        sources.clear();
        const std::uint32_t root = 0;
        sums_[begin / largest_group] =
            repel_group(group_of(begin, end), {&root, 1}, sources, forces);
    });
    double total = 0;
    for (const double sum : sums_) total += sum;
    return total;
}

}  // namespace oort
