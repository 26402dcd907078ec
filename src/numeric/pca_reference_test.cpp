// SPDX-License-Identifier: Apache-2.0
// PCA against scikit-learn 1.7.2 (svd_solver="full", float64); the numbers are printed by
// reference/make_pca_reference.py.
#include <gtest/gtest.h>

#include <cstdint>

#include "numeric/pca.h"

namespace oort {
namespace {

const double tall_variance[] = {11.7232493467, 5.91272090545, 4.9726918877, 4.04999656478};
const double tall_ratio[] = {0.306841711309, 0.154758237027, 0.130154127368, 0.106003705968};
const double tall_component[] = {0.00524031461096,
                                 0.270437131253,
                                 0.281123035491,
                                 0.0630558135637,
                                 0.364750886883,
                                 0.282299577754,
                                 0.174805236827,
                                 -0.160209096647,
                                 0.293348228858,
                                 0.198224105851,
                                 0.13313489017,
                                 0.657114248352};
const double tall_last_component[] = {0.0595074539302,
                                      -0.0491068585905,
                                      0.534921157451,
                                      0.381810304621,
                                      0.04280660544,
                                      0.131281429905,
                                      0.314351377948,
                                      -0.422614164372,
                                      0.0202786731165,
                                      -0.144612530202,
                                      0.0614516498516,
                                      -0.490449357391};
const double tall_first_point[] = {-6.47294967478, -1.11104531465, 2.98862181744, -2.91860561641};
const double tall_last_point[] = {-0.247304921672, -1.1376663946, -5.24438134244, 0.698478187116};
const double wide_variance[] = {35.7810904604, 16.4147070804, 9.42695532462, 7.56915802553};
const double wide_ratio[] = {0.432947714027, 0.198616358961, 0.114065242437, 0.0915860758322};
const double wide_component[] = {
    0.0852850306592, 0.188014227416,   0.322263857117,   -0.177604588527, 0.263519819797,
    0.111498052312,  0.167546612523,   -0.0974217995876, 0.234264590525,  0.203750493347,
    0.184042834997,  0.435050519218,   0.166419556596,   0.127234318243,  0.0606815167292,
    0.278480209114,  0.120195932668,   0.10699380157,    0.313711405974,  0.276269117639,
    0.121991148942,  0.00957367558289, 0.190350087706,   0.0742676291845, 0.0230956694669};
const double wide_last_component[] = {
    -0.158886820268,  -0.0249682210662, 0.108803500668,  -0.245950282191, -0.11289395118,
    -0.0176518439628, -0.269546203965,  -0.158543619198, -0.119825482003, 0.174770043422,
    0.119763013229,   0.0154864253054,  -0.087698700589, 0.182086420526,  -0.319757630287,
    0.0955238715531,  -0.155232879289,  0.152066799076,  0.0176266071698, 0.0193280688512,
    -0.141654106649,  0.200163802101,   -0.421894036346, 0.525652288431,  -0.130037628698};
const double wide_first_point[] = {-8.38462837453, 0.384122630097, 3.23309305537, 3.18945028469};
const double wide_last_point[] = {9.50902906214, -0.195210439714, 2.26896403313, 2.73933931545};

/// The points of make_pca_reference.py.
Matrix reference_points(std::size_t n_rows, std::size_t n_columns) {
    Matrix points(n_rows, n_columns);
    for (std::size_t row = 0; row < n_rows; ++row) {
        for (std::size_t column = 0; column < n_columns; ++column) {
            const auto i = static_cast<std::int64_t>(row);
            const auto j = static_cast<std::int64_t>(column);
            const std::int64_t noise =
                (i * 7919 + j * 104729 + i * j * 31 + i * i * 17) % 257 - 128;
            const std::int64_t drift = (i * 37) % 101 - 50;
            points.row(row)[column] =
                static_cast<float>(noise * (1 + j % 4) + drift * ((j * 5) % 7)) / 128.0F;
        }
    }
    return points;
}

struct Expected {
    const double* variance;
    const double* ratio;
    const double* component;
    const double* last_component;
    const double* first_point;
    const double* last_point;
};

void expect_reference(std::size_t n, std::size_t d, const Expected& expected) {
    ThreadPool pool(2);
    const Matrix points = reference_points(n, d);
    const PcaResult result = pca(points.view(), {.n_components = 4}, pool);
    ASSERT_EQ(result.n_components, 4U);
    for (std::size_t c = 0; c < 4; ++c) {
        EXPECT_NEAR(result.explained_variance[c] / expected.variance[c], 1.0, 1e-6) << c;
        EXPECT_NEAR(result.explained_variance[c] / result.total_variance, expected.ratio[c], 1e-6)
            << c;
        EXPECT_NEAR(result.coordinates[c * n], expected.first_point[c], 1e-5) << c;
        EXPECT_NEAR(result.coordinates[c * n + n - 1], expected.last_point[c], 1e-5) << c;
    }
    for (std::size_t j = 0; j < d; ++j) {
        EXPECT_NEAR(result.components[j], expected.component[j], 2e-6) << j;
        EXPECT_NEAR(result.components[3 * d + j], expected.last_component[j], 2e-6) << j;
    }
}

TEST(PcaReference, TallPointsAgreeWithScikitLearn) {
    expect_reference(60,
                     12,
                     {tall_variance,
                      tall_ratio,
                      tall_component,
                      tall_last_component,
                      tall_first_point,
                      tall_last_point});
}

TEST(PcaReference, WidePointsAgreeWithScikitLearn) {
    expect_reference(9,
                     25,
                     {wide_variance,
                      wide_ratio,
                      wide_component,
                      wide_last_component,
                      wide_first_point,
                      wide_last_point});
}

}  // namespace
}  // namespace oort
