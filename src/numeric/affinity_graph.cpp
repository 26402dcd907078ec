// SPDX-License-Identifier: Apache-2.0
#include "numeric/affinity_graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <utility>

#include "base/error.h"

namespace oort {

/// A directed edge to `target`.
struct AffinityGraph::Edge {
    std::uint32_t source;
    std::uint32_t target;
    float weight;
};

/// One side of an undirected edge.
struct AffinityGraph::Row {
    std::uint32_t other;
    float weight;
};

namespace {

constexpr std::size_t block_rows = 2048;  // rows whose edges one task merges
constexpr std::size_t chunk_rows = 4096;  // rows whose edges one task hands out to the blocks
constexpr std::uint32_t least_weight_bits = 8;
constexpr std::uint32_t most_weight_bits = 20;  // a float holds such a number exactly

/// Which neighbour of one row a point is, if any: a hash table with linear probing.
class Positions {
  public:
    explicit Positions(std::size_t k) : slots_(std::bit_ceil(2 * k + 2)) {}

    void assign(std::span<const std::uint32_t> points) {
        std::fill(slots_.begin(), slots_.end(), Slot{});
        for (std::size_t j = 0; j < points.size(); ++j) {
            Slot& slot = find_slot(points[j]);
            slot = {points[j], static_cast<std::uint32_t>(j)};
        }
    }

    /// `none` if the point is not there.
    std::uint32_t find(std::uint32_t point) { return find_slot(point).position; }

    static constexpr std::uint32_t none = 0xFFFFFFFF;

  private:
    struct Slot {
        std::uint32_t point = none;
        std::uint32_t position = none;
    };

    Slot& find_slot(std::uint32_t point) {
        const std::size_t mask = slots_.size() - 1;
        std::size_t at = (point * std::size_t{0x9E3779B97F4A7C15}) >> 40 & mask;
        while (slots_[at].point != none && slots_[at].point != point) at = (at + 1) & mask;
        return slots_[at];
    }

    std::vector<Slot> slots_;
};

}  // namespace

std::vector<AffinityGraph::Edge> AffinityGraph::sort_by_target(
    std::span<const std::uint32_t> indices,
    std::span<const float> weights,
    ThreadPool& pool,
    const std::stop_token& stop) {
    const std::size_t k = indices.size() / n_rows_;
    const std::size_t blocks = n_chunks(n_rows_, block_rows);
    const std::size_t chunks = n_chunks(n_rows_, chunk_rows);
    std::vector<std::size_t> next(chunks * blocks);
    parallel_for(
        pool,
        n_rows_,
        chunk_rows,
        [&](std::size_t begin, std::size_t end) {
            std::size_t* counts = next.data() + begin / chunk_rows * blocks;
            for (std::size_t e = begin * k; e < end * k; ++e)
                counts[indices[e] / block_rows] += weights[e] > 0 ? 1 : 0;
        },
        stop);
    block_begin_.assign(1, 0);
    std::size_t total = 0;
    for (std::size_t block = 0; block < blocks; ++block) {
        for (std::size_t chunk = 0; chunk < chunks; ++chunk) {
            std::size_t& count = next[chunk * blocks + block];
            const std::size_t here = count;
            count = total;
            total += here;
        }
        block_begin_.push_back(total);
    }
    std::vector<Edge> edges(total);
    parallel_for(
        pool,
        n_rows_,
        chunk_rows,
        [&](std::size_t begin, std::size_t end) {
            std::size_t* at = next.data() + begin / chunk_rows * blocks;
            for (std::size_t e = begin * k; e < end * k; ++e) {
                if (weights[e] > 0) {
                    edges[at[indices[e] / block_rows]++] = {
                        static_cast<std::uint32_t>(e / k), indices[e], weights[e]};
                }
            }
        },
        stop);
    return edges;
}

void AffinityGraph::pack(std::span<const Row> row,
                         std::size_t i,
                         std::vector<std::uint32_t>& words) {
    float largest = 0;
    for (const Row& edge : row) largest = std::max(largest, edge.weight);
    if (!(largest > 0)) return;
    const auto units = static_cast<float>(weight_mask());
    const float per_unit = units / largest;
    row_scale_[i] = largest / units;
    float carried = 0;
    for (const Row& edge : row) {
        const float wanted = edge.weight * per_unit + carried;
        const float rounded =
            std::clamp(static_cast<float>(static_cast<int>(wanted + 0.5F)), 0.0F, units);
        carried = wanted - rounded;
        if (rounded > 0)
            words.push_back(edge.other << weight_bits_ | static_cast<std::uint32_t>(rounded));
    }
}

AffinityGraph::AffinityGraph(std::span<const std::uint32_t> indices,
                             std::span<const float> weights,
                             std::size_t n_rows,
                             ThreadPool& pool,
                             const std::stop_token& stop)
    : n_rows_(n_rows), row_begin_(n_rows + 1), row_scale_(n_rows) {
    if (n_rows > std::size_t{1} << (32 - least_weight_bits)) {
        throw Error(ErrorCode::too_large,
                    fmt::format("{} rows are too many for t-SNE: at most 16,777,216", n_rows));
    }
    const auto index_bits = static_cast<std::uint32_t>(std::bit_width(n_rows - 1));
    weight_bits_ = std::min(most_weight_bits, 32 - index_bits);
    if (indices.empty()) return;
    const std::size_t k = indices.size() / n_rows;
    const auto edges = sort_by_target(indices, weights, pool, stop);
    const std::size_t blocks = n_chunks(n_rows, block_rows);
    std::vector<std::vector<std::uint32_t>> words(blocks);
    std::vector<double> sums(blocks);
    parallel_for(
        pool,
        n_rows,
        block_rows,
        [&](std::size_t begin, std::size_t end) {
            const std::size_t block = begin / block_rows;
            const std::span<const Edge> mine(edges.data() + block_begin_[block],
                                             edges.data() + block_begin_[block + 1]);
            // The edges that come in, in order of their target and then of their source.
            std::vector<std::size_t> next(block_rows + 1);
            for (const Edge& edge : mine) ++next[edge.target - begin + 1];
            for (std::size_t i = 0; i < block_rows; ++i) next[i + 1] += next[i];
            std::vector<Row> incoming(mine.size());
            for (const Edge& edge : mine)
                incoming[next[edge.target - begin]++] = {edge.source, edge.weight};
            Positions positions(k);
            std::vector<Row> row;
            words[block].reserve(2 * mine.size());
            for (std::size_t i = begin; i < end; ++i) {
                positions.assign(indices.subspan(i * k, k));
                row.clear();
                for (std::size_t j = 0; j < k; ++j)
                    row.push_back({indices[i * k + j], weights[i * k + j]});
                for (std::size_t e = i == begin ? 0 : next[i - begin - 1]; e < next[i - begin];
                     ++e) {
                    const std::uint32_t at = positions.find(incoming[e].other);
                    if (at == Positions::none) {
                        row.push_back(incoming[e]);
                    } else {
                        row[at].weight += incoming[e].weight;
                    }
                }
                const std::size_t first = words[block].size();
                pack(row, i, words[block]);
                double sum = 0;
                for (std::size_t w = first; w < words[block].size(); ++w)
                    sum += static_cast<double>(words[block][w] & weight_mask());
                sums[block] += sum * static_cast<double>(row_scale_[i]);
                row_begin_[i + 1] = words[block].size() - first;
            }
        },
        stop);
    double total = 0;
    for (const double sum : sums) total += sum;
    for (std::size_t i = 0; i < n_rows; ++i) row_begin_[i + 1] += row_begin_[i];
    words_.resize(row_begin_[n_rows]);
    parallel_for(pool, n_rows, block_rows, [&](std::size_t begin, std::size_t end) {
        auto& from = words[begin / block_rows];
        std::copy(from.begin(),
                  from.end(),
                  words_.begin() + static_cast<std::ptrdiff_t>(row_begin_[begin]));
        from = {};
        for (std::size_t i = begin; i < end; ++i)
            row_scale_[i] = static_cast<float>(static_cast<double>(row_scale_[i]) / total);
    });
}

void AffinityGraph::reorder(std::span<const std::uint32_t> order, ThreadPool& pool) {
    std::vector<std::uint32_t> place(n_rows_);
    parallel_for(pool, n_rows_, block_rows, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) place[order[i]] = static_cast<std::uint32_t>(i);
    });
    std::vector<std::uint64_t> row_begin(n_rows_ + 1);
    std::vector<float> row_scale(n_rows_);
    for (std::size_t i = 0; i < n_rows_; ++i) {
        row_begin[i + 1] = row_begin[i] + row_begin_[order[i] + 1] - row_begin_[order[i]];
        row_scale[i] = row_scale_[order[i]];
    }
    AlignedVector<std::uint32_t> words(words_.size());
    parallel_for(pool, n_rows_, block_rows, [&](std::size_t begin, std::size_t end) {
        std::uint32_t* out = words.data() + row_begin[begin];
        for (std::size_t i = begin; i < end; ++i) {
            for (std::uint64_t e = row_begin_[order[i]]; e < row_begin_[order[i] + 1]; ++e) {
                const std::uint32_t word = words_[e];
                *out++ = place[word >> weight_bits_] << weight_bits_ | (word & weight_mask());
            }
        }
    });
    words_ = std::move(words);
    row_begin_ = std::move(row_begin);
    row_scale_ = std::move(row_scale);
}

}  // namespace oort
