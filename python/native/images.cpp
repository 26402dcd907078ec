// SPDX-License-Identifier: Apache-2.0
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "client/sprite_source.h"
#include "native.h"
#include "sprite/sprite.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using Floats = nb::ndarray<const float, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Bytes = nb::ndarray<std::uint8_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Color = std::tuple<std::uint8_t, std::uint8_t, std::uint8_t>;

std::optional<oort::Rgb> to_rgb(const std::optional<Color>& color) {
    if (!color) return std::nullopt;
    return oort::Rgb{std::get<0>(*color), std::get<1>(*color), std::get<2>(*color)};
}

// NaN is no part of the range. (inf, -inf) if nothing is.
std::pair<float, float> range_of(const float* values, std::size_t n) {
    float low = std::numeric_limits<float>::infinity();
    float high = -low;
    for (std::size_t i = 0; i < n; ++i) {
        low = values[i] < low ? values[i] : low;
        high = values[i] > high ? values[i] : high;
    }
    return {low, high};
}

// NaN becomes 0: both comparisons with it are false.
void to_bytes(const float* values, std::size_t n, float factor, std::uint8_t* bytes) {
    for (std::size_t i = 0; i < n; ++i) {
        float value = values[i] * factor + 0.5F;
        value = value > 0.0F ? value : 0.0F;
        value = value < 255.0F ? value : 255.0F;
        bytes[i] = static_cast<std::uint8_t>(value);
    }
}

nb::bytes build_sprite(const PixelStack& stack,
                       int tile_width,
                       int tile_height,
                       const std::optional<Color>& transparent,
                       const std::optional<Colors>& backgrounds) {
    std::string png;
    {
        const nb::gil_scoped_release release;
        const std::size_t size = stack.shape(1) * stack.shape(2) * stack.shape(3);
        std::vector<oort::PixelsView> tiles;
        for (std::size_t i = 0; i < stack.shape(0); ++i) {
            tiles.push_back({{stack.data() + i * size, size},
                             static_cast<int>(stack.shape(2)),
                             static_cast<int>(stack.shape(1)),
                             static_cast<int>(stack.shape(3))});
        }
        oort::SpritePlan plan{.tiles = tiles,
                              .tile_width = tile_width,
                              .tile_height = tile_height,
                              .transparent = to_rgb(transparent)};
        for (std::size_t i = 0; backgrounds && i < backgrounds->shape(0); ++i) {
            const std::uint8_t* color = backgrounds->data() + 3 * i;
            plan.backgrounds.push_back({color[0], color[1], color[2]});
        }
        png = oort::build_sprite(plan);
    }
    return nb::bytes(png.data(), png.size());
}

}  // namespace

void bind_images(nb::module_& m) {
    m.def(
        "value_range",
        [](const Floats& values) {
            const nb::gil_scoped_release release;
            return range_of(values.data(), values.size());
        },
        "values"_a,
        "Least and largest value, NaN aside.");

    m.def(
        "fill_bytes",
        [](const Floats& values, float factor, Bytes& bytes) {
            if (values.size() != bytes.size())
                throw nb::value_error("values and bytes differ in length");
            const nb::gil_scoped_release release;
            to_bytes(values.data(), values.size(), factor, bytes.data());
        },
        "values"_a,
        "factor"_a,
        "bytes"_a,
        "bytes = values * factor, rounded and clipped to 0..255; NaN becomes 0.");

    m.def("build_sprite",
          &build_sprite,
          "stack"_a,
          "tile_width"_a,
          "tile_height"_a,
          "transparent"_a.none(),
          "backgrounds"_a.none(),
          "The PNG of a sprite of pictures of one size.");

    nb::class_<oort::Sprite>(m, "Sprite", "An atlas being filled, tile by tile.")
        .def(nb::init<std::size_t, int, int>(), "n_tiles"_a, "tile_width"_a, "tile_height"_a)
        .def(
            "set_tile",
            [](oort::Sprite& sprite,
               std::size_t row,
               const Pixels& pixels,
               const std::optional<Color>& transparent,
               const std::optional<Color>& background) {
                const oort::PixelsView view{{pixels.data(), pixels.size()},
                                            static_cast<int>(pixels.shape(1)),
                                            static_cast<int>(pixels.shape(0)),
                                            static_cast<int>(pixels.shape(2))};
                const oort::TileColors colors{to_rgb(transparent), to_rgb(background)};
                const nb::gil_scoped_release release;
                sprite.set_tile(row, view, colors);
            },
            "row"_a,
            "pixels"_a,
            "transparent"_a.none(),
            "background"_a.none())
        .def("png", [](const oort::Sprite& sprite) {
            std::string bytes;
            {
                const nb::gil_scoped_release release;
                bytes = sprite.png();
            }
            return nb::bytes(bytes.data(), bytes.size());
        });
}
