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
constexpr std::size_t group = repulsion_targets;
constexpr std::size_t groups_at_once = 32;

struct Box {
    std::array<float, 3> low;
    std::array<float, 3> high;
};

constexpr float far = std::numeric_limits<float>::max();
constexpr Box empty_box{{far, far, far}, {-far, -far, -far}};

void extend(Box& box, const float* point) {
    for (std::size_t c = 0; c < 3; ++c) {
        box.low[c] = std::min(box.low[c], point[c]);
        box.high[c] = std::max(box.high[c], point[c]);
    }
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
    const bool is_leaf = end - begin <= leaf_points || level == most_levels;
    return {{0, 0, 0, 0}, opening * opening, begin, end, 0, is_leaf};
}

void BarnesHut::grow(std::uint32_t begin,
                     std::uint32_t end,
                     std::uint32_t level,
                     std::vector<Cell>& cells) const {
    const std::size_t here = cells.size();
    cells.push_back(cell_of(begin, end, level));
    Source all{};
    if (cells[here].is_leaf) {
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

double BarnesHut::repel_group(std::size_t begin, std::size_t end, float* forces) const {
    thread_local std::vector<Source> list;
    list.clear();
    RepulsionTargets targets{};
    Box box = empty_box;
    for (std::size_t i = begin; i < end; ++i) {
        const Source& source = sources_[i];
        extend(box, &source.x);
        targets.at[0][i - begin] = source.x;
        targets.at[1][i - begin] = source.y;
        targets.at[2][i - begin] = source.z;
    }
    for (std::size_t i = 0; i < cells_.size();) {
        const Cell& cell = cells_[i];
        const float at[3] = {cell.all.x, cell.all.y, cell.all.z};
        float square = 0;
        for (std::size_t c = 0; c < 3; ++c) {
            const float away = std::max({box.low[c] - at[c], at[c] - box.high[c], 0.0F});
            square += away * away;
        }
        // A cell that holds some of the group may not stand for them: they would repel themselves.
        if (cell.opening < square && (cell.end <= begin || cell.begin >= end)) {
            list.push_back(cell.all);
            i = cell.skip;
        } else if (cell.is_leaf) {
            list.insert(list.end(), sources_.begin() + cell.begin, sources_.begin() + cell.end);
            i = cell.skip;
        } else {
            ++i;
        }
    }
    repel(list.data(), list.size(), targets);
    double sum = 0;
    for (std::size_t i = begin; i < end; ++i) {
        float* force = forces + 4 * std::size_t{MortonOrder::index_of(order_.keys()[i])};
        for (std::size_t c = 0; c < 3; ++c) force[c] = targets.force[c][i - begin];
        force[3] = 0;
        // The point itself was in the list, at a distance of zero.
        sum += static_cast<double>(targets.total[i - begin]) - 1;
    }
    return sum;
}

double BarnesHut::compute(const float* layout, float* forces) {
    sort(layout);
    build();
    constexpr std::size_t grain = group * groups_at_once;
    sums_.assign(n_chunks(n_, grain), 0);
    parallel_for(pool_, n_, grain, [&](std::size_t begin, std::size_t end) {
        double sum = 0;
        for (std::size_t i = begin; i < end; i += group)
            sum += repel_group(i, std::min(i + group, end), forces);
        sums_[begin / grain] = sum;
    });
    double total = 0;
    for (const double sum : sums_) total += sum;
    return total;
}

}  // namespace oort
