// SPDX-License-Identifier: Apache-2.0
#include "numeric/umap_curve.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"

namespace oort {
namespace {

TEST(UmapCurve, IsTheOneUmapLearnFits) {
    struct Case {
        double min_dist, spread, a, b;
    };

    // By src/numeric/reference/make_umap_reference.py.
    const Case cases[] = {
        {0.1, 1.0, 1.57694346, 0.895060878},
        {0.0, 1.0, 1.9328084, 0.790494973},
        {0.5, 1.0, 0.58303002, 1.33416699},
        {1.0, 1.0, 0.114975683, 1.92923714},
        {0.05, 0.5, 1.57694351, 0.8950608},
    };
    for (const Case& c : cases) {
        const UmapCurve curve = fit_umap_curve(c.min_dist, c.spread);
        EXPECT_NEAR(curve.a, c.a, 1e-5) << c.min_dist << " " << c.spread;
        EXPECT_NEAR(curve.b, c.b, 1e-5) << c.min_dist << " " << c.spread;
    }
}

TEST(UmapCurve, DependsOnNothingButTheShareOfMinDist) {
    const UmapCurve curve = fit_umap_curve(0.2, 1);
    const UmapCurve larger = fit_umap_curve(2, 10);
    EXPECT_NEAR(curve.a, larger.a, 1e-9);
    EXPECT_NEAR(curve.b, larger.b, 1e-9);
}

TEST(UmapCurve, IsRefusedWhereMinDistExceedsSpread) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const double bad[][2] = {{1.1, 1}, {-0.1, 1}, {0, 0}, {nan, 1}, {0, nan}};
    for (const auto& [min_dist, spread] : bad) {
        try {
            fit_umap_curve(min_dist, spread);
            FAIL() << min_dist << " " << spread;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
            EXPECT_NE(std::string(error.what()).find("min_dist"), std::string::npos);
        }
    }
}

}  // namespace
}  // namespace oort
