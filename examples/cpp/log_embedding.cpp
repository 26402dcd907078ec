// SPDX-License-Identifier: Apache-2.0
// Three spirals in ten dimensions, with a small picture for each point and the number of the arm as
// label.
#include <oort/experiment.h>

#include <cmath>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

namespace {

constexpr std::size_t n_arms = 3;
constexpr std::size_t n_per_arm = 200;
constexpr std::size_t n_dims = 10;
constexpr int side = 8;
constexpr oort::Color colors[n_arms] = {{229, 82, 82}, {72, 160, 220}, {240, 190, 60}};

std::vector<float> spirals() {
    std::vector<float> vectors;
    for (std::size_t i = 0; i < n_arms * n_per_arm; ++i) {
        const double along = static_cast<double>(i % n_per_arm) / n_per_arm;
        const double angle =
            6 * along + 2 * 3.14159265 * static_cast<double>(i / n_per_arm) / n_arms;
        for (std::size_t d = 0; d < n_dims; ++d) {
            vectors.push_back(
                static_cast<float>(along * std::cos(angle + 0.5 * static_cast<double>(d))));
        }
    }
    return vectors;
}

// A bar that grows along the arm, white on black; black becomes the colour of the arm.
std::vector<std::uint8_t> bars() {
    std::vector<std::uint8_t> pixels;
    for (std::size_t i = 0; i < n_arms * n_per_arm; ++i) {
        const int length = static_cast<int>(side * (i % n_per_arm) / n_per_arm);
        for (int p = 0; p < side * side; ++p) pixels.push_back(p % side <= length ? 255 : 0);
    }
    return pixels;
}

}  // namespace

int main() try {
    const std::vector<float> vectors = spirals();
    const std::vector<std::uint8_t> pixels = bars();
    std::vector<std::string> arms;
    for (std::size_t i = 0; i < n_arms * n_per_arm; ++i)
        arms.push_back(std::to_string(i / n_per_arm));

    oort::Experiment experiment({.project_name = "examples", .name = "spirals"});
    oort::EmbeddingImages images = oort::EmbeddingImages::of(pixels, side, side, 1);
    images.transparent = oort::Color{0, 0, 0};
    images.background = [](std::size_t i) { return colors[i / n_per_arm]; };

    const oort::LoggedAsset logged = experiment.log_embedding(
        vectors, n_dims, oort::Labels::of(arms), {.title = "three spirals", .images = &images});
    experiment.log_metric("n_points", static_cast<double>(arms.size()));
    experiment.end();
    std::printf("%s\n%s\n", experiment.key().c_str(), logged.web_url.c_str());
    return 0;

} catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
}
