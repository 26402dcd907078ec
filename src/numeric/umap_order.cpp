// SPDX-License-Identifier: Apache-2.0
#include "numeric/umap_order.h"

#include <algorithm>
#include <cstddef>

namespace oort {

namespace {

// A ball's points take 16 kB in two dimensions: half of a first-level cache.
constexpr std::size_t ball_rows = 2048;
constexpr std::size_t rows_per_chunk = 4096;

class Balls {
  public:
    explicit Balls(const FuzzyGraph& graph) : graph_(graph), is_taken_(graph.n_rows()) {
        order_.reserve(graph.n_rows());
    }

    /// Grows one ball from `seed`, if nobody has it yet; what lies at its edge may seed later ones.
    void grow(std::uint32_t seed) {
        if (is_taken_[seed] != 0) return;
        const std::size_t end = std::min(graph_.n_rows(), order_.size() + ball_rows);
        std::size_t next = order_.size();
        take(seed);
        while (next < order_.size() && order_.size() < end) {
            const std::uint32_t row = order_[next++];
            for (std::uint64_t e = graph_.begins[row]; e < graph_.begins[row + 1]; ++e) {
                const std::uint32_t other = graph_.targets[e];
                if (is_taken_[other] == 0 && order_.size() < end) take(other);
            }
        }
        for (; next < order_.size(); ++next) {
            const std::uint32_t row = order_[next];
            for (std::uint64_t e = graph_.begins[row]; e < graph_.begins[row + 1]; ++e) {
                if (is_taken_[graph_.targets[e]] == 0) {
                    seeds_.push_back(graph_.targets[e]);
                    break;
                }
            }
        }
    }

    std::vector<std::uint32_t> run() {
        for (std::uint32_t row = 0; row < graph_.n_rows(); ++row) {
            grow(row);
            for (; next_seed_ < seeds_.size(); ++next_seed_) grow(seeds_[next_seed_]);
        }
        return std::move(order_);
    }

  private:
    void take(std::uint32_t row) {
        is_taken_[row] = 1;
        order_.push_back(row);
    }

    const FuzzyGraph& graph_;
    std::vector<std::uint8_t> is_taken_;
    std::vector<std::uint32_t> order_;
    std::vector<std::uint32_t> seeds_;
    std::size_t next_seed_ = 0;
};

}  // namespace

std::vector<std::uint32_t> order_by_neighborhood(const FuzzyGraph& graph) {
    return Balls(graph).run();
}

FuzzyGraph reordered(const FuzzyGraph& graph,
                     const std::vector<std::uint32_t>& order,
                     ThreadPool& pool) {
    const std::size_t n = graph.n_rows();
    std::vector<std::uint32_t> place_of(n);
    FuzzyGraph result;
    result.begins.resize(n + 1);
    for (std::size_t i = 0; i < n; ++i) {
        const std::uint32_t row = order[i];
        place_of[row] = static_cast<std::uint32_t>(i);
        result.begins[i + 1] = result.begins[i] + (graph.begins[row + 1] - graph.begins[row]);
    }
    result.targets.resize(graph.targets.size());
    result.weights.resize(graph.weights.size());
    parallel_for(pool, n, rows_per_chunk, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            std::uint64_t at = result.begins[i];
            for (std::uint64_t e = graph.begins[order[i]]; e < graph.begins[order[i] + 1]; ++e) {
                result.targets[at] = place_of[graph.targets[e]];
                result.weights[at++] = graph.weights[e];
            }
        }
    });
    return result;
}

Matrix reordered(MatrixView matrix,
                 std::size_t n_columns,
                 const std::vector<std::uint32_t>& order,
                 ThreadPool& pool) {
    Matrix result(matrix.n_rows, n_columns);
    parallel_for(pool, matrix.n_rows, rows_per_chunk, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i)
            std::copy_n(matrix.row(order[i]), n_columns, result.row(i));
    });
    return result;
}

}  // namespace oort
