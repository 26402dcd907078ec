// SPDX-License-Identifier: Apache-2.0
#include "numeric/umap_curve.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"

namespace oort {

namespace {

constexpr int n_samples = 300;

struct Sample {
    double distance;
    double wished;
};

using Samples = std::array<Sample, n_samples>;

double error_of(const UmapCurve& curve, const Samples& samples) {
    double sum = 0;
    for (const Sample& sample : samples) {
        const double value = 1 / (1 + curve.a * std::pow(sample.distance, 2 * curve.b));
        sum += (value - sample.wished) * (value - sample.wished);
    }
    return sum;
}

/// One step of Levenberg and Marquardt from `curve`, damped.
UmapCurve stepped(const UmapCurve& curve, const Samples& samples, double damping) {
    double aa = 0, ab = 0, bb = 0, ga = 0, gb = 0;
    for (const Sample& sample : samples) {
        if (sample.distance <= 0) continue;  // the curve is 1 there whatever a and b are
        const double power = std::pow(sample.distance, 2 * curve.b);
        const double value = 1 / (1 + curve.a * power);
        const double by_a = -value * value * power;
        const double by_b = 2 * curve.a * std::log(sample.distance) * by_a;
        const double rest = sample.wished - value;
        aa += by_a * by_a;
        ab += by_a * by_b;
        bb += by_b * by_b;
        ga += by_a * rest;
        gb += by_b * rest;
    }
    aa *= 1 + damping;
    bb *= 1 + damping;
    const double determinant = aa * bb - ab * ab;
    return {curve.a + (ga * bb - gb * ab) / determinant,
            curve.b + (gb * aa - ga * ab) / determinant};
}

}  // namespace

UmapCurve fit_umap_curve(double min_dist, double spread) {
    // Written so that NaN fails too.
    if (!(spread > 0 && min_dist >= 0 && min_dist <= spread)) {
        throw Error(
            ErrorCode::invalid_argument,
            fmt::format(
                "min_dist {} is out of range: 0..spread, and spread is {}", min_dist, spread));
    }
    const double shortest = min_dist / spread;
    Samples samples;
    for (int i = 0; i < n_samples; ++i) {
        const double distance = 3.0 * i / (n_samples - 1);
        samples[static_cast<std::size_t>(i)] = {
            distance, distance < shortest ? 1 : std::exp(-(distance - shortest))};
    }
    UmapCurve curve;
    double error = error_of(curve, samples);
    double damping = 1e-3;
    for (int i = 0; i < 200 && damping < 1e12; ++i) {
        const UmapCurve next = stepped(curve, samples, damping);
        const double next_error = next.a > 0 && next.b > 0 ? error_of(next, samples) : HUGE_VAL;
        if (next_error < error) {
            curve = next;
            error = next_error;
            damping = std::max(damping * 0.1, 1e-15);
        } else {
            damping *= 10;
        }
    }
    return curve;
}

}  // namespace oort
