// SPDX-License-Identifier: Apache-2.0
#include "numeric/umap_start.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "numeric/random.h"

namespace oort {

namespace {

constexpr std::size_t rows_per_chunk = 1024;
constexpr std::size_t most_columns = umap_start_columns;
constexpr float largest_deviation = 3;  // standard deviations, beyond which a start is drawn in

struct Walk {
    std::vector<float> values;  // n x width
    std::vector<double> degrees;
    double total_degree = 0;
    std::size_t n = 0;
    std::size_t width = 0;  // floats of a row: as many as the layout's dimensions, or one more
};

template <class Body>
std::array<double, most_columns> sum_over_rows(const Walk& walk,
                                               ThreadPool& pool,
                                               const Body& body) {
    std::vector<std::array<double, most_columns>> sums(n_chunks(walk.n, rows_per_chunk));
    parallel_for(pool, walk.n, rows_per_chunk, [&](std::size_t begin, std::size_t end) {
        std::array<double, most_columns> sum{};
        for (std::size_t i = begin; i < end; ++i) body(i, sum);
        sums[begin / rows_per_chunk] = sum;
    });
    std::array<double, most_columns> total{};
    for (const auto& sum : sums) {
        for (std::size_t c = 0; c < most_columns; ++c) total[c] += sum[c];
    }
    return total;
}

/// next = own * walk + walked * (the mean of the row's neighbours) + before * next.
struct Recurrence {
    float own;
    float walked;
    float before;
};

template <std::size_t width>
void walk_rows(const FuzzyGraph& graph,
               const Recurrence& recurrence,
               const Walk& walk,
               std::size_t begin,
               std::size_t end,
               float* next) {
    for (std::size_t i = begin; i < end; ++i) {
        // Two sums, so that one need not wait for the other.
        std::array<float, width> sum{};
        std::array<float, width> other_sum{};
        std::uint64_t e = graph.begins[i];
        for (; e + 1 < graph.begins[i + 1]; e += 2) {
            const float* first = walk.values.data() + graph.targets[e] * width;
            const float* second = walk.values.data() + graph.targets[e + 1] * width;
            for (std::size_t c = 0; c < width; ++c) {
                sum[c] += graph.weights[e] * first[c];
                other_sum[c] += graph.weights[e + 1] * second[c];
            }
        }
        if (e < graph.begins[i + 1]) {
            const float* last = walk.values.data() + graph.targets[e] * width;
            for (std::size_t c = 0; c < width; ++c) sum[c] += graph.weights[e] * last[c];
        }
        // A row without edges stays with itself.
        const bool is_alone = graph.begins[i] == graph.begins[i + 1];
        const float share =
            is_alone ? 0.0F : recurrence.walked / static_cast<float>(walk.degrees[i]);
        const float kept = is_alone ? recurrence.own + recurrence.walked : recurrence.own;
        const float* own = walk.values.data() + i * width;
        float* out = next + i * width;
        for (std::size_t c = 0; c < width; ++c)
            out[c] = kept * own[c] + share * (sum[c] + other_sum[c]) + recurrence.before * out[c];
    }
}

void walk_once(const FuzzyGraph& graph,
               const Recurrence& recurrence,
               Walk& walk,
               std::vector<float>& next,
               ThreadPool& pool) {
    parallel_for(pool, walk.n, rows_per_chunk, [&](std::size_t begin, std::size_t end) {
        if (walk.width == 2) {
            walk_rows<2>(graph, recurrence, walk, begin, end, next.data());
        } else {
            walk_rows<most_columns>(graph, recurrence, walk, begin, end, next.data());
        }
    });
    walk.values.swap(next);
}

/// Centres every column and makes it orthogonal to those before it, all weighted by degree, with
/// standard deviation 1 where it has any.
void make_orthonormal(Walk& walk, ThreadPool& pool) {
    const std::size_t width = walk.width;
    const auto weight = [&](std::size_t i) { return walk.degrees[i] / walk.total_degree; };
    const auto value = [&](std::size_t i, std::size_t c) -> float& {
        return walk.values[i * width + c];
    };
    const auto mean = sum_over_rows(walk, pool, [&](std::size_t i, auto& sum) {
        for (std::size_t c = 0; c < width; ++c)
            sum[c] += weight(i) * static_cast<double>(value(i, c));
    });
    parallel_for(pool, walk.n, rows_per_chunk, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            for (std::size_t c = 0; c < width; ++c) value(i, c) -= static_cast<float>(mean[c]);
        }
    });
    for (std::size_t c = 0; c < width; ++c) {
        const auto products = sum_over_rows(walk, pool, [&](std::size_t i, auto& sum) {
            for (std::size_t b = 0; b <= c; ++b) {
                sum[b] +=
                    weight(i) * static_cast<double>(value(i, b)) * static_cast<double>(value(i, c));
            }
        });
        double square = products[c];
        for (std::size_t b = 0; b < c; ++b) square -= products[b] * products[b];
        const double scale = square > 1e-12 * products[c] && square > 0 ? 1 / std::sqrt(square) : 0;
        parallel_for(pool, walk.n, rows_per_chunk, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) {
                double rest = static_cast<double>(value(i, c));
                for (std::size_t b = 0; b < c; ++b)
                    rest -= products[b] * static_cast<double>(value(i, b));
                value(i, c) = static_cast<float>(rest * scale);
            }
        });
    }
}

Walk begin_walk(const FuzzyGraph& graph, MatrixView initial, int n_components, ThreadPool& pool) {
    Walk walk;
    walk.width = n_components == 2 ? 2 : most_columns;
    const std::size_t width = walk.width;
    walk.n = graph.n_rows();
    walk.values.resize(walk.n * width);
    walk.degrees.resize(walk.n);
    const std::size_t m = std::min(initial.n_columns, width);
    parallel_for(pool, walk.n, rows_per_chunk, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            for (std::uint64_t e = graph.begins[i]; e < graph.begins[i + 1]; ++e)
                walk.degrees[i] += static_cast<double>(graph.weights[e]);
            for (std::size_t c = 0; c < m; ++c) walk.values[i * width + c] = initial.row(i)[c];
        }
    });
    for (const double degree : walk.degrees) walk.total_degree += degree;
    if (!(walk.total_degree > 0)) {
        std::fill(walk.degrees.begin(), walk.degrees.end(), 1.0);
        walk.total_degree = static_cast<double>(walk.n);
    }
    return walk;
}

}  // namespace

Matrix umap_start(const FuzzyGraph& graph,
                  MatrixView initial,
                  const UmapStartOptions& options,
                  ThreadPool& pool,
                  std::stop_token stop) {
    Walk walk = begin_walk(graph, initial, options.n_components, pool);
    std::vector<float> next(walk.values.size());
    for (int step = 0; step < options.n_walks; ++step) {
        throw_if_stopped(stop);
        walk_once(graph, {0.5F, 0.5F, 0}, walk, next, pool);
    }
    make_orthonormal(walk, pool);
    const std::vector<float> smoothed = walk.values;
    // Chebyshev's polynomial of the walk, with what is to be damped mapped to [-1, 1].
    const float stretch = static_cast<float>(2 / (1 + options.passed));
    const float shift = static_cast<float>((1 - options.passed) / (1 + options.passed));
    for (int step = 0; step < options.degree; ++step) {
        throw_if_stopped(stop);
        const float twice = step == 0 ? 1.0F : 2.0F;
        walk_once(
            graph, {twice * shift, twice * stretch, step == 0 ? 0.0F : -1.0F}, walk, next, pool);
    }
    make_orthonormal(walk, pool);
    const float blend = static_cast<float>(options.blend);
    for (std::size_t at = 0; at < walk.values.size(); ++at) walk.values[at] += blend * smoothed[at];
    const std::size_t dims = static_cast<std::size_t>(options.n_components);
    const float extent = static_cast<float>(options.extent);
    const float noise = static_cast<float>(options.noise);
    Matrix start(walk.n, dims);
    parallel_for(pool, walk.n, rows_per_chunk, [&](std::size_t begin, std::size_t end) {
        Random random(options.seed * 0x9E3779B97F4A7C15ULL + begin);
        for (std::size_t i = begin; i < end; ++i) {
            for (std::size_t c = 0; c < dims; ++c) {
                const float value = walk.values[i * walk.width + c];
                const float drawn_in = std::clamp(value, -largest_deviation, largest_deviation);
                start.row(i)[c] = extent * drawn_in + noise * static_cast<float>(random.normal());
            }
        }
    });
    return start;
}

}  // namespace oort
