// SPDX-License-Identifier: Apache-2.0
// Quality against scikit-learn 1.7.2; the numbers are printed by
// reference/make_quality_reference.py.
#include <gtest/gtest.h>

#include <cstdint>

#include "numeric/quality.h"

namespace oort {
namespace {

struct Expected {
    Metric metric;
    int k;
    double trustworthiness;
    double continuity;
    double overlap;
};

const Expected expected[] = {
    {Metric::euclidean, 1, 0.739438339438, 0.84126984127, 0.153846153846},
    {Metric::euclidean, 5, 0.763238866397, 0.835519568151, 0.28},
    {Metric::euclidean, 15, 0.808571428571, 0.832112332112, 0.505641025641},
    {Metric::euclidean, 32, 0.781060606061, 0.798484848485, 0.720673076923},
    {Metric::cosine, 1, 0.737728937729, 0.826129426129, 0.138461538462},
    {Metric::cosine, 5, 0.766153846154, 0.805506072874, 0.286153846154},
    {Metric::cosine, 15, 0.799682539683, 0.791062271062, 0.48},
    {Metric::cosine, 32, 0.771474358974, 0.775437062937, 0.718269230769},
};

float point(std::size_t row, std::size_t column) {
    const auto i = static_cast<std::int64_t>(row);
    const auto j = static_cast<std::int64_t>(column);
    const std::int64_t noise = (i * 7919 + j * 104729 + i * j * 31 + i * i * 17) % 257 - 128;
    const std::int64_t drift = (i * 37) % 101 - 50;
    return static_cast<float>(noise * (1 + j % 4) + drift * ((j * 5) % 7)) / 128.0F;
}

TEST(QualityReference, AgreesWithScikitLearn) {
    const std::size_t n = 65;
    Matrix points(n, 12);
    Matrix layout(n, 2);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < 12; ++j) points.row(i)[j] = point(i, j);
        layout.row(i)[0] = point(i, 3) + static_cast<float>(i * i * i * 53 % 9973) / 4096.0F;
        layout.row(i)[1] = point(i, 11) + static_cast<float>(i * i * 29 % 8999) / 4096.0F;
    }
    ThreadPool pool(2);
    for (const Expected& row : expected) {
        SCOPED_TRACE(row.k);
        const Quality result = quality(
            points.view(), layout.view(), {}, {.n_neighbors = row.k, .metric = row.metric}, pool);
        EXPECT_EQ(result.n_neighbors, static_cast<std::size_t>(row.k));
        EXPECT_FALSE(result.is_sampled);
        EXPECT_NEAR(result.trustworthiness, row.trustworthiness, 1e-7);
        EXPECT_NEAR(result.continuity, row.continuity, 1e-7);
        EXPECT_NEAR(result.overlap, row.overlap, 1e-7);
    }
}

}  // namespace
}  // namespace oort
