// SPDX-License-Identifier: Apache-2.0
#include "numeric/tsne_optimiser.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

#include "numeric/exact_repulsion.h"
#include "numeric/morton_order.h"
#include "numeric/random.h"
#include "numeric/simd/descent_kernel.h"

namespace oort {

namespace {

/// Rows that a task moves at once; 16 floats are a multiple of every stride.
constexpr std::size_t chunk_rows = 512;

/// Before these iterations the points are sorted, so that neighbours stand near each other in
/// memory; in between they hardly move past each other.
constexpr std::array<int, 7> sorted_before{0, 20, 50, 100, 175, 250, 400};

/// So few points are compared pair by pair.
constexpr std::size_t most_exact = 512;

constexpr double initial_deviation = 1e-4;
constexpr double jitter = 0.01;  // of that, so that equal rows part
constexpr double longest_step = 5;

/// As openTSNE. The 0.5 that van der Maaten and Hinton 2008 have at first ends in worse places.
constexpr double momentum = 0.8;

std::size_t padded(std::size_t n_floats) {
    return (n_floats + 15) / 16 * 16;
}

double deviation_of_first_column(MatrixView matrix) {
    double sum = 0;
    double square = 0;
    for (std::size_t i = 0; i < matrix.n_rows; ++i) sum += static_cast<double>(*matrix.row(i));
    const double mean = sum / static_cast<double>(matrix.n_rows);
    for (std::size_t i = 0; i < matrix.n_rows; ++i) {
        const double away = static_cast<double>(*matrix.row(i)) - mean;
        square += away * away;
    }
    return std::sqrt(square / static_cast<double>(matrix.n_rows));
}

}  // namespace

TsneOptimiser::TsneOptimiser(AffinityGraph affinities,
                             MatrixView initial,
                             const TsneOptions& tsne_options,
                             ThreadPool& thread_pool)
    : options(tsne_options),
      pool(thread_pool),
      graph(std::move(affinities)),
      n(initial.n_rows),
      n_dims(initial.n_columns),
      stride(n_dims == 2 ? 2 : 4),
      order(n),
      points(padded(n * stride), 0),
      movement(points.size(), 0),
      gains(points.size(), 1),
      moved(points.size(), 0),
      attraction(points.size(), 0),
      repulsion(points.size(), 0),
      layout(n, n_dims) {
    if (n > most_exact && n_dims == 2) grid.emplace(n, pool);
    if (n > most_exact && n_dims == 3) tree.emplace(n, pool);
    std::iota(order.begin(), order.end(), 0U);
    start(initial);
    write_layout();
}

void TsneOptimiser::start(MatrixView initial) {
    const double deviation = deviation_of_first_column(initial);
    // Without a first column to go by (all rows equal) the jitter alone parts the points.
    const double scale = deviation > 0 ? initial_deviation / deviation : 0;
    Random random(options.seed);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t c = 0; c < n_dims; ++c) {
            const double value = static_cast<double>(initial.row(i)[c]) * scale +
                                 initial_deviation * jitter * random.normal();
            points[i * stride + c] = static_cast<float>(value);
        }
    }
}

double TsneOptimiser::repel() {
    if (grid) return grid->compute(points.data(), repulsion.data());
    if (tree) return tree->compute(points.data(), repulsion.data());
    return exact_repulsion(points.data(), n, stride, repulsion.data(), pool);
}

void TsneOptimiser::reorder(std::span<const std::uint32_t> new_order) {
    graph.reorder(new_order, pool);
    for (AlignedVector<float>* rows : {&points, &movement, &gains}) {
        parallel_for(pool, n, 16 * chunk_rows, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i)
                std::copy_n(rows->data() + std::size_t{new_order[i]} * stride,
                            stride,
                            moved.data() + i * stride);
        });
        std::copy_n(moved.data(), n * stride, rows->data());
    }
    std::vector<std::uint32_t> rows(n);
    for (std::size_t i = 0; i < n; ++i) rows[i] = order[new_order[i]];
    order = std::move(rows);
}

void TsneOptimiser::sort_points() {
    MortonOrder along(n, pool);
    along.sort(points.data(), stride);
    std::vector<std::uint32_t> new_order(n);
    for (std::size_t i = 0; i < n; ++i) new_order[i] = MortonOrder::index_of(along.keys()[i]);
    reorder(new_order);
}

void TsneOptimiser::descend_once() {
    if (std::find(sorted_before.begin(), sorted_before.end(), iteration) != sorted_before.end())
        sort_points();
    const bool is_early = iteration < options.early_iterations;
    const double exaggeration = is_early ? options.early_exaggeration : 1;
    const double z = std::max(repel(), 1e-30);
    const DescentStep step{.attraction = static_cast<float>(exaggeration),
                           .repulsion = static_cast<float>(1 / z),
                           .learning_rate = static_cast<float>(options.learning_rate.value_or(
                               static_cast<double>(n) / exaggeration)),
                           .momentum = static_cast<float>(momentum),
                           .longest_step = static_cast<float>(longest_step)};
    std::vector<std::array<float, 16>> sums(n_chunks(n, chunk_rows));
    parallel_for(pool, n, chunk_rows, [&](std::size_t begin, std::size_t end) {
        const std::size_t at = begin * stride;
        attract(graph.pulling(), {points.data(), stride}, begin, end, attraction.data() + at);
        descend(step,
                {.attraction = attraction.data() + at,
                 .repulsion = repulsion.data() + at,
                 .layout = points.data() + at,
                 .movement = movement.data() + at,
                 .gains = gains.data() + at,
                 .moved = moved.data() + at,
                 .stride = stride},
                padded((end - begin) * stride),
                sums[begin / chunk_rows].data());
    });
    std::swap(points, moved);
    centre(sums);
    ++iteration;
}

void TsneOptimiser::centre(const std::vector<std::array<float, 16>>& sums) {
    std::array<double, 4> mean{};
    for (const auto& sum : sums) {
        for (std::size_t l = 0; l < 16; ++l) mean[l % stride] += static_cast<double>(sum[l]);
    }
    std::array<float, 16> pattern{};
    for (std::size_t l = 0; l < 16; ++l)
        pattern[l] = static_cast<float>(mean[l % stride] / static_cast<double>(n));
    parallel_for(pool, n, 16 * chunk_rows, [&](std::size_t begin, std::size_t end) {
        std::array<float, 16> lows{};
        std::array<float, 16> highs{};
        centre_points(points.data() + begin * stride,
                      pattern.data(),
                      padded((end - begin) * stride),
                      lows.data(),
                      highs.data());
    });
    std::fill(points.begin() + static_cast<std::ptrdiff_t>(n * stride), points.end(), 0.0F);
}

double TsneOptimiser::divergence() {
    if (graph.n_edges() == 0) return 0;
    const double z = std::max(repel(), 1e-30);
    AlignedVector<float> rows(points.size());
    for (std::size_t i = 0; i < n; ++i)
        std::copy_n(
            points.data() + i * stride, stride, rows.data() + std::size_t{order[i]} * stride);
    std::vector<double> parts(n_chunks(n, chunk_rows));
    parallel_for(pool, n, chunk_rows, [&](std::size_t begin, std::size_t end) {
        parts[begin / chunk_rows] =
            edge_divergence(graph.strong(), {points.data(), stride}, begin, end) +
            edge_divergence(graph.weak(), {rows.data(), stride}, begin, end);
    });
    double sum = 0;
    for (const double part : parts) sum += part;
    return sum + std::log(z);
}

void TsneOptimiser::write_layout() {
    for (std::size_t i = 0; i < n; ++i)
        std::copy_n(points.data() + i * stride, n_dims, layout.row(order[i]));
}

}  // namespace oort
