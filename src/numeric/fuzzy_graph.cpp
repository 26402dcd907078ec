// SPDX-License-Identifier: Apache-2.0
#include "numeric/fuzzy_graph.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/check.h"
#include "numeric/simd/smooth_kernel.h"
#include "numeric/tsne.h"

namespace oort {

namespace {

constexpr std::size_t rows_per_chunk = 1024;
constexpr float least_share_of_mean = 1e-3F;  // as umap-learn's MIN_K_DIST_SCALE

double mean_distance(const Neighbors& neighbors, std::size_t k, ThreadPool& pool) {
    const std::size_t n = neighbors.n_rows;
    std::vector<double> sums(n_chunks(n, rows_per_chunk));
    parallel_for(pool, n, rows_per_chunk, [&](std::size_t begin, std::size_t end) {
        double sum = 0;
        for (std::size_t i = begin; i < end; ++i) {
            const float* row = neighbors.distances.data() + i * neighbors.n_neighbors;
            for (std::size_t j = 0; j < k; ++j) sum += static_cast<double>(row[j]);
        }
        sums[begin / rows_per_chunk] = sum;
    });
    double total = 0;
    for (const double sum : sums) total += sum;
    return total / static_cast<double>(n * (k + 1));
}

/// What sixteen rows hand to the kernel and get back.
struct Group {
    std::vector<float> excess;       // k x 16
    std::vector<float> memberships;  // k x 16
    alignas(64) std::array<float, smooth_rows_at_once> floors{};
    alignas(64) std::array<float, smooth_rows_at_once> guesses{};
    alignas(64) std::array<float, smooth_rows_at_once> sigmas{};
};

float nearest_apart(const float* distances, std::size_t k, LocalConnectivity connectivity) {
    // Distances below zero are dot products': there the nearest neighbour is the origin.
    if (distances[0] < 0) return distances[0];
    if (connectivity == LocalConnectivity::none) return 0;
    for (std::size_t j = 0; j < k; ++j) {
        if (distances[j] > 0) return distances[j];
    }
    return 0;
}

/// Writes lane r of the group from one row; returns its rho.
float load_row(const float* distances,
               std::size_t k,
               LocalConnectivity connectivity,
               double mean_of_all,
               std::size_t r,
               Group& group) {
    const float rho = nearest_apart(distances, k, connectivity);
    double sum = 0;
    double sum_of_excess = 0;
    for (std::size_t j = 0; j < k; ++j) {
        const float excess = distances[j] - rho;
        group.excess[j * smooth_rows_at_once + r] = excess;
        sum += static_cast<double>(rho < 0 ? excess : distances[j]);
        sum_of_excess += static_cast<double>(std::max(excess, 0.0F));
    }
    // The point itself, at distance 0, counts in the mean as it does in umap-learn.
    const double mean = rho == 0 && connectivity == LocalConnectivity::one
                            ? mean_of_all
                            : sum / static_cast<double>(k + 1);
    group.floors[r] = least_share_of_mean * static_cast<float>(std::max(mean, 0.0));
    const double guess = sum_of_excess / static_cast<double>(k);
    group.guesses[r] = guess > 1e-30 ? static_cast<float>(guess) : 1.0F;
    return rho;
}

void smooth_group(const Neighbors& neighbors,
                  std::size_t first,
                  std::size_t count,
                  float target,
                  LocalConnectivity connectivity,
                  double mean_of_all,
                  Group& group,
                  Memberships& out) {
    const std::size_t k = out.n_neighbors;
    for (std::size_t r = 0; r < smooth_rows_at_once; ++r) {
        const std::size_t i = first + std::min(r, count - 1);
        const float* row = neighbors.distances.data() + i * neighbors.n_neighbors;
        out.rho[i] = load_row(row, k, connectivity, mean_of_all, r, group);
    }
    smooth_rows({group.excess.data(), k, target, group.floors.data(), group.guesses.data()},
                group.sigmas.data(),
                group.memberships.data());
    for (std::size_t r = 0; r < count; ++r) {
        out.sigma[first + r] = group.sigmas[r];
        float* weights = out.weights.data() + (first + r) * k;
        for (std::size_t j = 0; j < k; ++j) {
            weights[j] = group.memberships[j * smooth_rows_at_once + r];
        }
    }
}

}  // namespace

Memberships memberships_of(const Neighbors& neighbors,
                           std::size_t n_neighbors,
                           double target_neighbors,
                           LocalConnectivity connectivity,
                           ThreadPool& pool,
                           std::stop_token stop) {
    const std::size_t n = neighbors.n_rows;
    const std::size_t k = std::min(n_neighbors, neighbors.n_neighbors);
    Memberships out;
    out.n_neighbors = k;
    out.rho.resize(n);
    out.sigma.resize(n);
    out.weights.resize(n * k);
    if (n == 0 || k == 0) return out;
    const double mean_of_all = mean_distance(neighbors, k, pool);
    const float target = static_cast<float>(std::log2(target_neighbors));
    parallel_for(
        pool,
        n,
        rows_per_chunk,
        [&](std::size_t begin, std::size_t end) {
            Group group;
            group.excess.resize(k * smooth_rows_at_once);
            group.memberships.resize(k * smooth_rows_at_once);
            for (std::size_t i = begin; i < end; i += smooth_rows_at_once) {
                const std::size_t count = std::min(smooth_rows_at_once, end - i);
                smooth_group(neighbors, i, count, target, connectivity, mean_of_all, group, out);
            }
        },
        stop);
    return out;
}

namespace {

/// A row's view of a neighbour, on its way to that neighbour.
struct View {
    std::uint32_t target;
    std::uint32_t source;
    float weight;
};

constexpr std::size_t n_buckets = 256;

/// All views sorted into ranges of targets, in order of their sources within each. What is sorted
/// where depends on n and k alone.
struct SortedViews {
    std::vector<View> views;
    std::vector<std::uint64_t> bucket_begins;  // n_buckets + 1
    std::size_t rows_per_bucket = 1;
};

SortedViews sort_by_target(const Neighbors& neighbors,
                           const Memberships& memberships,
                           ThreadPool& pool,
                           const std::stop_token& stop) {
    const std::size_t n = neighbors.n_rows;
    const std::size_t k = memberships.n_neighbors;
    SortedViews sorted;
    sorted.rows_per_bucket = std::max<std::size_t>(1, (n + n_buckets - 1) / n_buckets);
    const std::size_t grain = std::max<std::size_t>(1024, n / 64 + 1);
    const std::size_t chunks = n_chunks(n, grain);
    std::vector<std::array<std::uint64_t, n_buckets>> places(chunks);
    const auto for_each_view = [&](std::size_t begin, std::size_t end, const auto& body) {
        for (std::size_t i = begin; i < end; ++i) {
            for (std::size_t j = 0; j < k; ++j) {
                const std::uint32_t target = neighbors.indices[i * neighbors.n_neighbors + j];
                body(target / sorted.rows_per_bucket, i, target, i * k + j);
            }
        }
    };
    parallel_for(
        pool,
        n,
        grain,
        [&](std::size_t begin, std::size_t end) {
            auto& counts = places[begin / grain];
            counts.fill(0);
            for_each_view(begin, end, [&](std::size_t bucket, auto...) { ++counts[bucket]; });
        },
        stop);
    sorted.bucket_begins.resize(n_buckets + 1);
    std::uint64_t place = 0;
    for (std::size_t bucket = 0; bucket < n_buckets; ++bucket) {
        sorted.bucket_begins[bucket] = place;
        for (auto& counts : places) place += std::exchange(counts[bucket], place);
    }
    sorted.bucket_begins[n_buckets] = place;
    sorted.views.resize(place);
    parallel_for(
        pool,
        n,
        grain,
        [&](std::size_t begin, std::size_t end) {
            auto& next = places[begin / grain];
            for_each_view(
                begin,
                end,
                [&](std::size_t bucket, std::size_t i, std::uint32_t target, std::size_t at) {
                    sorted.views[next[bucket]++] = {
                        target, static_cast<std::uint32_t>(i), memberships.weights[at]};
                });
        },
        stop);
    return sorted;
}

/// The edges of a range of rows.
struct Part {
    std::vector<std::uint32_t> degrees;
    std::vector<std::uint32_t> targets;
    std::vector<float> weights;
};

/// Row `row`'s own views, united with those that others have of it; then those of others it does
/// not see itself.
void unite_row(const Neighbors& neighbors,
               const Memberships& memberships,
               std::size_t row,
               std::span<const View> views_of_row,
               Part& part) {
    const std::size_t k = memberships.n_neighbors;
    const std::uint32_t* own = neighbors.indices.data() + row * neighbors.n_neighbors;
    const float* own_weights = memberships.weights.data() + row * k;
    const std::size_t first = part.targets.size();
    part.targets.insert(part.targets.end(), own, own + k);
    part.weights.insert(part.weights.end(), own_weights, own_weights + k);
    for (const View& view : views_of_row) {
        const std::uint32_t* found = std::find(own, own + k, view.source);
        if (found == own + k) {
            part.targets.push_back(view.source);
            part.weights.push_back(view.weight);
        } else {
            float& weight = part.weights[first + static_cast<std::size_t>(found - own)];
            weight = (weight + view.weight) - weight * view.weight;
        }
    }
    part.degrees.push_back(static_cast<std::uint32_t>(part.targets.size() - first));
}

Part unite_bucket(const Neighbors& neighbors,
                  const Memberships& memberships,
                  const SortedViews& sorted,
                  std::size_t bucket) {
    const std::size_t begin = std::min(neighbors.n_rows, bucket * sorted.rows_per_bucket);
    const std::size_t end = std::min(neighbors.n_rows, begin + sorted.rows_per_bucket);
    const View* views = sorted.views.data() + sorted.bucket_begins[bucket];
    const std::size_t n_views = sorted.bucket_begins[bucket + 1] - sorted.bucket_begins[bucket];
    std::vector<std::size_t> begins(end - begin + 1);
    for (std::size_t v = 0; v < n_views; ++v) ++begins[views[v].target - begin + 1];
    for (std::size_t r = 1; r < begins.size(); ++r) begins[r] += begins[r - 1];
    std::vector<View> by_row(n_views);
    std::vector<std::size_t> next(begins.begin(), begins.end() - 1);
    for (std::size_t v = 0; v < n_views; ++v) by_row[next[views[v].target - begin]++] = views[v];
    Part part;
    part.degrees.reserve(end - begin);
    part.targets.reserve(n_views + (end - begin) * memberships.n_neighbors);
    part.weights.reserve(part.targets.capacity());
    for (std::size_t i = begin; i < end; ++i) {
        const std::size_t r = i - begin;
        unite_row(neighbors,
                  memberships,
                  i,
                  {by_row.data() + begins[r], begins[r + 1] - begins[r]},
                  part);
    }
    return part;
}

/// Puts parts, each of the rows that follow those of the part before, into one graph.
FuzzyGraph join(const std::vector<Part>& parts, std::size_t n, ThreadPool& pool) {
    FuzzyGraph graph;
    graph.begins.reserve(n + 1);
    graph.begins.push_back(0);
    std::vector<std::uint64_t> places;
    for (const Part& part : parts) {
        places.push_back(graph.begins.back());
        for (const std::uint32_t degree : part.degrees)
            graph.begins.push_back(graph.begins.back() + degree);
    }
    CHECK(graph.begins.size() == n + 1);
    graph.targets.resize(graph.begins.back());
    graph.weights.resize(graph.begins.back());
    pool.run_tasks(parts.size(), [&](std::size_t p) {
        const auto at = static_cast<std::ptrdiff_t>(places[p]);
        std::copy(parts[p].targets.begin(), parts[p].targets.end(), graph.targets.begin() + at);
        std::copy(parts[p].weights.begin(), parts[p].weights.end(), graph.weights.begin() + at);
    });
    return graph;
}

}  // namespace

FuzzyGraph unite(const Neighbors& neighbors,
                 const Memberships& memberships,
                 ThreadPool& pool,
                 std::stop_token stop) {
    const SortedViews sorted = sort_by_target(neighbors, memberships, pool, stop);
    std::vector<Part> parts(n_buckets);
    parallel_for(
        pool,
        n_buckets,
        1,
        [&](std::size_t bucket, std::size_t) {
            parts[bucket] = unite_bucket(neighbors, memberships, sorted, bucket);
        },
        stop);
    return join(parts, neighbors.n_rows, pool);
}

FuzzyGraph without_light_edges(const FuzzyGraph& graph, double share, ThreadPool& pool) {
    const std::size_t n = graph.n_rows();
    const std::size_t chunks = n_chunks(n, rows_per_chunk);
    std::vector<float> heaviest_of(chunks);
    parallel_for(pool, n, rows_per_chunk, [&](std::size_t begin, std::size_t end) {
        float heaviest = 0;
        for (std::uint64_t e = graph.begins[begin]; e < graph.begins[end]; ++e)
            heaviest = std::max(heaviest, graph.weights[e]);
        heaviest_of[begin / rows_per_chunk] = heaviest;
    });
    float heaviest = 0;
    for (const float candidate : heaviest_of) heaviest = std::max(heaviest, candidate);
    const float least = static_cast<float>(share) * heaviest;
    std::vector<Part> parts(chunks);
    parallel_for(pool, n, rows_per_chunk, [&](std::size_t begin, std::size_t end) {
        Part& part = parts[begin / rows_per_chunk];
        for (std::size_t i = begin; i < end; ++i) {
            const std::size_t first = part.targets.size();
            for (std::uint64_t e = graph.begins[i]; e < graph.begins[i + 1]; ++e) {
                if (!(graph.weights[e] > 0) || graph.weights[e] < least) continue;
                part.targets.push_back(graph.targets[e]);
                part.weights.push_back(graph.weights[e]);
            }
            part.degrees.push_back(static_cast<std::uint32_t>(part.targets.size() - first));
        }
    });
    return join(parts, n, pool);
}

FuzzyGraph with_labels(FuzzyGraph graph,
                       std::span<const std::uint32_t> labels,
                       double label_weight,
                       ThreadPool& pool) {
    const std::size_t n = graph.n_rows();
    CHECK(labels.size() == n);
    const float unknown = std::exp(-1.0F);
    const float other =
        label_weight < 1 ? static_cast<float>(std::exp(-2.5 / (1 - label_weight))) : 0.0F;
    std::vector<float> scales(n);
    parallel_for(pool, n, rows_per_chunk, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            float heaviest = 0;
            for (std::uint64_t e = graph.begins[i]; e < graph.begins[i + 1]; ++e) {
                const std::uint32_t mine = labels[i];
                const std::uint32_t theirs = labels[graph.targets[e]];
                if (mine == missing_label || theirs == missing_label) {
                    graph.weights[e] *= unknown;
                } else if (mine != theirs) {
                    graph.weights[e] *= other;
                }
                heaviest = std::max(heaviest, graph.weights[e]);
            }
            scales[i] = heaviest > 0 ? 1 / heaviest : 0;
        }
    });
    // Both ends hold the same weight w, so the views to unite are w / (heaviest of each end).
    parallel_for(pool, n, rows_per_chunk, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            for (std::uint64_t e = graph.begins[i]; e < graph.begins[i + 1]; ++e) {
                const float mine = std::min(1.0F, graph.weights[e] * scales[i]);
                const float theirs = std::min(1.0F, graph.weights[e] * scales[graph.targets[e]]);
                graph.weights[e] = (mine + theirs) - mine * theirs;
            }
        }
    });
    return graph;
}

}  // namespace oort
