// SPDX-License-Identifier: Apache-2.0
#include "sprite/fit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace oort {

namespace {

// One output sample is a weighted sum of neighbouring input samples, from `first` on.
struct Taps {
    std::size_t first = 0;
    std::vector<float> weights;
};

Taps area_taps(int i, int n_in, int n_out) {
    const double scale = static_cast<double>(n_in) / n_out;
    const double begin = i * scale;
    const double end = std::min<double>(begin + scale, n_in);
    Taps taps{.first = static_cast<std::size_t>(begin), .weights = {}};
    for (auto k = taps.first; static_cast<double>(k) < end && k < static_cast<std::size_t>(n_in);
         ++k) {
        const auto left = static_cast<double>(k);
        const double overlap = std::min(left + 1, end) - std::max(left, begin);
        taps.weights.push_back(static_cast<float>(overlap / scale));
    }
    return taps;
}

Taps linear_taps(int i, int n_in, int n_out) {
    const double center = (i + 0.5) * n_in / n_out - 0.5;
    const double clamped = std::clamp<double>(center, 0, n_in - 1);
    const auto first = static_cast<std::size_t>(clamped);
    const auto weight = static_cast<float>(clamped - static_cast<double>(first));
    if (weight == 0) return {.first = first, .weights = {1}};
    return {.first = first, .weights = {1 - weight, weight}};
}

std::vector<Taps> taps_for(int n_in, int n_out) {
    std::vector<Taps> all;
    for (int i = 0; i < n_out; ++i) {
        if (n_out < n_in) {
            all.push_back(area_taps(i, n_in, n_out));
        } else if (n_out % n_in == 0) {
            all.push_back({.first = static_cast<std::size_t>(i / (n_out / n_in)), .weights = {1}});
        } else {
            all.push_back(linear_taps(i, n_in, n_out));
        }
    }
    return all;
}

// Red, green and blue times alpha, and alpha, all in 0..255.
using Sum = std::array<float, 4>;

Sum premultiplied(Color color) {
    const auto alpha = static_cast<float>(alpha_of(color));
    const float share = alpha / 255;
    return {static_cast<float>(color & 0xFF) * share,
            static_cast<float>(color >> 8 & 0xFF) * share,
            static_cast<float>(color >> 16 & 0xFF) * share,
            alpha};
}

Color straight(const Sum& sum) {
    const auto byte = [](float value) {
        return static_cast<unsigned>(std::clamp(std::lround(value), 0L, 255L));
    };
    const unsigned alpha = byte(sum[3]);
    if (alpha == 0) return 0;
    const float share = 255 / sum[3];
    return pack(byte(sum[0] * share), byte(sum[1] * share), byte(sum[2] * share), alpha);
}

void add(Sum& sum, const Sum& value, float weight) {
    for (std::size_t c = 0; c < 4; ++c) sum[c] += weight * value[c];
}

}  // namespace

PixelSize fitted_size(PixelSize picture, PixelSize tile) {
    const double scale = std::min(static_cast<double>(tile.width) / picture.width,
                                  static_cast<double>(tile.height) / picture.height);
    const auto scaled = [scale](int length, int most) {
        return std::clamp(static_cast<int>(std::lround(length * scale)), 1, most);
    };
    return {scaled(picture.width, tile.width), scaled(picture.height, tile.height)};
}

std::vector<Color> fit(std::span<const Color> picture, PixelSize size, PixelSize tile) {
    const PixelSize out = fitted_size(size, tile);
    const auto out_width = static_cast<std::size_t>(out.width);
    const auto columns = taps_for(size.width, out.width);
    const auto lines = taps_for(size.height, out.height);
    std::vector<Color> result(static_cast<std::size_t>(tile.width) *
                              static_cast<std::size_t>(tile.height));
    const auto left = static_cast<std::size_t>((tile.width - out.width) / 2);
    const auto top = static_cast<std::size_t>((tile.height - out.height) / 2);
    std::vector<Sum> line(out_width);
    for (std::size_t y = 0; y < lines.size(); ++y) {
        std::fill(line.begin(), line.end(), Sum{});
        for (std::size_t j = 0; j < lines[y].weights.size(); ++j) {
            const Color* from =
                picture.data() + (lines[y].first + j) * static_cast<std::size_t>(size.width);
            for (std::size_t x = 0; x < out_width; ++x) {
                for (std::size_t i = 0; i < columns[x].weights.size(); ++i) {
                    const float weight = lines[y].weights[j] * columns[x].weights[i];
                    add(line[x], premultiplied(from[columns[x].first + i]), weight);
                }
            }
        }
        Color* to = result.data() + (top + y) * static_cast<std::size_t>(tile.width) + left;
        std::transform(line.begin(), line.end(), to, straight);
    }
    return result;
}

}  // namespace oort
