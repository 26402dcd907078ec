// SPDX-License-Identifier: Apache-2.0
// The installed header against the code behind it.
#define OORT_OWN_CODE
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "numeric/as_given.h"
#include "numeric/projection.h"
#include "numeric/random.h"
#include "oort/projection.h"

namespace oort {
namespace {

std::vector<float> random_values(std::size_t n) {
    Random random(9);
    std::vector<float> values(n);
    for (float& value : values) value = static_cast<float>(random.normal());
    return values;
}

template <class T>
T finish(T projection) {
    while (!projection.is_done()) projection.step(100);
    return projection;
}

TEST(ProjectionApi, DefaultsAndBytesAreThoseInside) {
    const std::vector<float> values = random_values(120 * 6);
    ThreadPool pool(2);
    for (const auto method : {engine::Method::pca, engine::Method::tsne, engine::Method::umap}) {
        ProjectionRequest request;
        request.method = static_cast<Method>(method);
        const auto inside = finish(Projection(MatrixView{values.data(), 120, 6}, request, pool));
        const auto outside = finish(
            engine::Projection(engine::Points::of(values, 6), {.method = method, .n_threads = 1}));
        ASSERT_EQ(outside.layout().size(), 240u);
        EXPECT_EQ(std::memcmp(outside.layout().data(), inside.layout().data, 240 * sizeof(float)),
                  0);
        EXPECT_EQ(outside.report().n_rows_used, 120u);
        EXPECT_EQ(outside.report().seconds.size(), inside.report().seconds.size());
        EXPECT_EQ(static_cast<int>(outside.stage()), static_cast<int>(engine::Stage::done));
        const engine::Array placed =
            outside.place(engine::Points::of(std::span(values).first(12), 6));
        EXPECT_EQ(placed.n_rows, 2u);
        EXPECT_TRUE(std::isfinite(placed.values[3]));
    }
}

TEST(ProjectionApi, NeighborsAndQualityAreThoseInside) {
    const std::vector<float> values = random_values(90 * 4);
    const engine::Points points = engine::Points::of(values, 4);
    ThreadPool pool(1);
    const engine::Neighbors outside = engine::neighbors(points);
    const Neighbors inside = neighbors_as_given(MatrixView{values.data(), 90, 4}, {}, pool);
    EXPECT_EQ(outside.indices, inside.indices);
    EXPECT_EQ(outside.distances, inside.distances);
    EXPECT_EQ(outside.n_neighbors, 15u);
    EXPECT_EQ(engine::no_neighbor, no_neighbor);
    EXPECT_EQ(engine::missing_label, missing_label);

    const engine::Quality quality = engine::quality(points, points);
    EXPECT_EQ(quality.overlap, 1.0);
    EXPECT_EQ(quality.rows.size(), 90u);
    EXPECT_FALSE(quality.label_hit);
}

TEST(ProjectionApi, ACheckpointGoesOn) {
    const std::vector<float> values = random_values(100 * 3);
    const engine::Points points = engine::Points::of(values, 3);
    const engine::ProjectionOptions options{.umap = {.n_epochs = 30}};
    engine::Projection first(points, options);
    EXPECT_TRUE(first.layout().empty());
    while (first.iteration() < 10) first.step(10);
    engine::Projection second(points, options);
    second.restore(first.checkpoint());
    first = finish(std::move(first));
    second = finish(std::move(second));
    EXPECT_EQ(std::vector<float>(first.layout().begin(), first.layout().end()),
              std::vector<float>(second.layout().begin(), second.layout().end()));
}

TEST(ProjectionApi, WhatIsWrongIsSaid) {
    const std::vector<float> values = random_values(10);
    EXPECT_THROW(engine::Points::of(values, 3), std::exception);
    EXPECT_THROW(engine::Points::of(values, 0), std::exception);
    EXPECT_THROW(engine::Projection(engine::Points::of(values, 2), {.n_components = 5}),
                 std::exception);
    EXPECT_THROW(engine::estimate(10, 2, {.n_threads = -1}), std::exception);
    EXPECT_GT(engine::estimate(1000, 20).memory_bytes, 1000u * 20 * 4);
}

}  // namespace
}  // namespace oort
