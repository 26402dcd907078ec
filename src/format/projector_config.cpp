// SPDX-License-Identifier: Apache-2.0
#include "format/projector_config.h"

#include <fmt/format.h>

#include <limits>

#include "base/error.h"
#include "base/id.h"
#include "base/json.h"

namespace oort {

namespace {

// Codes and draw orders are 32-bit numbers, the last of them standing for "missing".
constexpr std::int64_t max_rows = 0xFFFFFFFE;
constexpr std::int64_t max_dims = std::int64_t{1} << 31;
constexpr std::int64_t max_tile_side = 16384;

[[noreturn]] void fail(std::string_view where, std::string_view rule) {
    throw Error(ErrorCode::corrupt, fmt::format("{} of the template {}", where, rule));
}

std::string text_member(const JsonObject& object, std::string_view key) {
    const Json* member = object.if_contains(key);
    return member && member->is_string() ? std::string(member->get_string()) : std::string();
}

std::optional<AssetRef> ref_member(const JsonObject& object, std::string_view key) {
    const std::string path = text_member(object, key);
    if (path.empty()) return std::nullopt;
    return parse_asset_ref(path);
}

// Two whole numbers in low..high each.
struct Pair {
    std::int64_t first = 0;
    std::int64_t second = 0;
};

Pair pair_member(
    const JsonObject& object, std::string_view key, const std::string& where, Pair low, Pair high) {
    const Json* member = object.if_contains(key);
    const JsonArray* list = member ? member->if_array() : nullptr;
    const std::string rule = fmt::format("needs \"{}\" of two whole numbers, {}..{} and {}..{}",
                                         key,
                                         low.first,
                                         high.first,
                                         low.second,
                                         high.second);
    if (!list || list->size() != 2) fail(where, rule);
    std::int64_t numbers[2];
    for (std::size_t i = 0; i < 2; ++i) {
        boost::json::error_code error;
        if (!(*list)[i].is_number()) fail(where, rule);
        numbers[i] = (*list)[i].to_number<std::int64_t>(error);
        if (error) fail(where, rule);
    }
    const Pair pair{numbers[0], numbers[1]};
    const bool in_range = pair.first >= low.first && pair.first <= high.first &&
                          pair.second >= low.second && pair.second <= high.second;
    if (!in_range) fail(where, rule);
    return pair;
}

std::optional<SpriteRef> read_sprite(const JsonObject& entry, const std::string& where) {
    const Json* member = entry.if_contains("sprite");
    const JsonObject* sprite = member ? member->if_object() : nullptr;
    if (!sprite) return std::nullopt;
    auto image = ref_member(*sprite, "imagePath");
    if (!image) return std::nullopt;
    const Pair size =
        pair_member(*sprite, "singleImageDim", where, {1, 1}, {max_tile_side, max_tile_side});
    return SpriteRef{.image = *std::move(image),
                     .tile_width = static_cast<int>(size.first),
                     .tile_height = static_cast<int>(size.second)};
}

Entry read_entry(const Json& value, std::size_t index, std::vector<std::string>& notes) {
    const std::string where = fmt::format("entry {}", index);
    const JsonObject* object = value.if_object();
    if (!object) fail(where, "is not an object");
    Entry entry;
    entry.title = text_member(*object, "tensorName");
    const Pair shape = pair_member(*object, "tensorShape", where, {0, 0}, {max_rows, max_dims});
    entry.n_rows = static_cast<std::size_t>(shape.first);
    entry.n_dims = static_cast<std::size_t>(shape.second);
    if (auto tensor = ref_member(*object, "tensorPath")) {
        entry.tensor = *std::move(tensor);
    } else {
        notes.push_back(fmt::format("Entry {} names no vectors.", index));
    }
    entry.metadata = ref_member(*object, "metadataPath");
    entry.bookmarks = ref_member(*object, "bookmarksPath");
    entry.sprite = read_sprite(*object, where);
    const auto note_foreign = [&](const AssetRef* ref, std::string_view what) {
        if (ref && !ref->path.empty() && !ref->names_asset()) {
            notes.push_back(fmt::format("The {} of entry {} are not an asset of the experiment: {}",
                                        what,
                                        index,
                                        ref->path));
        }
    };
    note_foreign(&entry.tensor, "vectors");
    note_foreign(entry.metadata ? &*entry.metadata : nullptr, "labels");
    note_foreign(entry.sprite ? &entry.sprite->image : nullptr, "images");
    return entry;
}

// The value of `key` in a query, only if it occurs once.
std::optional<std::string_view> query_value(std::string_view query, std::string_view key) {
    std::optional<std::string_view> value;
    while (!query.empty()) {
        const std::size_t end = std::min(query.find('&'), query.size());
        const std::string_view member = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        if (member.size() <= key.size() || !member.starts_with(key) || member[key.size()] != '=')
            continue;
        if (value) return std::nullopt;
        value = member.substr(key.size() + 1);
    }
    return value;
}

enum class Role { tensor, metadata, image };

std::string path_of(const AssetRef& ref, Role role, std::string_view where) {
    if (!ref.path.empty()) return ref.path;
    if (!is_id(ref.asset_id) || !is_id(ref.experiment_key)) {
        throw Error(
            ErrorCode::invalid_argument,
            fmt::format(
                "{} needs a path or an asset id and an experiment key of 32 hexadecimal digits",
                where));
    }
    if (role == Role::image) {
        return fmt::format(
            "/api/image/download?imageId={}&experimentKey={}", ref.asset_id, ref.experiment_key);
    }
    std::string path = fmt::format(
        "/api/asset/download?assetId={}&experimentKey={}", ref.asset_id, ref.experiment_key);
    // The TensorFlow projector takes a tensor for raw float32 if its path ends so.
    if (role == Role::tensor) path += fmt::format("&name=vectors-{}.bytes", ref.asset_id);
    return path;
}

Json entry_json(const Entry& entry, std::size_t index) {
    JsonObject object;
    const auto where = [index](std::string_view what) {
        return fmt::format("the {} of entry {}", what, index);
    };
    object["tensorName"] = entry.title;
    object["tensorShape"] = JsonArray{entry.n_rows, entry.n_dims};
    object["tensorPath"] = path_of(entry.tensor, Role::tensor, where("tensor"));
    if (entry.metadata)
        object["metadataPath"] = path_of(*entry.metadata, Role::metadata, where("metadata"));
    if (entry.bookmarks)
        object["bookmarksPath"] = path_of(*entry.bookmarks, Role::metadata, where("bookmarks"));
    if (entry.sprite) {
        JsonObject sprite;
        sprite["imagePath"] = path_of(entry.sprite->image, Role::image, where("sprite"));
        sprite["singleImageDim"] = JsonArray{entry.sprite->tile_width, entry.sprite->tile_height};
        object["sprite"] = std::move(sprite);
    }
    return object;
}

Json parse(std::string_view text) {
    try {
        return parse_json(text, "the template");
    } catch (const Error& error) {
        throw Error(ErrorCode::corrupt, error.what());  // stored bytes, not a caller's argument
    }
}

}  // namespace

Template read_projector_config(std::string_view text) {
    const Json json = parse(text);
    const JsonObject* object = json.if_object();
    const Json* member = object ? object->if_contains("embeddings") : nullptr;
    const JsonArray* list = member ? member->if_array() : nullptr;
    if (!list) throw Error(ErrorCode::corrupt, "the template has no list \"embeddings\"");
    Template config;
    for (const Json& value : *list) {
        config.entries.push_back(read_entry(value, config.entries.size(), config.notes));
    }
    return config;
}

std::string write_projector_config(const Template& config) {
    JsonArray list;
    for (const Entry& entry : config.entries) list.push_back(entry_json(entry, list.size()));
    JsonObject object;
    object["embeddings"] = std::move(list);
    return to_text(object);
}

AssetRef parse_asset_ref(std::string_view path) {
    AssetRef ref{.asset_id = {}, .experiment_key = {}, .path = std::string(path)};
    const std::size_t question = path.find('?');
    if (question == std::string_view::npos) return ref;
    const std::string_view place = path.substr(0, question);
    if (!place.ends_with("/api/asset/download") && !place.ends_with("/api/image/download"))
        return ref;
    const std::string_view query =
        path.substr(question + 1, path.find('#', question) - question - 1);
    const auto asset = query_value(query, "assetId");
    const auto id = asset ? asset : query_value(query, "imageId");
    const auto key = query_value(query, "experimentKey");
    if (!id || !is_id(*id) || (key && !is_id(*key))) return ref;
    ref.asset_id = *id;
    if (key) ref.experiment_key = *key;
    return ref;
}

}  // namespace oort
