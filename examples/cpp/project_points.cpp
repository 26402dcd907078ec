// SPDX-License-Identifier: Apache-2.0
// Four groups of points in 20 dimensions, laid out by UMAP, and how much of their neighbourhoods
// the layout keeps.
#include <oort/projection.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <vector>

namespace {

constexpr std::size_t n_groups = 4;
constexpr std::size_t n_rows = 800;
constexpr std::size_t n_dims = 20;

std::vector<float> groups() {
    std::vector<float> values;
    std::uint32_t state = 1;
    for (std::size_t i = 0; i < n_rows * n_dims; ++i) {
        state = state * 1664525 + 1013904223;  // Numerical Recipes' generator
        const double noise = static_cast<double>(state >> 8) / (1 << 24);
        const std::size_t group = i / n_dims % n_groups;
        values.push_back(static_cast<float>(noise + 2.0 * (i % n_groups == group)));
    }
    return values;
}

}  // namespace

int main() try {
    const std::vector<float> values = groups();
    const oort::Points points = oort::Points::of(values, n_dims);
    oort::Projection projection(points, {.method = oort::Method::umap, .umap = {.seed = 7}});
    while (!projection.is_done()) {
        projection.step(50);
        if (projection.stage() == oort::Stage::optimise) {
            std::printf("%d of %d\n", projection.iteration(), projection.n_iterations());
        }
    }
    std::vector<std::uint32_t> labels;
    for (std::size_t i = 0; i < n_rows; ++i)
        labels.push_back(static_cast<std::uint32_t>(i % n_groups));
    const oort::Quality quality =
        oort::quality(points, oort::Points::of(projection.layout(), 2), labels);
    std::printf("trustworthiness %.3f, label hit %.3f, on %s\n",
                quality.trustworthiness,
                quality.label_hit.value_or(0),
                projection.report().instruction_set.c_str());
    return quality.label_hit.value_or(0) > 0.95 ? 0 : 1;

} catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
}
