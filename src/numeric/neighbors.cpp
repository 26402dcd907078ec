// SPDX-License-Identifier: Apache-2.0
#include "numeric/neighbors.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/error.h"
#include "base/options.h"
#include "numeric/knn_distance.h"
#include "numeric/knn_exact.h"
#include "numeric/knn_join.h"
#include "numeric/knn_leaves.h"
#include "numeric/knn_plan.h"
#include "numeric/knn_space.h"

namespace oort {

namespace {

// Below this many multiplications, or rows, measuring every pair takes less than finding a way
// around it. A pair costs about as much as this many beside its own.
constexpr double few_products = 1e9;
constexpr double products_per_pair = 100;
constexpr std::size_t few_rows = 1024;

// What is planned for is a little more than asked for: the plan knows a sample.
constexpr double margin = 0.1;  // of the share that may be missed
constexpr int most_rounds = 3;

// Neighbours nearer than this many int16 units cannot be told apart in them.
constexpr double least_reach_units = 40;

void check_size(PointsView points) {
    if (points.n_rows > std::numeric_limits<std::uint32_t>::max()) {
        throw Error(ErrorCode::too_large,
                    fmt::format("{} rows are too many: at most 4294967295", points.n_rows));
    }
}

/// An empty graph of the size that the options ask for and the points allow.
Neighbors graph_for(std::size_t n_rows, std::size_t n_others, const NeighborsOptions& options) {
    const auto wanted = static_cast<std::size_t>(options.n_neighbors);
    Neighbors graph;
    graph.n_rows = n_rows;
    graph.n_neighbors = std::min(wanted, n_others);
    if (graph.n_neighbors < wanted) {
        graph.notes.push_back(fmt::format(
            "n_neighbors cut from {} to {}: there are no more points", wanted, graph.n_neighbors));
    }
    graph.indices.resize(n_rows * graph.n_neighbors);
    graph.distances.resize(n_rows * graph.n_neighbors);
    return graph;
}

/// The approximate search of all points for each other, or the exact one where it is no slower.
class GraphSearch {
  public:
    GraphSearch(const ExactDistances& distances,
                MatrixView coordinates,
                const NeighborsOptions& options,
                ThreadPool& pool,
                const std::stop_token& stop)
        : distances_(distances),
          options_(options),
          pool_(pool),
          stop_(stop),
          space_(distances, coordinates, options.seed, pool, stop),
          arithmetic_(space_.is_fine_in_int16() ? Arithmetic::int16 : Arithmetic::float32) {}

    void run(Neighbors& graph) {
        if (options_.recall == 1 || !search(graph)) search_exactly(graph);
    }

  private:
    /// Whether the wanted recall was reached.
    bool search(Neighbors& graph) {
        Leaves leaves = cut();
        SampleTruth truth =
            find_truth(leaves, space_, distances_, graph.n_neighbors, options_.seed, pool_, stop_);
        if (arithmetic_ == Arithmetic::int16 && !can_tell_apart(truth, leaves.n_words)) {
            arithmetic_ = Arithmetic::float32;
            leaves = cut();
            truth = find_truth(
                leaves, space_, distances_, graph.n_neighbors, options_.seed, pool_, stop_);
        }
        double aim = options_.recall + margin * (1 - options_.recall);
        for (int round = 0; round < most_rounds; ++round) {
            const auto settings = plan_join(truth, leaves, distances_.points(), aim);
            if (!settings) return false;
            join_leaves(leaves, space_, distances_, *settings, graph, pool_, stop_);
            graph.is_exact = false;
            graph.recall = measured_recall(truth, graph);
            graph.recall_sample = truth.points.size();
            if (graph.recall >= options_.recall) return true;
            aim = (1 + aim) / 2;
        }
        return false;
    }

    Leaves cut() {
        const SearchRows rows = space_.rows(arithmetic_, pool_, stop_);
        return make_leaves(rows, options_.seed, pool_, stop_);
    }

    bool can_tell_apart(const SampleTruth& truth, std::size_t n_words) const {
        if (options_.metric == Metric::dot) return true;
        double sum = 0;
        std::size_t n_apart = 0;
        for (const float reach : truth.reach) {
            if (reach == 0.0F) continue;
            sum += space_.reach(reach, arithmetic_, n_words) -
                   space_.reach(0.0F, arithmetic_, n_words);
            ++n_apart;
        }
        return n_apart == 0 || sum >= least_reach_units * static_cast<double>(n_apart);
    }

    void search_exactly(Neighbors& graph) {
        graph.is_exact = true;
        graph.recall = 1;
        graph.recall_sample = 0;
        const PointsView points = distances_.points();
        if (options_.metric == Metric::dot) {
            measure_every_pair(points, SelfIs::left_out, distances_, graph, pool_, stop_);
            return;
        }
        const SearchRows rows = space_.rows(arithmetic_, pool_, stop_);
        const Leaves leaves = leaves_in_order(rows, pool_, stop_);
        filter_every_pair(
            points, rows, {}, SelfIs::left_out, leaves, space_, distances_, graph, pool_, stop_);
    }

    const ExactDistances& distances_;
    const NeighborsOptions& options_;
    ThreadPool& pool_;
    std::stop_token stop_;
    SearchSpace space_;
    Arithmetic arithmetic_;
};

bool are_few(std::size_t n_queries, PointsView points) {
    return std::max(n_queries, points.n_rows) <= few_rows ||
           static_cast<double>(n_queries) * static_cast<double>(points.n_rows) *
                   (static_cast<double>(points.n_columns) + products_per_pair) <=
               few_products;
}

}  // namespace

std::size_t search_dimensions(std::size_t n_rows, std::size_t n_columns) noexcept {
    const PointsView points(nullptr, n_rows, n_columns, ElementType::float32);
    return are_few(n_rows, points) ? 0 : SearchSpace::wanted_coordinates(n_columns);
}

Neighbors find_neighbors(PointsView points,
                         const NeighborsOptions& options,
                         ThreadPool& pool,
                         std::stop_token stop) {
    return find_neighbors(points, MatrixView(), options, pool, std::move(stop));
}

Neighbors find_neighbors(PointsView points,
                         MatrixView coordinates,
                         const NeighborsOptions& options,
                         ThreadPool& pool,
                         std::stop_token stop) {
    check_options(options);
    check_size(points);
    const std::size_t n = points.n_rows;
    Neighbors graph = graph_for(n, n == 0 ? 0 : n - 1, options);
    if (graph.n_neighbors == 0) return graph;
    const ExactDistances distances(points, options.metric, pool, stop);
    if (are_few(n, points)) {
        measure_every_pair(points, SelfIs::left_out, distances, graph, pool, stop);
    } else {
        GraphSearch(distances, coordinates, options, pool, stop).run(graph);
    }
    return graph;
}

Neighbors find_neighbors_of(PointsView queries,
                            PointsView points,
                            const NeighborsOptions& options,
                            ThreadPool& pool,
                            std::stop_token stop) {
    check_options(options);
    check_size(points);
    if (queries.n_columns != points.n_columns) {
        throw Error(
            ErrorCode::invalid_argument,
            fmt::format(
                "the queries have {} columns, the points {}", queries.n_columns, points.n_columns));
    }
    Neighbors graph = graph_for(queries.n_rows, points.n_rows, options);
    if (graph.n_neighbors == 0) return graph;
    const ExactDistances distances(points, options.metric, pool, stop);
    if (options.metric == Metric::dot || are_few(queries.n_rows, points)) {
        measure_every_pair(queries, SelfIs::a_neighbor, distances, graph, pool, stop);
        return graph;
    }
    const SearchSpace space(distances, MatrixView(), options.seed, pool, stop);
    const Arithmetic arithmetic =
        space.is_fine_in_int16() ? Arithmetic::int16 : Arithmetic::float32;
    const Leaves leaves = leaves_in_order(space.rows(arithmetic, pool, stop), pool, stop);
    std::vector<std::uint8_t> is_outside;
    const SearchRows words = space.queries(queries, arithmetic, is_outside, pool, stop);
    filter_every_pair(queries,
                      words,
                      is_outside,
                      SelfIs::a_neighbor,
                      leaves,
                      space,
                      distances,
                      graph,
                      pool,
                      stop);
    return graph;
}

}  // namespace oort
