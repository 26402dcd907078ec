// SPDX-License-Identifier: Apache-2.0
#include "numeric/simd/affinity_kernel.h"

#include <algorithm>
#include <cmath>

// Vectors whose length is known only at run time cannot stand in arrays of registers.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "numeric/simd/affinity_kernel.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>
// After highway.h:
#include <hwy/contrib/math/math-inl.h>

HWY_BEFORE_NAMESPACE();

namespace oort::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::CappedTag<float, 16>;
constexpr std::size_t lanes = hn::MaxLanes(Floats());

/// Sums over the neighbours of exp(-beta t), and of that times t and t^2.
struct Moments {
    double sum;
    double first;
    double second;
};

Moments moments(const float* t, std::size_t padded, float beta, float* weights) {
    const Floats f;
    auto sum = hn::Zero(f);
    auto first = hn::Zero(f);
    auto second = hn::Zero(f);
    const auto minus_beta = hn::Set(f, -beta);
    for (std::size_t j = 0; j < padded; j += lanes) {
        const auto distance = hn::LoadU(f, t + j);
        // What is padding has a negative distance.
        const auto weight = hn::IfThenElseZero(hn::Ge(distance, hn::Zero(f)),
                                               hn::Exp(f, hn::Mul(minus_beta, distance)));
        hn::StoreU(weight, f, weights + j);
        const auto moment = hn::Mul(weight, distance);
        sum = hn::Add(sum, weight);
        first = hn::Add(first, moment);
        second = hn::MulAdd(moment, distance, second);
    }
    return {static_cast<double>(hn::GetLane(hn::SumOfLanes(f, sum))),
            static_cast<double>(hn::GetLane(hn::SumOfLanes(f, first))),
            static_cast<double>(hn::GetLane(hn::SumOfLanes(f, second)))};
}

/// Writes the squares of the distances, less the least of them and over their mean; says whether
/// they differ.
bool normalise(const float* distances, std::size_t k, std::size_t padded, float* t) {
    double least = static_cast<double>(distances[0]);
    for (std::size_t j = 1; j < k; ++j) least = std::min(least, static_cast<double>(distances[j]));
    double mean = 0;
    const auto square = [&](std::size_t j) {
        const auto distance = static_cast<double>(distances[j]);
        return (distance - least) * (distance + least);
    };
    for (std::size_t j = 0; j < k; ++j) mean += square(j);
    mean /= static_cast<double>(k);
    for (std::size_t j = 0; j < k; ++j) t[j] = mean > 0 ? static_cast<float>(square(j) / mean) : 0;
    std::fill(t + k, t + padded, -1.0F);
    return mean > 0;
}

void PerplexityRow(
    const float* distances, std::size_t k, float perplexity, float* weights, float* scratch) {
    const std::size_t padded = (k + 15) / 16 * 16;
    float* const t = scratch;
    float* const row = scratch + padded;
    const bool differ = normalise(distances, k, padded, t);
    const double target = std::log(static_cast<double>(perplexity));
    constexpr double widest = 40;
    constexpr double tolerance = 1e-6;
    double low = -widest;
    double high = widest;
    double at = 1;  // logarithm of beta
    Moments m = moments(t, padded, 0, row);
    // Newton's method on the logarithm of beta, with bisection where it would leave the bracket.
    for (int i = 0; differ && i < 60 && high - low > tolerance; ++i) {
        const double beta = std::exp(at);
        m = moments(t, padded, static_cast<float>(beta), row);
        const double mean = m.first / m.sum;
        const double error = std::log(m.sum) + beta * mean - target;
        if (std::abs(error) < tolerance) break;
        (error > 0 ? low : high) = at;
        const double slope = beta * beta * std::max(m.second / m.sum - mean * mean, 1e-300);
        const double next = at + error / slope;
        at = next > low && next < high ? next : (low + high) / 2;
    }
    const double factor = 1 / m.sum;
    for (std::size_t j = 0; j < k; ++j)
        weights[j] = static_cast<float>(static_cast<double>(row[j]) * factor);
}

}  // namespace
}  // namespace oort::HWY_NAMESPACE

HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace oort {

HWY_EXPORT(PerplexityRow);

void perplexity_row(const float* distances,
                    std::size_t k,
                    float perplexity,
                    float* weights,
                    float* scratch) noexcept {
    HWY_DYNAMIC_DISPATCH(PerplexityRow)(distances, k, perplexity, weights, scratch);
}

}  // namespace oort
#endif
