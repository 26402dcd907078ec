// SPDX-License-Identifier: Apache-2.0
#include "client/sprite_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <future>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

namespace oort {

namespace {

constexpr std::int64_t max_side = 1 << 14;

// As Sprite has it; checked here too, so that the call that logs says so and not the background
// thread.
constexpr std::uint64_t max_pixels = std::uint64_t{1} << 29;

// What remains of the file after its header, taken piece by piece.
struct Rest {
    std::span<const std::byte> bytes;

    std::span<const std::byte> take(std::uint64_t n_bytes) {
        if (n_bytes > bytes.size()) {
            throw Error(ErrorCode::corrupt, "the pixels of a sprite in the spool are cut short");
        }
        const auto piece = bytes.first(static_cast<std::size_t>(n_bytes));
        bytes = bytes.subspan(piece.size());
        return piece;
    }
};

std::span<const std::uint8_t> as_pixels(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

std::array<std::uint32_t, 3> size_of(const PixelsView& tile) {
    return {static_cast<std::uint32_t>(tile.width),
            static_cast<std::uint32_t>(tile.height),
            static_cast<std::uint32_t>(tile.channels)};
}

bool is_uniform(std::span<const PixelsView> tiles) {
    return std::all_of(tiles.begin(), tiles.end(), [&](const PixelsView& tile) {
        return size_of(tile) == size_of(tiles.front());
    });
}

JsonObject header_of(const SpritePlan& plan, bool uniform) {
    JsonObject header{{"n_tiles", plan.tiles.size()},
                      {"tile_width", plan.tile_width},
                      {"tile_height", plan.tile_height},
                      {"transparent", nullptr},
                      {"has_backgrounds", !plan.backgrounds.empty()},
                      {"size", nullptr}};
    if (plan.transparent) {
        header["transparent"] =
            JsonArray{plan.transparent->red, plan.transparent->green, plan.transparent->blue};
    }
    if (uniform) {
        const auto size = size_of(plan.tiles.front());
        header["size"] = JsonArray{size[0], size[1], size[2]};
    }
    return header;
}

PixelsView take_tile(Rest& rest, const std::array<std::uint32_t, 3>& size) {
    const std::uint64_t n_bytes = std::uint64_t{size[0]} * size[1] * size[2];
    return {as_pixels(rest.take(n_bytes)),
            static_cast<int>(size[0]),
            static_cast<int>(size[1]),
            static_cast<int>(size[2])};
}

std::uint32_t number_in(const Json& list, std::size_t i) {
    return list.as_array().at(i).to_number<std::uint32_t>();
}

std::vector<PixelsView> take_tiles(Rest& rest, const Json& size, std::size_t n_tiles) {
    std::vector<PixelsView> tiles(n_tiles);
    if (!size.is_null()) {
        const std::array<std::uint32_t, 3> common{
            number_in(size, 0), number_in(size, 1), number_in(size, 2)};
        for (PixelsView& tile : tiles) tile = take_tile(rest, common);
        return tiles;
    }
    std::vector<std::array<std::uint32_t, 3>> sizes(n_tiles);
    const auto bytes = rest.take(n_tiles * sizeof(sizes[0]));
    std::memcpy(sizes.data(), bytes.data(), bytes.size());
    std::transform(sizes.begin(), sizes.end(), tiles.begin(), [&](const auto& own) {
        return take_tile(rest, own);
    });
    return tiles;
}

}  // namespace

void check_sprite_plan(const SpritePlan& plan) {
    if (plan.tiles.empty())
        throw Error(ErrorCode::invalid_argument, "image_data is empty: one image a row is needed");
    if (plan.tile_width < 1 || plan.tile_height < 1 || plan.tile_width > max_side ||
        plan.tile_height > max_side) {
        throw Error(
            ErrorCode::invalid_argument,
            fmt::format("image_size ({}, {}) is out of range: width and height of 1..{} pixels",
                        plan.tile_width,
                        plan.tile_height,
                        max_side));
    }
    const auto columns =
        static_cast<std::uint64_t>(std::ceil(std::sqrt(static_cast<double>(plan.tiles.size()))));
    const std::uint64_t n_pixels = columns * columns * static_cast<std::uint64_t>(plan.tile_width) *
                                   static_cast<std::uint64_t>(plan.tile_height);
    if (n_pixels > max_pixels) {
        throw Error(ErrorCode::too_large,
                    fmt::format("image_size ({}, {}) for {} images makes {} pixels: at most {} are "
                                "possible, take smaller tiles",
                                plan.tile_width,
                                plan.tile_height,
                                plan.tiles.size(),
                                n_pixels,
                                max_pixels));
    }
    for (std::size_t i = 0; i < plan.tiles.size(); ++i) {
        const PixelsView& tile = plan.tiles[i];
        if (tile.width < 1 || tile.height < 1 || tile.channels < 1 || tile.channels > 4 ||
            tile.bytes.size() != static_cast<std::size_t>(tile.width) *
                                     static_cast<std::size_t>(tile.height) *
                                     static_cast<std::size_t>(tile.channels)) {
            throw Error(ErrorCode::invalid_argument,
                        fmt::format("image_data[{}] has {} bytes for {} x {} pixels of {} channels",
                                    i,
                                    tile.bytes.size(),
                                    tile.width,
                                    tile.height,
                                    tile.channels));
        }
    }
    if (!plan.backgrounds.empty() && plan.backgrounds.size() != plan.tiles.size()) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("{} background colours are given for {} images",
                                plan.backgrounds.size(),
                                plan.tiles.size()));
    }
}

std::string build_sprite(const SpritePlan& plan) {
    check_sprite_plan(plan);
    Sprite sprite(plan.tiles.size(), plan.tile_width, plan.tile_height);
    const auto fill = [&](std::size_t begin, std::size_t end) {
        for (std::size_t row = begin; row < end; ++row) {
            TileColors colors{.transparent = plan.transparent};
            if (!plan.backgrounds.empty()) colors.background = plan.backgrounds[row];
            sprite.set_tile(row, plan.tiles[row], colors);
        }
    };
    const std::size_t n_tiles = plan.tiles.size();
    const std::size_t n_parts =
        n_tiles < 256 ? 1 : std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 16);
    std::vector<std::future<void>> parts;
    for (std::size_t part = 1; part < n_parts; ++part) {
        parts.push_back(std::async(
            std::launch::async, fill, n_tiles * part / n_parts, n_tiles * (part + 1) / n_parts));
    }
    fill(0, n_tiles / n_parts);
    for (std::future<void>& part : parts) part.get();
    return sprite.png();
}

std::uint64_t write_sprite_source(const std::filesystem::path& path, const SpritePlan& plan) {
    check_sprite_plan(plan);
    const bool uniform = is_uniform(plan.tiles);
    File file(path, File::Mode::create_new);
    file.write(to_text(header_of(plan, uniform)) + "\n");
    file.write(std::as_bytes(std::span(plan.backgrounds)));
    if (!uniform) {
        std::vector<std::array<std::uint32_t, 3>> sizes(plan.tiles.size());
        std::transform(plan.tiles.begin(), plan.tiles.end(), sizes.begin(), size_of);
        file.write(std::as_bytes(std::span(sizes)));
    }
    // Neighbouring tiles of one array are written as one piece.
    std::span<const std::uint8_t> piece;
    for (const PixelsView& tile : plan.tiles) {
        if (piece.data() + piece.size() == tile.bytes.data()) {
            piece = {piece.data(), piece.size() + tile.bytes.size()};
            continue;
        }
        file.write(std::as_bytes(piece));
        piece = tile.bytes;
    }
    file.write(std::as_bytes(piece));
    return file.size();
}

std::string build_sprite(const std::filesystem::path& source) {
    const MappedFile file(source);
    const std::string_view text(reinterpret_cast<const char*>(file.bytes().data()),
                                file.bytes().size());
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) {
        throw Error(ErrorCode::corrupt, "the pixels of a sprite in the spool are cut short");
    }
    const Json header = parse_json(text.substr(0, end), "the header of a sprite in the spool");
    const JsonObject& object = header.as_object();
    const auto n_tiles = static_cast<std::size_t>(integer_member(object, "n_tiles"));
    Rest rest{file.bytes().subspan(end + 1)};
    if (n_tiles > rest.bytes.size()) {
        throw Error(ErrorCode::corrupt, "the pixels of a sprite in the spool are cut short");
    }
    SpritePlan plan{.tiles = {},
                    .tile_width = static_cast<int>(integer_member(object, "tile_width")),
                    .tile_height = static_cast<int>(integer_member(object, "tile_height"))};
    if (const Json& color = object.at("transparent"); !color.is_null()) {
        plan.transparent = Rgb{static_cast<std::uint8_t>(number_in(color, 0)),
                               static_cast<std::uint8_t>(number_in(color, 1)),
                               static_cast<std::uint8_t>(number_in(color, 2))};
    }
    if (object.at("has_backgrounds").as_bool()) {
        plan.backgrounds.resize(n_tiles);
        const auto bytes = rest.take(n_tiles * sizeof(Rgb));
        std::memcpy(plan.backgrounds.data(), bytes.data(), bytes.size());
    }
    const std::vector<PixelsView> tiles = take_tiles(rest, object.at("size"), n_tiles);
    plan.tiles = tiles;
    return build_sprite(plan);
}

}  // namespace oort
