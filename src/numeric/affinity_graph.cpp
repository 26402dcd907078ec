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
struct AffinityGraph::Half {
    std::uint32_t other;
    float weight;
};

/// The rows of one task.
struct AffinityGraph::Block {
    std::vector<std::uint32_t> strong;
    std::vector<std::uint32_t> weak;
    double sum = 0;
};

namespace {

constexpr std::size_t block_rows = 2048;  // rows whose edges one task merges
constexpr std::size_t chunk_rows = 4096;  // rows whose edges one task hands out to the blocks
constexpr std::size_t n_parts = 4;
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
    std::size_t begin,
    std::size_t end,
    ThreadPool& pool,
    const std::stop_token& stop) {
    const std::size_t k = indices.size() / n_rows_;
    const std::size_t blocks = n_chunks(end - begin, block_rows);
    const std::size_t chunks = n_chunks(n_rows_, chunk_rows);
    std::vector<std::size_t> next(chunks * blocks);
    // Calls body(e, block) for the edges of one chunk to those targets.
    const auto for_edges = [&](std::size_t first, std::size_t last, const auto& body) {
        for (std::size_t e = first * k; e < last * k; ++e) {
            const std::size_t target = indices[e];
            if (target >= begin && target < end && weights[e] > 0)
                body(e, (target - begin) / block_rows);
        }
    };
    const auto count = [&](std::size_t first, std::size_t last) {
        std::size_t* counts = next.data() + first / chunk_rows * blocks;
        for_edges(first, last, [&](std::size_t, std::size_t block) { ++counts[block]; });
    };
    parallel_for(pool, n_rows_, chunk_rows, count, stop);
    block_begin_.assign(1, 0);
    std::size_t total = 0;
    for (std::size_t block = 0; block < blocks; ++block) {
        for (std::size_t chunk = 0; chunk < chunks; ++chunk)
            total += std::exchange(next[chunk * blocks + block], total);
        block_begin_.push_back(total);
    }
    std::vector<Edge> edges(total);
    const auto hand_out = [&](std::size_t first, std::size_t last) {
        std::size_t* at = next.data() + first / chunk_rows * blocks;
        for_edges(first, last, [&](std::size_t e, std::size_t block) {
            edges[at[block]++] = {static_cast<std::uint32_t>(e / k), indices[e], weights[e]};
        });
    };
    parallel_for(pool, n_rows_, chunk_rows, hand_out, stop);
    return edges;
}

void AffinityGraph::pack(std::span<const Half> row,
                         std::size_t i,
                         PackedEdges& edges,
                         std::vector<std::uint32_t>& words) const {
    const std::size_t first = words.size();
    float largest = 0;
    for (const Half& edge : row) largest = std::max(largest, edge.weight);
    if (largest > 0) {
        const auto units = static_cast<float>(weight_mask());
        const float per_unit = units / largest;
        edges.row_scale[i] = largest / units;
        float carried = 0;
        for (const Half& edge : row) {
            const float wanted = edge.weight * per_unit + carried;
            const float rounded =
                std::clamp(static_cast<float>(static_cast<int>(wanted + 0.5F)), 0.0F, units);
            carried = wanted - rounded;
            if (rounded > 0)
                words.push_back(edge.other << weight_bits_ | static_cast<std::uint32_t>(rounded));
        }
    }
    edges.row_begin[i + 1] = words.size() - first;
}

void AffinityGraph::pack_row(std::span<const Half> row,
                             float weakest,
                             std::size_t i,
                             Block& block) {
    // Both keep their order, nearest neighbours first.
    thread_local std::vector<Half> strong;
    thread_local std::vector<Half> weak;
    strong.clear();
    weak.clear();
    double sum = 0;
    double strong_sum = 0;
    for (const Half& edge : row) {
        const bool is_strong = edge.weight >= weakest;
        (is_strong ? strong : weak).push_back(edge);
        sum += static_cast<double>(edge.weight);
        if (is_strong) strong_sum += static_cast<double>(edge.weight);
    }
    pack(strong, i, strong_, block.strong);
    pack(weak, i, weak_, block.weak);
    block.sum += sum;
    if (strong_sum > 0)
        pull_[i] = static_cast<float>(static_cast<double>(strong_.row_scale[i]) * sum / strong_sum);
}

AffinityGraph::Block AffinityGraph::merge(std::span<const std::uint32_t> indices,
                                          std::span<const float> weights,
                                          std::span<const Edge> incoming,
                                          std::size_t begin,
                                          std::size_t end) {
    const std::size_t k = indices.size() / n_rows_;
    const auto weakest = static_cast<float>(weak_share / static_cast<double>(k));
    // The edges that come in, in order of their target and then of their source.
    std::vector<std::size_t> next(block_rows + 1);
    for (const Edge& edge : incoming) ++next[edge.target - begin + 1];
    for (std::size_t i = 0; i < block_rows; ++i) next[i + 1] += next[i];
    std::vector<Half> sources(incoming.size());
    for (const Edge& edge : incoming)
        sources[next[edge.target - begin]++] = {edge.source, edge.weight};
    Positions positions(k);
    std::vector<Half> row;
    Block block;
    for (std::size_t i = begin; i < end; ++i) {
        const auto neighbors = indices.subspan(i * k, k);
        positions.assign(neighbors);
        row.clear();
        for (std::size_t j = 0; j < k; ++j) row.push_back({neighbors[j], weights[i * k + j]});
        // Where row i's sources end, those of the next one begin.
        const std::size_t first = i == begin ? 0 : next[i - begin - 1];
        for (std::size_t e = first; e < next[i - begin]; ++e) {
            const std::uint32_t at = positions.find(sources[e].other);
            if (at == Positions::none) {
                row.push_back(sources[e]);
            } else {
                row[at].weight += sources[e].weight;
            }
        }
        pack_row(row, weakest, i, block);
    }
    block.strong.shrink_to_fit();
    block.weak.shrink_to_fit();
    return block;
}

void AffinityGraph::join(std::vector<Block>& blocks, ThreadPool& pool) {
    double total = 0;
    for (const Block& block : blocks) total += block.sum;
    for (PackedEdges* edges : {&strong_, &weak_}) {
        for (std::size_t i = 0; i < n_rows_; ++i) edges->row_begin[i + 1] += edges->row_begin[i];
        edges->words.resize(edges->row_begin[n_rows_]);
    }
    parallel_for(pool, n_rows_, block_rows, [&](std::size_t begin, std::size_t end) {
        Block& block = blocks[begin / block_rows];
        std::copy(block.strong.begin(),
                  block.strong.end(),
                  strong_.words.data() + strong_.row_begin[begin]);
        std::copy(
            block.weak.begin(), block.weak.end(), weak_.words.data() + weak_.row_begin[begin]);
        block = {};
        for (std::size_t i = begin; i < end; ++i) {
            for (float* scale : {&strong_.row_scale[i], &weak_.row_scale[i], &pull_[i]})
                *scale = static_cast<float>(static_cast<double>(*scale) / total);
        }
    });
}

AffinityGraph::AffinityGraph(std::span<const std::uint32_t> indices,
                             std::span<const float> weights,
                             std::size_t n_rows,
                             ThreadPool& pool,
                             const std::stop_token& stop)
    : n_rows_(n_rows), pull_(n_rows) {
    if (n_rows > std::size_t{1} << (32 - least_weight_bits)) {
        throw Error(ErrorCode::too_large,
                    fmt::format("{} rows are too many for t-SNE: at most 16,777,216", n_rows));
    }
    const auto index_bits = static_cast<std::uint32_t>(std::bit_width(n_rows - 1));
    weight_bits_ = std::min(most_weight_bits, 32 - index_bits);
    for (PackedEdges* edges : {&strong_, &weak_}) {
        edges->row_begin.resize(n_rows + 1);
        edges->row_scale.resize(n_rows);
    }
    if (indices.empty()) return;
    std::vector<Block> blocks(n_chunks(n_rows, block_rows));
    // A part of the targets at a time: the directed edges to all would be the most memory that
    // t-SNE ever takes.
    const std::size_t part = n_chunks(blocks.size(), n_parts) * block_rows;
    for (std::size_t begin = 0; begin < n_rows; begin += part) {
        const std::size_t end = std::min(begin + part, n_rows);
        const auto directed = sort_by_target(indices, weights, begin, end, pool, stop);
        const auto merge_block = [&](std::size_t first, std::size_t last) {
            const std::size_t block = first / block_rows;
            const std::span incoming(directed.data() + block_begin_[block],
                                     directed.data() + block_begin_[block + 1]);
            blocks[begin / block_rows + block] =
                merge(indices, weights, incoming, begin + first, begin + last);
        };
        parallel_for(pool, end - begin, block_rows, merge_block, stop);
    }
    join(blocks, pool);
}

void AffinityGraph::reorder(std::span<const std::uint32_t> order, ThreadPool& pool) {
    std::vector<std::uint32_t> place(n_rows_);
    parallel_for(pool, n_rows_, block_rows, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) place[order[i]] = static_cast<std::uint32_t>(i);
    });
    PackedEdges edges{std::vector<std::uint64_t>(n_rows_ + 1),
                      AlignedVector<std::uint32_t>(strong_.words.size()),
                      std::vector<float>(n_rows_)};
    std::vector<float> pull(n_rows_);
    for (std::size_t i = 0; i < n_rows_; ++i) {
        const std::uint64_t* row = strong_.row_begin.data() + order[i];
        edges.row_begin[i + 1] = edges.row_begin[i] + row[1] - row[0];
        edges.row_scale[i] = strong_.row_scale[order[i]];
        pull[i] = pull_[order[i]];
    }
    parallel_for(pool, n_rows_, block_rows, [&](std::size_t begin, std::size_t end) {
        std::uint32_t* out = edges.words.data() + edges.row_begin[begin];
        for (std::size_t i = begin; i < end; ++i) {
            const std::uint64_t* row = strong_.row_begin.data() + order[i];
            for (std::uint64_t e = row[0]; e < row[1]; ++e) {
                const std::uint32_t word = strong_.words[e];
                *out++ = place[word >> weight_bits_] << weight_bits_ | (word & weight_mask());
            }
        }
    });
    strong_ = std::move(edges);
    pull_ = std::move(pull);
}

}  // namespace oort
