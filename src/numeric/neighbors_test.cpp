// SPDX-License-Identifier: Apache-2.0
#include "numeric/neighbors.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <cmath>
#include <stop_token>
#include <vector>

#include "base/error.h"
#include "numeric/random.h"

namespace oort {
namespace {

/// n x d around n_groups centres, of few dimensions within a group.
Matrix grouped_points(std::size_t n, std::size_t d, std::size_t n_groups, std::uint64_t seed = 1) {
    Random random(seed);
    constexpr std::size_t n_within = 6;
    Matrix centres(n_groups, d);
    Matrix axes(n_groups * n_within, d);
    for (std::size_t i = 0; i < n_groups * d; ++i)
        centres.row(0)[i] = static_cast<float>(random.normal());
    for (std::size_t i = 0; i < n_groups * n_within * d; ++i)
        axes.row(0)[i] = static_cast<float>(random.normal() / 3);
    Matrix points(n, d);
    for (std::size_t i = 0; i < n; ++i) {
        const std::size_t group = random.below(n_groups);
        float* row = points.row(i);
        std::copy_n(centres.row(group), d, row);
        for (std::size_t a = 0; a < n_within; ++a) {
            const auto weight = static_cast<float>(random.normal());
            const float* axis = axes.row(group * n_within + a);
            for (std::size_t j = 0; j < d; ++j) row[j] += weight * axis[j];
        }
        for (std::size_t j = 0; j < d; ++j) row[j] += static_cast<float>(0.05 * random.normal());
    }
    return points;
}

double distance(const float* a, const float* b, std::size_t d, Metric metric) {
    double square = 0;
    double product = 0;
    double length_a = 0;
    double length_b = 0;
    for (std::size_t j = 0; j < d; ++j) {
        const double x = static_cast<double>(a[j]);
        const double y = static_cast<double>(b[j]);
        square += (x - y) * (x - y);
        product += x * y;
        length_a += x * x;
        length_b += y * y;
    }
    switch (metric) {
        case Metric::euclidean: return std::sqrt(square);
        case Metric::dot: return -product;
        case Metric::cosine: break;
    }
    if (length_a == 0 || length_b == 0) return length_a == length_b ? 0 : 1;
    return 1 - product / std::sqrt(length_a * length_b);
}

/// The k smallest distances of row i to others, in double.
std::vector<double> plain_distances(MatrixView points,
                                    std::size_t i,
                                    std::size_t k,
                                    Metric metric) {
    std::vector<double> all;
    for (std::size_t j = 0; j < points.n_rows; ++j) {
        if (j != i) all.push_back(distance(points.row(i), points.row(j), points.n_columns, metric));
    }
    std::sort(all.begin(), all.end());
    all.resize(k);
    return all;
}

/// Whatever the data: the distances are those of the rows named, rising, ties by index, nobody
/// twice and nobody himself.
void expect_consistent(const Neighbors& graph, MatrixView points, Metric metric) {
    const std::size_t k = graph.n_neighbors;
    ASSERT_EQ(graph.n_rows, points.n_rows);
    ASSERT_EQ(graph.indices.size(), points.n_rows * k);
    ASSERT_EQ(graph.distances.size(), points.n_rows * k);
    for (std::size_t i = 0; i < points.n_rows; ++i) {
        const std::uint32_t* found = &graph.indices[i * k];
        const float* distances = &graph.distances[i * k];
        std::vector<std::uint32_t> sorted(found, found + k);
        std::sort(sorted.begin(), sorted.end());
        ASSERT_EQ(std::adjacent_find(sorted.begin(), sorted.end()), sorted.end()) << i;
        for (std::size_t j = 0; j < k; ++j) {
            ASSERT_LT(found[j], points.n_rows);
            ASSERT_NE(found[j], i);
            const double expected =
                distance(points.row(i), points.row(found[j]), points.n_columns, metric);
            ASSERT_NEAR(distances[j], expected, 1e-6 + 1e-5 * std::abs(expected)) << i << " " << j;
            if (j == 0) continue;
            ASSERT_LE(distances[j - 1], distances[j]);
            if (distances[j - 1] == distances[j]) {
                ASSERT_LT(found[j - 1], found[j]) << i << " " << j;
            }
        }
    }
}

/// The share of rows' nearest k that the graph has, by distance, over every `stride`-th row.
double plain_recall(const Neighbors& graph, MatrixView points, Metric metric, std::size_t stride) {
    const std::size_t k = graph.n_neighbors;
    std::size_t n_found = 0;
    std::size_t n = 0;
    for (std::size_t i = 0; i < points.n_rows; i += stride) {
        const double reach = plain_distances(points, i, k, metric).back();
        for (std::size_t j = 0; j < k; ++j) {
            const double found = static_cast<double>(graph.distances[i * k + j]);
            n_found += found <= reach + 1e-5 * std::abs(reach) ? 1U : 0U;
        }
        n += k;
    }
    return static_cast<double>(n_found) / static_cast<double>(n);
}

Neighbors find(MatrixView points, const NeighborsOptions& options, int n_threads = 2) {
    ThreadPool pool(n_threads);
    return find_neighbors(points, options, pool);
}

void expect_same(const Neighbors& a, const Neighbors& b) {
    EXPECT_EQ(a.indices, b.indices);
    EXPECT_EQ(a.distances, b.distances);
    EXPECT_EQ(a.is_exact, b.is_exact);
    EXPECT_EQ(a.recall, b.recall);
}

TEST(Neighbors, OfFivePointsOnALineByHand) {
    const std::vector<float> line{0, 1, 3, 7, 8};
    const Neighbors graph = find({line.data(), 5, 1}, {.n_neighbors = 2});
    EXPECT_EQ(graph.indices, (std::vector<std::uint32_t>{1, 2, 0, 2, 1, 0, 4, 2, 3, 2}));
    EXPECT_EQ(graph.distances, (std::vector<float>{1, 3, 1, 2, 2, 3, 1, 4, 1, 5}));
    EXPECT_TRUE(graph.is_exact);
    EXPECT_EQ(graph.recall, 1.0);
    EXPECT_EQ(graph.recall_sample, 0U);
    EXPECT_TRUE(graph.notes.empty());
}

TEST(Neighbors, OfEachMetricByHand) {
    // Directions 0, 90 and 0 degrees, and none.
    const std::vector<float> rows{1, 0, 0, 2, 3, 0, 0, 0};
    const MatrixView points{rows.data(), 4, 2};
    const Neighbors cosine = find(points, {.n_neighbors = 3, .metric = Metric::cosine});
    EXPECT_EQ(cosine.indices, (std::vector<std::uint32_t>{2, 1, 3, 0, 2, 3, 0, 1, 3, 0, 1, 2}));
    EXPECT_EQ(cosine.distances, (std::vector<float>{0, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1}));
    const Neighbors dot = find(points, {.n_neighbors = 2, .metric = Metric::dot});
    EXPECT_EQ(dot.indices, (std::vector<std::uint32_t>{2, 1, 0, 2, 0, 1, 0, 1}));
    EXPECT_EQ(dot.distances, (std::vector<float>{-3, 0, 0, 0, -3, 0, 0, 0}));
}

TEST(Neighbors, AreAllTheOthersAtMost) {
    const std::vector<float> line{5, 1, 2};
    const Neighbors alone = find({line.data(), 1, 1}, {.n_neighbors = 15});
    EXPECT_EQ(alone.n_neighbors, 0U);
    EXPECT_TRUE(alone.indices.empty());
    ASSERT_EQ(alone.notes.size(), 1U);
    EXPECT_EQ(alone.notes[0], "n_neighbors cut from 15 to 0: there are no more points");
    const Neighbors pair = find({line.data(), 2, 1}, {.n_neighbors = 15});
    EXPECT_EQ(pair.indices, (std::vector<std::uint32_t>{1, 0}));
    const Neighbors three = find({line.data(), 3, 1}, {.n_neighbors = 15});
    EXPECT_EQ(three.n_neighbors, 2U);
    EXPECT_EQ(three.indices, (std::vector<std::uint32_t>{2, 1, 2, 0, 1, 0}));
    const Neighbors none = find({line.data(), 0, 1}, {.n_neighbors = 15});
    EXPECT_EQ(none.n_rows, 0U);
    EXPECT_TRUE(none.indices.empty());
}

TEST(Neighbors, OptionsOutOfRangeAreRefused) {
    const std::vector<float> line{0, 1};
    EXPECT_THROW(find({line.data(), 2, 1}, {.n_neighbors = 0}), Error);
    EXPECT_THROW(find({line.data(), 2, 1}, {.recall = 0.4}), Error);
    ThreadPool pool(1);
    const MatrixView narrow{line.data(), 2, 1};
    const MatrixView wide{line.data(), 1, 2};
    EXPECT_THROW(find_neighbors_of(wide, narrow, {}, pool), Error);
}

TEST(Neighbors, AreFoundAsOftenAsWasAskedFor) {
    // Wide rows are searched by principal coordinates, narrow ones as they are.
    for (const std::size_t d : {24, 200}) {
        const Matrix points = grouped_points(6000, d, 30);
        for (const Metric metric : {Metric::euclidean, Metric::cosine}) {
            const Neighbors graph = find(points.view(), {.n_neighbors = 10, .metric = metric});
            SCOPED_TRACE(static_cast<int>(metric));
            SCOPED_TRACE(d);
            expect_consistent(graph, points.view(), metric);
            EXPECT_FALSE(graph.is_exact);
            EXPECT_GE(graph.recall, 0.99);
            EXPECT_LE(graph.recall, 1.0);
            EXPECT_EQ(graph.recall_sample, 400U);
            // The sample of 400 and these 90 rows differ by chance.
            EXPECT_GE(plain_recall(graph, points.view(), metric, 100), 0.97);
        }
    }
}

TEST(Neighbors, AreAsFarFromEachOther) {
    const Matrix points = grouped_points(5000, 150, 25);
    constexpr std::size_t k = 6;
    for (const Metric metric : {Metric::euclidean, Metric::cosine, Metric::dot}) {
        const Neighbors graph = find(points.view(), {.n_neighbors = k, .metric = metric});
        std::size_t n_mutual = 0;
        for (std::size_t i = 0; i < 5000; ++i) {
            for (std::size_t j = i * k; j < (i + 1) * k; ++j) {
                const std::uint32_t* back = &graph.indices[graph.indices[j] * k];
                const std::uint32_t* found =
                    std::find(back, back + k, static_cast<std::uint32_t>(i));
                if (found == back + k) continue;
                ASSERT_EQ(graph.distances[j],
                          graph.distances[graph.indices[j] * k + (found - back)]);
                ++n_mutual;
            }
        }
        EXPECT_GT(n_mutual, 500U);
    }
}

TEST(Neighbors, OfLargestProductAreFound) {
    const Matrix points = grouped_points(6000, 24, 30);
    const Neighbors graph = find(points.view(), {.n_neighbors = 5, .metric = Metric::dot});
    expect_consistent(graph, points.view(), Metric::dot);
    EXPECT_GE(plain_recall(graph, points.view(), Metric::dot, 200), 0.97);
}

TEST(Neighbors, MoreRecallCostsMoreAndFindsMore) {
    const Matrix points = grouped_points(6000, 24, 30);
    const Neighbors few = find(points.view(), {.n_neighbors = 10, .recall = 0.6});
    const Neighbors many = find(points.view(), {.n_neighbors = 10, .recall = 0.995});
    const Neighbors all = find(points.view(), {.n_neighbors = 10, .recall = 1});
    EXPECT_TRUE(all.is_exact);
    EXPECT_EQ(all.recall_sample, 0U);
    const double recall_few = plain_recall(few, points.view(), Metric::euclidean, 100);
    const double recall_many = plain_recall(many, points.view(), Metric::euclidean, 100);
    EXPECT_LT(recall_few, recall_many);
    EXPECT_GE(recall_few, 0.55);
    EXPECT_EQ(plain_recall(all, points.view(), Metric::euclidean, 100), 1.0);
}

TEST(Neighbors, FilteredAreTheSameAsOfEveryPair) {
    // The exact search by filtering (of many rows), against every pair.
    const Matrix points = grouped_points(5000, 200, 12);
    ThreadPool pool(2);
    for (const Metric metric : {Metric::euclidean, Metric::cosine}) {
        const NeighborsOptions options{.n_neighbors = 12, .metric = metric, .recall = 1};
        const Neighbors graph = find_neighbors(points.view(), options, pool);
        expect_consistent(graph, points.view(), metric);
        for (std::size_t i = 0; i < 5000; i += 250) {
            const MatrixView query{points.row(i), 1, 200};
            // The row itself is its own nearest here.
            const Neighbors of_one = find_neighbors_of(
                query, points.view(), {.n_neighbors = 13, .metric = metric}, pool);
            ASSERT_EQ(of_one.indices[0], i);
            for (std::size_t j = 0; j < 12; ++j) {
                ASSERT_EQ(graph.indices[i * 12 + j], of_one.indices[j + 1]) << i << " " << j;
                ASSERT_EQ(graph.distances[i * 12 + j], of_one.distances[j + 1]);
            }
        }
    }
}

TEST(Neighbors, OfNewRowsDoNotDependOnOneAnother) {
    const Matrix points = grouped_points(6000, 160, 20);
    Matrix queries = grouped_points(700, 160, 20);
    queries.row(3)[0] = 1e6F;  // far beyond everything else
    std::fill_n(queries.row(4), 160, 0.0F);
    ThreadPool pool(2);
    for (const Metric metric : {Metric::euclidean, Metric::cosine, Metric::dot}) {
        const NeighborsOptions options{.n_neighbors = 7, .metric = metric};
        const Neighbors together = find_neighbors_of(queries.view(), points.view(), options, pool);
        EXPECT_TRUE(together.is_exact);
        for (const std::size_t i : {0, 3, 4, 699}) {
            const MatrixView one{queries.row(i), 1, 160};
            const Neighbors alone = find_neighbors_of(one, points.view(), options, pool);
            for (std::size_t j = 0; j < 7; ++j) {
                EXPECT_EQ(together.indices[i * 7 + j], alone.indices[j]);
                EXPECT_EQ(together.distances[i * 7 + j], alone.distances[j]);
            }
        }
    }
}

TEST(Neighbors, HaveTheSameBitsForAnyNumberOfThreads) {
    const Matrix points = grouped_points(5000, 140, 25);
    const NeighborsOptions options{.n_neighbors = 8};
    const Neighbors one = find(points.view(), options, 1);
    EXPECT_FALSE(one.is_exact);
    expect_same(one, find(points.view(), options, 2));
    expect_same(one, find(points.view(), options, 8));
    const Neighbors other_seed = find(points.view(), {.n_neighbors = 8, .seed = 7});
    EXPECT_NE(one.indices, other_seed.indices);
}

TEST(Neighbors, OfBytesHalvesAndFloatsAreTheSame) {
    constexpr std::size_t n = 6000;
    constexpr std::size_t d = 150;
    Random random(3);
    const Matrix groups = grouped_points(n, d, 25);
    std::vector<std::uint8_t> bytes(n * d);
    Matrix floats(n, d);
    std::vector<std::uint16_t> halves(n * d);
    for (std::size_t i = 0; i < n * d; ++i) {
        const double level = 60 + 20 * static_cast<double>(groups.row(0)[i]);
        bytes[i] = static_cast<std::uint8_t>(std::clamp(level, 1.0, 127.0));
        floats.row(0)[i] = static_cast<float>(bytes[i]);
        // A whole number 1..127 as a float16: exponent and 10 bits after the leading one.
        const int exponent = std::ilogb(static_cast<double>(bytes[i]));
        const int fraction = (bytes[i] << (10 - exponent)) & 0x3ff;
        halves[i] = static_cast<std::uint16_t>((exponent + 15) << 10 | fraction);
    }
    ThreadPool pool(2);
    const NeighborsOptions options{.n_neighbors = 9};
    const Neighbors of_floats = find_neighbors(floats.view(), options, pool);
    EXPECT_FALSE(of_floats.is_exact);
    expect_same(of_floats,
                find_neighbors(PointsView(bytes.data(), n, d, ElementType::uint8), options, pool));
    expect_same(
        of_floats,
        find_neighbors(PointsView(halves.data(), n, d, ElementType::float16), options, pool));
}

TEST(Neighbors, MayBeSoughtInCoordinatesThatAreThereAlready) {
    // Rotated by hand: the last 100 columns are zero, so the first 60 are an orthonormal
    // projection.
    const Matrix narrow = grouped_points(6000, 60, 30);
    Matrix points(6000, 160);
    for (std::size_t i = 0; i < 6000; ++i) std::copy_n(narrow.row(i), 60, points.row(i));
    ThreadPool pool(2);
    const Neighbors graph = find_neighbors(points.view(), narrow.view(), {.n_neighbors = 10}, pool);
    expect_consistent(graph, points.view(), Metric::euclidean);
    EXPECT_FALSE(graph.is_exact);
    EXPECT_GE(plain_recall(graph, points.view(), Metric::euclidean, 100), 0.97);
    EXPECT_EQ(search_dimensions(6000, 60), 0U);
    EXPECT_GT(search_dimensions(70000, 784), 0U);
    EXPECT_EQ(search_dimensions(100, 784), 0U);
}

TEST(Neighbors, OfEqualRowsAreAtNoDistance) {
    Matrix points(8000, 30);
    for (std::size_t i = 0; i < 8000; ++i) std::fill_n(points.row(i), 30, 2.5F);
    for (const double recall : {0.99, 1.0}) {
        for (const Metric metric : {Metric::euclidean, Metric::cosine}) {
            const Neighbors graph =
                find(points.view(), {.n_neighbors = 15, .metric = metric, .recall = recall});
            EXPECT_EQ(*std::max_element(graph.distances.begin(), graph.distances.end()), 0.0F);
            EXPECT_EQ(graph.recall, 1.0);
        }
    }
}

TEST(Neighbors, OfThousandsOfDuplicatesAreTheDuplicates) {
    Matrix points = grouped_points(12000, 20, 30);
    for (std::size_t i = 0; i < 5000; ++i) std::copy_n(points.row(0), 20, points.row(2 * i));
    const Neighbors graph = find(points.view(), {.n_neighbors = 10});
    expect_consistent(graph, points.view(), Metric::euclidean);
    EXPECT_GE(graph.recall, 0.99);
    for (std::size_t i = 0; i < 5000; ++i) ASSERT_EQ(graph.distances[2 * i * 10 + 9], 0.0F);
    const Neighbors exact = find(points.view(), {.n_neighbors = 10, .recall = 1});
    for (std::size_t j = 0; j < 10; ++j) EXPECT_EQ(exact.indices[8000 * 10 + j], 2 * j);
}

TEST(Neighbors, OnALineAreTheNextOnes) {
    // Far more points than whole numbers could tell apart.
    Matrix points(70000, 1);
    Random random(5);
    for (std::size_t i = 0; i < 70000; ++i) points.row(i)[0] = static_cast<float>(random.uniform());
    const Neighbors graph = find(points.view(), {.n_neighbors = 4});
    EXPECT_GE(graph.recall, 0.99);
    EXPECT_GE(plain_recall(graph, points.view(), Metric::euclidean, 5000), 0.97);
}

TEST(Neighbors, FarFromTheOriginKeepTheirDigits) {
    Matrix points = grouped_points(6000, 40, 30);
    for (std::size_t i = 0; i < 6000; ++i) {
        for (std::size_t j = 0; j < 40; ++j) points.row(i)[j] += 1000;
        points.row(i)[7] = 3e4F;  // and one column that does not vary
    }
    const Neighbors graph = find(points.view(), {.n_neighbors = 10});
    expect_consistent(graph, points.view(), Metric::euclidean);
    EXPECT_GE(graph.recall, 0.99);
    EXPECT_GE(plain_recall(graph, points.view(), Metric::euclidean, 100), 0.97);
}

TEST(Neighbors, OneRowFarAwayDoesNotHideTheOthers) {
    Matrix points = grouped_points(6000, 40, 30);
    for (std::size_t j = 0; j < 40; ++j) points.row(17)[j] = 1e7F;
    const Neighbors graph = find(points.view(), {.n_neighbors = 10});
    EXPECT_GE(graph.recall, 0.99);
    EXPECT_GE(plain_recall(graph, points.view(), Metric::euclidean, 100), 0.97);
}

TEST(Neighbors, AreTheSameInNarrowerInstructionSets) {
    // Kernels of whole numbers give the same everywhere, and so do rows of small whole numbers.
    const Matrix groups = grouped_points(7000, 32, 30);
    Matrix points(7000, 32);
    for (std::size_t i = 0; i < 7000 * 32; ++i)
        points.row(0)[i] = std::round(20 * groups.row(0)[i]);
    const NeighborsOptions options{.n_neighbors = 8};
    const Neighbors best = find(points.view(), options);
    for (const std::int64_t target : {HWY_AVX2, HWY_SSE4, HWY_SSSE3}) {
        if ((hwy::SupportedTargets() & target) == 0) continue;
        hwy::SetSupportedTargetsForTest(target);
        hwy::GetChosenTarget().Update(hwy::SupportedTargets());
        const Neighbors narrow = find(points.view(), options);
        hwy::SetSupportedTargetsForTest(0);
        hwy::GetChosenTarget().Update(hwy::SupportedTargets());
        EXPECT_FALSE(narrow.is_exact);
        EXPECT_EQ(narrow.distances.size(), best.distances.size());
        EXPECT_GE(plain_recall(narrow, points.view(), Metric::euclidean, 100), 0.97);
        expect_consistent(narrow, points.view(), Metric::euclidean);
    }
}

TEST(Neighbors, StopWhenAsked) {
    const Matrix points = grouped_points(6000, 40, 30);
    std::stop_source source;
    source.request_stop();
    ThreadPool pool(2);
    EXPECT_THROW(find_neighbors(points.view(), NeighborsOptions(), pool, source.get_token()),
                 Error);
}

}  // namespace
}  // namespace oort
