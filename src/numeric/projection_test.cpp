// SPDX-License-Identifier: Apache-2.0
#include "numeric/projection.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "base/error.h"
#include "numeric/instruction_set.h"
#include "numeric/random.h"

namespace oort {
namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr Method methods[] = {Method::pca, Method::tsne, Method::umap};

/// Three round groups of points, far apart.
Matrix groups(std::size_t n, std::size_t d, std::uint64_t seed = 3) {
    Random random(seed);
    Matrix points(n, d);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < d; ++j) {
            const double centre = j % 3 == i % 3 ? 8.0 : 0.0;
            points.row(i)[j] = static_cast<float>(centre + random.normal());
        }
    }
    return points;
}

/// Few iterations: laws hold from the first on.
ProjectionRequest quick(Method method, int n_components = 2) {
    ProjectionRequest request;
    request.method = method;
    request.n_components = n_components;
    request.tsne.perplexity = 10;
    request.tsne.early_iterations = 15;
    request.tsne.n_iterations = 40;
    request.umap.n_neighbors = 10;
    request.umap.n_epochs = 40;
    return request;
}

std::vector<float> values_of(MatrixView layout) {
    return {layout.data, layout.data + layout.n_rows * layout.n_columns};
}

struct Run {
    int n_threads = 2;
    int step = 1000;
    std::vector<std::uint32_t> rows = {};
    std::vector<std::uint32_t> labels = {};
};

struct Outcome {
    std::vector<float> layout;
    ProjectionReport report;
};

Outcome run(PointsView points, const ProjectionRequest& request, const Run& how = {}) {
    ThreadPool pool(how.n_threads);
    Projection projection(points, request, pool, how.rows, how.labels);
    while (!projection.is_done()) projection.step(how.step);
    return {values_of(projection.layout()), projection.report()};
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

bool all_finite(const std::vector<float>& values) {
    return std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); });
}

std::string refusal(std::string_view json) {
    try {
        projection_request_from_json(parse_json(json, "request").as_object());
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
        return error.what();
    }
    return "nothing was thrown";
}

bool has_note(const ProjectionReport& report, std::string_view part) {
    return std::any_of(report.notes.begin(), report.notes.end(), [&](const std::string& note) {
        return note.find(part) != std::string::npos;
    });
}

TEST(ProjectionRequest, OneTextForOneRequest) {
    for (const Method method : methods) {
        ProjectionRequest request;
        request.method = method;
        request.n_components = 3;
        request.umap.min_dist = 0.25;
        request.tsne.learning_rate = 100;
        const std::string text = to_text(to_json(request));
        const ProjectionRequest again =
            projection_request_from_json(parse_json(text, "request").as_object());
        EXPECT_EQ(to_text(to_json(again)), text);
        EXPECT_EQ(again.method, method);
        EXPECT_EQ(again.n_components, 3);
    }
    const auto defaults = projection_request_from_json({{"method", "tsne"}});
    EXPECT_EQ(to_text(to_json(defaults)),
              to_text(to_json(projection_request_from_json(
                  {{"options", {{"perplexity", 30}, {"seed", 42}}}, {"method", "tsne"}}))));
}

TEST(ProjectionRequest, WhatIsWrongIsSaid) {
    EXPECT_EQ(refusal(R"({"method": "mds"})"), "method \"mds\" is none of pca, tsne, umap");
    EXPECT_EQ(refusal(R"({"n_components": 4})"), "n_components 4 is out of range: 2..3");
    EXPECT_EQ(refusal(R"({"metod": "umap"})"), "\"metod\" is not an option");
    EXPECT_EQ(refusal(R"({"options": 3})"), "options 3 is no object");
    EXPECT_EQ(refusal(R"({"method": "pca", "options": {"seed": 1}})"), "\"seed\" is not an option");
    EXPECT_EQ(refusal(R"({"method": "tsne", "options": {"perplexity": 400}})"),
              "perplexity 400 is out of range: 2..100");
    EXPECT_EQ(refusal(R"({"options": {"min_dist": 2}})"), "min_dist 2 is larger than spread 1");
}

TEST(Projection, HoweverItIsCutTheResultIsTheSame) {
    const Matrix points = groups(600, 60);  // t-SNE: reduced first, and beyond its exact size
    for (const Method method : methods) {
        for (const int dims : {2, 3}) {
            const auto whole = run(points.view(), quick(method, dims)).layout;
            EXPECT_TRUE(all_finite(whole));
            EXPECT_TRUE(
                same_bits(whole, run(points.view(), quick(method, dims), {.step = 7}).layout))
                << title_of(method) << " " << dims;
        }
    }
}

TEST(Projection, ThreadsDoNotChangeTheResult) {
    const Matrix points = groups(600, 20);
    for (const Method method : methods) {
        const auto one = run(points.view(), quick(method), {.n_threads = 1}).layout;
        for (const int n_threads : {2, 8}) {
            EXPECT_TRUE(
                same_bits(one, run(points.view(), quick(method), {.n_threads = n_threads}).layout))
                << title_of(method) << " " << n_threads;
        }
    }
}

TEST(Projection, AnotherSeedIsAnotherLayout) {
    const Matrix points = groups(200, 10);
    ProjectionRequest request = quick(Method::umap);
    const auto first = run(points.view(), request).layout;
    request.umap.seed = 7;
    EXPECT_FALSE(same_bits(first, run(points.view(), request).layout));
}

TEST(Projection, ACheckpointGoesOnBitForBit) {
    const Matrix points = groups(600, 60);
    for (const Method method : {Method::tsne, Method::umap}) {
        const auto whole = run(points.view(), quick(method)).layout;
        ThreadPool pool(2);
        std::vector<std::byte> checkpoint;
        {
            Projection first(points.view(), quick(method), pool);
            while (first.iteration() < 11) first.step(11);
            checkpoint = first.checkpoint();
        }
        Projection second(points.view(), quick(method), pool);
        second.restore(checkpoint);
        while (second.stage() != Stage::optimise) second.step(1);
        EXPECT_EQ(second.iteration(), 11);
        while (!second.is_done()) second.step(1000);
        EXPECT_TRUE(same_bits(whole, values_of(second.layout()))) << title_of(method);

        Projection third(points.view(), quick(method), pool);
        while (third.stage() != Stage::optimise) third.step(1);
        third.restore(checkpoint);
        EXPECT_EQ(third.iteration(), 11);
        while (!third.is_done()) third.step(1000);
        EXPECT_TRUE(same_bits(whole, values_of(third.layout()))) << title_of(method);
    }
}

TEST(Projection, BytesOfAnotherRequestAreNoCheckpoint) {
    const Matrix points = groups(60, 4);
    ThreadPool pool(1);
    Projection projection(points.view(), quick(Method::umap), pool);
    EXPECT_THROW(projection.checkpoint(), Error);
    while (projection.stage() != Stage::optimise) projection.step(1);
    const std::vector<std::byte> checkpoint = projection.checkpoint();
    ProjectionRequest other = quick(Method::umap);
    other.umap.min_dist = 0.3;
    EXPECT_THROW(Projection(points.view(), other, pool).restore(checkpoint), Error);
    EXPECT_THROW(projection.restore({}), Error);
    std::vector<std::byte> cut(checkpoint.begin(), checkpoint.begin() + 50);
    EXPECT_THROW(projection.restore(cut), Error);
}

TEST(Projection, RowsLeftOutAreNaNAndChangeNothing) {
    const Matrix clean = groups(120, 6);
    Matrix dirty(122, 6);
    for (std::size_t i = 0; i < 122; ++i) {
        const std::size_t from = i < 50 ? i : i < 100 ? i - 1 : i - 2;
        std::copy_n(clean.row(std::min<std::size_t>(from, 119)), 6, dirty.row(i));
    }
    dirty.row(50)[3] = nan;
    dirty.row(100)[0] = std::numeric_limits<float>::infinity();
    for (const Method method : methods) {
        const auto expected = run(clean.view(), quick(method)).layout;
        const Outcome found = run(dirty.view(), quick(method));
        EXPECT_EQ(found.report.n_rows_used, 120u);
        EXPECT_TRUE(has_note(found.report, "2 of 122 rows"));
        std::vector<float> rest;
        for (std::size_t i = 0; i < 122; ++i) {
            const bool is_out = i == 50 || i == 100;
            for (std::size_t c = 0; c < 2; ++c) {
                const float value = found.layout[2 * i + c];
                EXPECT_EQ(std::isnan(value), is_out) << i;
                if (!is_out) rest.push_back(value);
            }
        }
        EXPECT_TRUE(same_bits(expected, rest)) << title_of(method);
    }
}

TEST(Projection, SomeRowsAreProjectedLikePointsOfTheirOwn) {
    const Matrix points = groups(200, 5);
    std::vector<std::uint32_t> rows;
    Matrix taken(67, 5);
    for (std::uint32_t i = 0; i < 200; i += 3) {
        std::copy_n(points.row(i), 5, taken.row(rows.size()));
        rows.push_back(i);
    }
    std::vector<std::uint32_t> labels(200);
    std::vector<std::uint32_t> labels_taken;
    for (std::uint32_t i = 0; i < 200; ++i) labels[i] = i % 4;
    for (const std::uint32_t row : rows) labels_taken.push_back(labels[row]);
    for (const Method method : methods) {
        const auto some = run(points.view(), quick(method), {.rows = rows, .labels = labels});
        const auto own = run(taken.view(), quick(method), {.labels = labels_taken});
        EXPECT_TRUE(same_bits(some.layout, own.layout)) << title_of(method);
    }
}

TEST(Projection, LabelsPullTheirRowsTogether) {
    const Matrix points = groups(90, 5);
    std::vector<std::uint32_t> labels(90);
    for (std::uint32_t i = 0; i < 90; ++i) labels[i] = i % 2;
    for (const Method method : {Method::tsne, Method::umap}) {
        const auto plain = run(points.view(), quick(method));
        const auto pulled = run(points.view(), quick(method), {.labels = labels});
        EXPECT_FALSE(same_bits(plain.layout, pulled.layout)) << title_of(method);
        const std::vector<std::uint32_t> none(90, missing_label);
        const auto unlabelled = run(points.view(), quick(method), {.labels = none});
        EXPECT_TRUE(all_finite(unlabelled.layout)) << title_of(method);
    }
    ThreadPool pool(1);
    labels.pop_back();
    EXPECT_THROW(Projection(points.view(), quick(Method::umap), pool, {}, labels), Error);
}

TEST(Projection, FewPointsEndWell) {
    for (const Method method : methods) {
        for (const int dims : {2, 3}) {
            for (std::size_t n = 1; n <= 6; ++n) {
                const Matrix points = groups(n, 3);
                const Outcome found = run(points.view(), quick(method, dims));
                EXPECT_EQ(found.layout.size(), n * static_cast<std::size_t>(dims));
                EXPECT_TRUE(all_finite(found.layout)) << title_of(method) << " " << n;
            }
        }
    }
}

TEST(Projection, WithoutOneRowToShowThereIsANote) {
    Matrix points(3, 2);
    std::fill_n(points.row(0), 6, nan);
    for (const Method method : methods) {
        const Outcome found = run(points.view(), quick(method));
        ASSERT_EQ(found.layout.size(), 6u);
        for (const float value : found.layout) EXPECT_TRUE(std::isnan(value));
        EXPECT_TRUE(has_note(found.report, "no row is left"));
    }
}

TEST(Projection, OneDimensionIsALineInPcaAndSpreadsOtherwise) {
    Matrix points(80, 1);
    for (std::size_t i = 0; i < 80; ++i) points.row(i)[0] = static_cast<float>(i * i);
    const Outcome line = run(points.view(), quick(Method::pca));
    EXPECT_TRUE(has_note(line.report, "1 dimension"));
    for (std::size_t i = 0; i < 80; ++i) EXPECT_EQ(line.layout[2 * i + 1], 0.0F);
    for (const Method method : {Method::tsne, Method::umap}) {
        const auto spread = run(points.view(), quick(method)).layout;
        EXPECT_TRUE(all_finite(spread));
        float largest = 0;
        for (std::size_t i = 0; i < 80; ++i)
            largest = std::max(largest, std::abs(spread[2 * i + 1] - spread[1]));
        EXPECT_GT(largest, 0.0F) << title_of(method);
    }
}

TEST(Projection, OddPointsEndWell) {
    Matrix equal(70, 4);
    std::fill_n(equal.row(0), 280, 2.5F);
    Matrix twins = groups(90, 4);
    for (std::size_t i = 1; i < 90; ++i) {
        if (i % 10 != 0) std::copy_n(twins.row(0), 4, twins.row(i));
    }
    Matrix constant = groups(70, 4);
    for (std::size_t i = 0; i < 70; ++i) constant.row(i)[2] = 1e6F;
    Matrix large = groups(70, 4);
    Matrix small = groups(70, 4);
    for (std::size_t i = 0; i < 280; ++i) {
        large.row(0)[i] *= 1e37F;
        small.row(0)[i] *= 1e-38F;
    }
    for (const Method method : methods) {
        for (const Matrix* points : {&equal, &twins, &constant, &large, &small}) {
            EXPECT_TRUE(all_finite(run(points->view(), quick(method)).layout)) << title_of(method);
        }
    }
    const auto scaled = run(large.view(), quick(Method::pca)).layout;
    EXPECT_GT(*std::max_element(scaled.begin(), scaled.end()), 1e37F) << "in the points' unit";
}

TEST(Projection, ALayoutIsThereFromThePrincipalCoordinatesOn) {
    const Matrix points = groups(50, 5);
    ThreadPool pool(2);
    Projection projection(points.view(), quick(Method::umap), pool);
    std::vector<Stage> stages;
    while (!projection.is_done()) {
        stages.push_back(projection.stage());
        EXPECT_EQ(projection.has_layout(), stages.size() > 2);
        projection.step(1000);
    }
    EXPECT_EQ(
        stages,
        (std::vector<Stage>{
            Stage::clean, Stage::reduce, Stage::neighbors, Stage::affinities, Stage::optimise}));
    const ProjectionReport report = projection.report();
    EXPECT_EQ(report.seconds.size(), 5u);
    EXPECT_EQ(report.n_iterations, 40);
    EXPECT_EQ(report.recall, 1.0);
    EXPECT_GT(report.peak_memory_bytes, 1'000'000u);
    EXPECT_EQ(report.instruction_set, instruction_set());
    EXPECT_FALSE(report.kl_divergence);
    EXPECT_TRUE(run(points.view(), quick(Method::tsne)).report.kl_divergence);
    EXPECT_EQ(run(points.view(), quick(Method::pca)).report.explained_variance_ratio.size(), 2u);
}

TEST(Projection, AStopIsSeen) {
    const Matrix points = groups(50, 5);
    ThreadPool pool(1);
    for (const Method method : {Method::tsne, Method::umap}) {
        Projection projection(points.view(), quick(method), pool);
        while (projection.stage() != Stage::optimise) projection.step(1);
        std::stop_source stopper;
        stopper.request_stop();
        try {
            projection.step(5, stopper.get_token());
            FAIL();
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::cancelled);
        }
    }
}

TEST(Projection, NewRowsArePlacedEachByItself) {
    const Matrix points = groups(150, 60);
    Matrix fresh = groups(9, 60, 11);
    fresh.row(4)[7] = nan;
    for (const Method method : methods) {
        ThreadPool pool(2);
        Projection projection(points.view(), quick(method), pool);
        EXPECT_THROW(projection.place(fresh.view()), Error);
        while (!projection.is_done()) projection.step(1000);
        const Matrix together = projection.place(fresh.view());
        ASSERT_EQ(together.n_rows(), 9u);
        for (std::size_t i = 0; i < 9; ++i) {
            const Matrix alone = projection.place(MatrixView{fresh.row(i), 1, 60});
            if (i == 4) {
                EXPECT_TRUE(std::isnan(together.row(i)[0]) && std::isnan(alone.row(0)[1]));
                continue;
            }
            EXPECT_EQ(std::memcmp(alone.row(0), together.row(i), 2 * sizeof(float)), 0)
                << title_of(method) << " " << i;
            EXPECT_TRUE(std::isfinite(alone.row(0)[0]));
        }
        EXPECT_THROW(projection.place(MatrixView{fresh.row(0), 1, 59}), Error);
    }
}

TEST(Projection, PcaPlacesItsOwnRowsWhereTheyAre) {
    Matrix points = groups(60, 7);
    for (std::size_t i = 0; i < 60 * 7; ++i) points.row(0)[i] *= 1e30F;
    ThreadPool pool(1);
    Projection projection(points.view(), quick(Method::pca), pool);
    while (!projection.is_done()) projection.step(1);
    const Matrix again = projection.place(points.view());
    for (std::size_t i = 0; i < 120; ++i) {
        EXPECT_NEAR(again.row(0)[i] / 1e30F, projection.layout().data[i] / 1e30F, 1e-4);
    }
}

TEST(Projection, TypesOfElementsDoNotMatter) {
    Matrix points = groups(100, 12);
    std::vector<std::uint8_t> bytes(1200);
    for (std::size_t i = 0; i < 1200; ++i) {
        bytes[i] = static_cast<std::uint8_t>(std::clamp(points.row(0)[i] * 10 + 50, 0.0F, 255.0F));
        points.row(0)[i] = bytes[i];
    }
    const PointsView as_bytes(bytes.data(), 100, 12, ElementType::uint8);
    for (const Method method : methods) {
        EXPECT_TRUE(same_bits(run(points.view(), quick(method)).layout,
                              run(as_bytes, quick(method)).layout))
            << title_of(method);
    }
}

TEST(Estimate, GrowsWithTheWork) {
    ProjectionRequest request = quick(Method::umap);
    const ProjectionEstimate small = estimate(10'000, 50, request, 2);
    const ProjectionEstimate large = estimate(100'000, 784, request, 2);
    EXPECT_GT(small.seconds, 0);
    EXPECT_GT(large.seconds, 4 * small.seconds);
    EXPECT_GT(large.memory_bytes, 100'000u * 784 * 4);
    EXPECT_GT(small.seconds, estimate(10'000, 50, request, 8).seconds);
    double sum = 0;
    for (const double seconds : large.stage_seconds) sum += seconds;
    EXPECT_NEAR(sum, large.seconds, 1e-9 * large.seconds);
}

TEST(Estimate, SaysWhatWillBeCut) {
    EXPECT_TRUE(estimate(10'000, 50, quick(Method::tsne), 2).notes.empty());
    const auto few = estimate(4, 4, quick(Method::tsne), 2);
    ASSERT_EQ(few.notes.size(), 1u);
    EXPECT_EQ(few.notes[0], "perplexity 10 will be cut to 2: there are 4 points");
    const auto umap = estimate(4, 4, quick(Method::umap), 2);
    ASSERT_EQ(umap.notes.size(), 1u);
    EXPECT_EQ(umap.notes[0], "n_neighbors 10 will be cut to 4: there are 4 points");
}

TEST(Estimate, APaceRisesToTheEnd) {
    const ProjectionEstimate whole = estimate(70'000, 784, quick(Method::tsne), 2);
    double before = -1;
    for (const Stage stage : {Stage::clean, Stage::reduce, Stage::neighbors, Stage::affinities}) {
        const ProjectionPace pace = progress_of(whole, stage, 0, 0, 1e-6);
        EXPECT_GT(pace.fraction, before);
        EXPECT_GT(pace.seconds_left, 0);
        before = pace.fraction;
    }
    const ProjectionPace half = progress_of(whole, Stage::optimise, 100, 200, 6);
    EXPECT_NEAR(half.seconds_left, 6, 1e-9);
    EXPECT_EQ(progress_of(whole, Stage::done, 200, 200, 0).fraction, 1);
}

TEST(InstructionSet, ANameThatIsNoneIsSaid) {
    try {
        limit_instruction_set("abacus");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
        EXPECT_EQ(std::string_view(error.what()).find("cpu abacus is none of "), 0u);
    }
}

TEST(InstructionSet, ALowerOneIsUsedUntilAnotherIsAskedFor) {
    const std::string best = instruction_set();
    if (best != "AVX2" && !best.starts_with("AVX3")) GTEST_SKIP() << "no AVX2 here";
    limit_instruction_set("AVX2");
    EXPECT_EQ(instruction_set(), "AVX2");
    run(groups(20, 3).view(), quick(Method::umap));
    EXPECT_EQ(instruction_set(), "AVX2") << "asked of a kernel, after others ran";
    limit_instruction_set("sse4");
    EXPECT_EQ(instruction_set(), "SSE4");
    limit_instruction_set(best);
    EXPECT_EQ(instruction_set(), best);
}

}  // namespace
}  // namespace oort
