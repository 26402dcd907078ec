// SPDX-License-Identifier: Apache-2.0
#include "numeric/umap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "numeric/random.h"
#include "numeric/tsne.h"

namespace oort {
namespace {

/// The k nearest rows of `points` to each of `queries`; with the same matrix twice, not itself.
Neighbors nearest(MatrixView queries, MatrixView points, std::size_t k) {
    const bool is_same = queries.data == points.data;
    Neighbors found;
    found.n_rows = queries.n_rows;
    found.n_neighbors = std::min(k, points.n_rows - (is_same ? 1 : 0));
    std::vector<std::pair<float, std::uint32_t>> others;
    for (std::size_t i = 0; i < queries.n_rows; ++i) {
        others.clear();
        for (std::uint32_t o = 0; o < points.n_rows; ++o) {
            float square = 0;
            for (std::size_t j = 0; j < points.n_columns; ++j) {
                const float apart = queries.row(i)[j] - points.row(o)[j];
                square += apart * apart;
            }
            if (!is_same || o != i) others.emplace_back(square, o);
        }
        const auto end = others.begin() + static_cast<std::ptrdiff_t>(found.n_neighbors);
        std::partial_sort(others.begin(), end, others.end());
        for (auto other = others.begin(); other != end; ++other) {
            found.indices.push_back(other->second);
            found.distances.push_back(std::sqrt(other->first));
        }
    }
    return found;
}

/// n x d: row i is near centre i % n_clusters, and the centres are `apart` from each other.
Matrix clusters(std::size_t n, std::size_t n_clusters, double apart, std::uint64_t seed = 3) {
    constexpr std::size_t d = 8;
    Random random(seed);
    Matrix centres(n_clusters, d);
    for (std::size_t c = 0; c < n_clusters; ++c) {
        for (std::size_t j = 0; j < d; ++j)
            centres.row(c)[j] = static_cast<float>(apart * random.normal());
    }
    Matrix points(n, d);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < d; ++j)
            points.row(i)[j] = centres.row(i % n_clusters)[j] + static_cast<float>(random.normal());
    }
    return points;
}

struct Trial {
    Matrix points;
    Neighbors neighbors;
    UmapOptions options;
    int n_components = 2;
    std::vector<std::uint32_t> labels;

    Trial(Matrix rows, UmapOptions o, int dims = 2)
        : points(std::move(rows)), options(o), n_components(dims) {
        neighbors = nearest(
            points.view(), points.view(), static_cast<std::size_t>(options.n_neighbors) - 1);
    }

    Umap start(ThreadPool& pool) const {
        return Umap(neighbors, points.view(), n_components, options, pool, labels);
    }
};

std::vector<float> values(MatrixView matrix) {
    return {matrix.data, matrix.data + matrix.n_rows * matrix.n_columns};
}

std::vector<float> run(const Trial& trial, int n_threads = 2) {
    ThreadPool pool(n_threads);
    Umap umap = trial.start(pool);
    umap.step(umap.n_epochs());
    EXPECT_TRUE(umap.is_done());
    EXPECT_EQ(umap.layout().n_columns, static_cast<std::size_t>(trial.n_components));
    return values(umap.layout());
}

bool is_finite(const std::vector<float>& layout) {
    return std::all_of(layout.begin(), layout.end(), [](float v) { return std::isfinite(v); });
}

float extent(const std::vector<float>& layout) {
    const auto [low, high] = std::minmax_element(layout.begin(), layout.end());
    return *high - *low;
}

/// Share of the 10 nearest rows in the layout that have the row's own label, i % n_labels.
double label_hit(const std::vector<float>& layout, std::size_t dims, std::size_t n_labels) {
    const MatrixView view{layout.data(), layout.size() / dims, dims};
    const Neighbors near = nearest(view, view, 10);
    double n_hits = 0;
    for (std::size_t e = 0; e < near.indices.size(); ++e)
        n_hits += near.indices[e] % n_labels == (e / 10) % n_labels ? 1 : 0;
    return n_hits / static_cast<double>(near.indices.size());
}

template <class Call>
ErrorCode code_of(const Call& call) {
    try {
        call();
    } catch (const Error& error) {
        return error.code();
    }
    ADD_FAILURE() << "nothing was thrown";
    return ErrorCode::internal;
}

TEST(Umap, KeepsClustersApartAndNeighborsTogether) {
    for (const int dims : {2, 3}) {
        const Trial trial(clusters(1200, 6, 4), {.n_epochs = 150}, dims);
        const std::vector<float> layout = run(trial);
        ASSERT_TRUE(is_finite(layout));
        EXPECT_GT(label_hit(layout, static_cast<std::size_t>(dims), 6), 0.99);
        EXPECT_GT(extent(layout), 5.0F);
        EXPECT_LT(extent(layout), 60.0F) << "parts without an edge between them fly apart";
    }
}

TEST(Umap, GivesEveryClusterRoomWhateverItsNumber) {
    // Forty clusters without an edge between them: the mean distance to the fifth neighbour must
    // not shrink to nothing.
    const Trial trial(clusters(2000, 40, 20), {.n_epochs = 150});
    const std::vector<float> layout = run(trial);
    const MatrixView view{layout.data(), 2000, 2};
    const Neighbors near = nearest(view, view, 5);
    double sum = 0;
    for (std::size_t i = 0; i < 2000; ++i) sum += static_cast<double>(near.distances[i * 5 + 4]);
    EXPECT_GT(sum / 2000, 0.02);
    EXPECT_LT(extent(layout), 100.0F);
    EXPECT_GT(label_hit(layout, 2, 40), 0.99);
}

TEST(Umap, PartAndRestAreTheWhole) {
    const Trial trial(clusters(500, 3, 3), {.n_epochs = 12});
    const std::vector<float> whole = run(trial);
    ThreadPool pool(2);
    Umap umap = trial.start(pool);
    umap.step(0);
    EXPECT_EQ(umap.epoch(), 0);
    umap.step(3);
    EXPECT_EQ(umap.epoch(), 3);
    umap.layout();
    for (int i = 0; i < 5; ++i) umap.step(1);
    EXPECT_FALSE(umap.is_done());
    umap.step(100);
    EXPECT_EQ(umap.epoch(), 12);
    EXPECT_EQ(values(umap.layout()), whole);
}

TEST(Umap, ThreadsDoNotChangeTheResult) {
    for (const int dims : {2, 3}) {
        const Trial trial(clusters(3000, 3, 3), {.n_epochs = 8}, dims);
        const std::vector<float> one = run(trial, 1);
        EXPECT_EQ(run(trial, 2), one);
        EXPECT_EQ(run(trial, 8), one);
    }
}

TEST(Umap, TheSeedDecides) {
    Trial trial(clusters(300, 3, 3), {.n_epochs = 10, .seed = 5});
    const std::vector<float> first = run(trial);
    EXPECT_EQ(run(trial), first);
    trial.options.seed = 6;
    EXPECT_NE(run(trial), first);
}

TEST(Umap, GoesOnFromACheckpointBitForBit) {
    for (const int dims : {2, 3}) {
        const Trial trial(clusters(700, 3, 3), {.n_epochs = 20}, dims);
        ThreadPool pool(2);
        Umap umap = trial.start(pool);
        umap.step(7);
        const std::vector<std::byte> checkpoint = umap.checkpoint();
        const std::vector<float> then = values(umap.layout());
        Umap other = trial.start(pool);
        other.step(2);
        other.restore(checkpoint);
        EXPECT_EQ(other.epoch(), 7);
        EXPECT_EQ(values(other.layout()), then);
        other.step(20);
        EXPECT_EQ(values(other.layout()), run(trial));
    }
}

TEST(Umap, RefusesADamagedCheckpointAndKeepsItsOwn) {
    const Trial trial(clusters(40, 2, 3), {.n_epochs = 20});
    ThreadPool pool(1);
    Umap umap = trial.start(pool);
    umap.step(5);
    const std::vector<float> layout = values(umap.layout());
    const std::vector<std::byte> good = umap.checkpoint();
    std::vector<std::vector<std::byte>> bad(3, good);
    bad[0].pop_back();
    bad[1].push_back(std::byte{0});
    bad[2].clear();
    for (std::size_t at = 0; at < good.size(); at += at < 40 ? 1 : 7) {
        bad.push_back(good);
        bad.back()[at] ^= std::byte{0x10};
    }
    const Trial larger(clusters(60, 2, 3), {.n_epochs = 20});
    bad.push_back(larger.start(pool).checkpoint());
    const Trial longer(clusters(40, 2, 3), {.n_epochs = 21});
    bad.push_back(longer.start(pool).checkpoint());
    for (std::size_t i = 0; i < bad.size(); ++i)
        EXPECT_EQ(code_of([&] { umap.restore(bad[i]); }), ErrorCode::corrupt) << i;
    EXPECT_EQ(umap.epoch(), 5);
    EXPECT_EQ(values(umap.layout()), layout);
}

TEST(Umap, LaysOutAHandfulOfPoints) {
    for (const int dims : {2, 3}) {
        for (const std::size_t n : {1U, 2U, 3U, 4U, 16U, 17U}) {
            const Trial trial(clusters(n, 2, 3), {}, dims);
            const std::vector<float> layout = run(trial);
            ASSERT_EQ(layout.size(), n * static_cast<std::size_t>(dims));
            EXPECT_TRUE(is_finite(layout)) << n;
            EXPECT_LT(extent(layout), 60.0F) << n;
        }
    }
}

TEST(Umap, SaysThatNeighborsWereCut) {
    ThreadPool pool(1);
    const Trial few(clusters(5, 2, 3), {.n_neighbors = 15});
    const Umap umap = few.start(pool);
    ASSERT_EQ(umap.notes().size(), 1U);
    EXPECT_EQ(umap.notes()[0], "n_neighbors 15 was cut to 5: there are no more rows");
    const Trial enough(clusters(15, 2, 3), {.n_neighbors = 15});
    EXPECT_TRUE(enough.start(pool).notes().empty());
}

TEST(Umap, MakesASmallBlobOfEqualRows) {
    const Trial trial(Matrix(600, 4), {.n_epochs = 100});
    const std::vector<float> layout = run(trial);
    EXPECT_TRUE(is_finite(layout));
    EXPECT_LT(extent(layout), 30.0F);
    EXPECT_GT(extent(layout), 0.001F);
}

TEST(Umap, TakesDuplicatesByTheThousand) {
    Matrix points = clusters(3000, 3, 5);
    for (std::size_t i = 0; i < 3000; ++i) std::copy_n(points.row(i % 3), 8, points.row(i));
    const Trial trial(std::move(points), {.n_epochs = 100});
    const std::vector<float> layout = run(trial);
    EXPECT_TRUE(is_finite(layout));
    EXPECT_LT(extent(layout), 100.0F);
    EXPECT_GT(label_hit(layout, 2, 3), 0.99);
}

TEST(Umap, SpreadIsTheUnitOfTheLayout) {
    Trial trial(clusters(300, 3, 3), {.min_dist = 0.125, .spread = 1, .n_epochs = 20});
    std::vector<float> expected = run(trial);
    for (float& value : expected) value *= 2;
    trial.options.min_dist = 0.25;
    trial.options.spread = 2;
    EXPECT_EQ(run(trial), expected);
}

TEST(Umap, LabelsPullRowsOfOneKindTogether) {
    // Two labels at random over one cluster: nothing but the labels can separate them.
    Trial trial(clusters(600, 1, 0), {.n_epochs = 150});
    const std::vector<float> without = run(trial);
    EXPECT_LT(label_hit(without, 2, 2), 0.6);
    for (std::uint32_t i = 0; i < 600; ++i) trial.labels.push_back(i % 2);
    trial.options.label_weight = 0;
    EXPECT_EQ(run(trial), without);
    trial.options.label_weight = 0.9;
    EXPECT_GT(label_hit(run(trial), 2, 2), 0.9);
    trial.options.label_weight = 1;
    EXPECT_TRUE(is_finite(run(trial)));
    trial.labels.assign(600, missing_label);
    EXPECT_LT(label_hit(run(trial), 2, 2), 0.6);
}

TEST(Umap, RefusesWhatItCannotUse) {
    ThreadPool pool(1);
    const Trial good(clusters(20, 2, 3), {});
    const auto refuses = [&](Trial trial) {
        return code_of([&] { trial.start(pool); }) == ErrorCode::invalid_argument;
    };
    Trial trial = good;
    trial.options.min_dist = 1.5;
    EXPECT_TRUE(refuses(trial)) << "min_dist above spread";
    trial = good;
    trial.n_components = 4;
    EXPECT_TRUE(refuses(trial));
    trial = good;
    trial.labels = {1, 2, 3};
    EXPECT_TRUE(refuses(trial));
    trial = good;
    trial.points = Matrix(19, 8);
    EXPECT_TRUE(refuses(trial));
    EXPECT_EQ(code_of([&] { Umap({}, {}, 2, {}, pool); }), ErrorCode::invalid_argument);
}

TEST(Umap, StopsWhenAsked) {
    ThreadPool pool(2);
    const Trial trial(clusters(200, 2, 3), {});
    std::stop_source source;
    source.request_stop();
    EXPECT_EQ(code_of([&] {
                  Umap(trial.neighbors,
                       trial.points.view(),
                       2,
                       trial.options,
                       pool,
                       {},
                       source.get_token());
              }),
              ErrorCode::cancelled);
}

struct Placing {
    Trial trial{clusters(900, 3, 4), {.n_epochs = 150}};
    std::vector<float> layout = run(trial);
    Matrix queries = clusters(930, 3, 4);

    MatrixView layout_view() const { return {layout.data(), 900, 2}; }

    /// The last 30 rows of the same clusters' points, or some of them.
    Matrix place(std::size_t first, std::size_t count, int n_threads = 2) const {
        ThreadPool pool(n_threads);
        const MatrixView rows{queries.row(900 + first), count, 8};
        return umap_place(
            nearest(rows, trial.points.view(), 15), layout_view(), trial.options, pool);
    }
};

TEST(UmapPlace, PutsNewRowsAmongTheirNeighbors) {
    const Placing placing;
    const Matrix places = placing.place(0, 30);
    const Neighbors near = nearest(places.view(), placing.layout_view(), 10);
    double n_hits = 0;
    for (std::size_t e = 0; e < near.indices.size(); ++e)
        n_hits += near.indices[e] % 3 == (e / 10) % 3 ? 1 : 0;
    EXPECT_GT(n_hits / 300, 0.95);
}

TEST(UmapPlace, PutsARowOfTheLayoutWhereItIs) {
    const Placing placing;
    ThreadPool pool(2);
    const MatrixView rows = placing.trial.points.view();
    const Neighbors same =
        nearest(MatrixView{rows.data, 50, rows.n_columns}, Matrix(placing.trial.points).view(), 15);
    const Matrix places = umap_place(same, placing.layout_view(), placing.trial.options, pool);
    for (std::size_t i = 0; i < 100; ++i)
        EXPECT_NEAR(places.row(0)[i], placing.layout[i], 1e-5) << i;
    // A row that is all but one of the layout's lands near it.
    Matrix moved = placing.trial.points;
    for (std::size_t i = 0; i < 900; ++i) moved.row(i)[0] += 1e-3F;
    const Matrix near = umap_place(
        nearest(moved.view(), rows, 15), placing.layout_view(), placing.trial.options, pool);
    std::vector<double> apart;
    for (std::size_t i = 0; i < 900; ++i) {
        apart.push_back(std::hypot(near.row(i)[0] - placing.layout[2 * i],
                                   near.row(i)[1] - placing.layout[2 * i + 1]));
    }
    std::nth_element(apart.begin(), apart.begin() + 450, apart.end());
    EXPECT_LT(apart[450], 0.5) << "median";
}

TEST(UmapPlace, DoesNotDependOnTheBatchOrTheThreads) {
    const Placing placing;
    const Matrix all = placing.place(0, 30);
    EXPECT_EQ(values(placing.place(0, 30, 1).view()), values(all.view()));
    for (const std::size_t i : {0U, 13U, 29U}) {
        const Matrix alone = placing.place(i, 1);
        EXPECT_EQ(std::memcmp(alone.row(0), all.row(i), 2 * sizeof(float)), 0) << i;
    }
    EXPECT_EQ(placing.place(0, 0).n_rows(), 0U);
}

TEST(UmapPlace, TakesALayoutOfOnePoint) {
    ThreadPool pool(1);
    const Matrix point = clusters(1, 1, 0);
    const Matrix query = clusters(1, 1, 0, 8);
    const Matrix layout(1, 3);
    const Matrix place =
        umap_place(nearest(query.view(), point.view(), 15), layout.view(), {}, pool);
    ASSERT_EQ(place.n_columns(), 3U);
    EXPECT_TRUE(is_finite(values(place.view())));
    EXPECT_EQ(code_of([&] { umap_place({}, Matrix(5, 4).view(), {}, pool); }),
              ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace oort
