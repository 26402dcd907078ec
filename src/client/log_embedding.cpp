// SPDX-License-Identifier: Apache-2.0
// The calls that log embeddings and their pictures: everything is checked first, then written.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "client/experiment_state.h"
#include "format/metadata.h"
#include "format/projector_config.h"

namespace oort {

namespace {

Rgb to_rgb(const Color& color) {
    return {color.red, color.green, color.blue};
}

// Holds what a SpritePlan only refers to.
struct Plan {
    std::vector<PixelsView> tiles;
    SpritePlan plan;
};

Plan plan_of(const EmbeddingImages& images) {
    Plan result;
    for (const Picture& picture : images.pictures) {
        result.tiles.push_back({picture.bytes, picture.width, picture.height, picture.channels});
    }
    result.plan = {
        .tiles = result.tiles, .tile_width = images.tile_width, .tile_height = images.tile_height};
    if (images.transparent) result.plan.transparent = to_rgb(*images.transparent);
    if (images.background) {
        for (std::size_t i = 0; i < images.pictures.size(); ++i) {
            result.plan.backgrounds.push_back(to_rgb(images.background(i)));
        }
    }
    check_sprite_plan(result.plan);
    return result;
}

void check_embedding(std::span<const float> vectors,
                     std::size_t n_dims,
                     const Labels& labels,
                     const EmbeddingOptions& options) {
    const auto fail = [](const std::string& message) {
        throw Error(ErrorCode::invalid_argument, message);
    };
    if (vectors.empty() || n_dims == 0)
        fail("vectors is empty: at least one row and one column are needed");
    if (vectors.size() % n_dims != 0) {
        fail(fmt::format(
            "vectors has {} numbers, which are not whole rows of {}", vectors.size(), n_dims));
    }
    const std::size_t n_rows = vectors.size() / n_dims;
    for (const auto& column : labels.columns) {
        if (column.size() != n_rows) {
            fail(fmt::format("labels has {} rows and vectors has {}: they must be equal",
                             column.size(),
                             n_rows));
        }
    }
    if (!labels.names.empty() && labels.names.size() != labels.columns.size()) {
        fail(fmt::format(
            "labels has {} names for {} columns", labels.names.size(), labels.columns.size()));
    }
    if (options.images != nullptr && options.images->pictures.size() != n_rows) {
        fail(fmt::format("image_data has {} images and vectors has {} rows: they must be equal",
                         options.images->pictures.size(),
                         n_rows));
    }
    if (!options.image_url.empty() && (options.tile_width < 1 || options.tile_height < 1)) {
        fail(
            fmt::format("image_size ({}, {}) is out of range: the width and height that the image "
                        "was made with",
                        options.tile_width,
                        options.tile_height));
    }
}

AssetRef ref_to(const std::string& asset_id, const std::string& experiment_key) {
    return {.asset_id = asset_id, .experiment_key = experiment_key, .path = {}};
}

std::string image_path(const std::string& asset_id, const std::string& experiment_key) {
    return fmt::format("/api/image/download?imageId={}&experimentKey={}", asset_id, experiment_key);
}

AssetRef checked_image_ref(const std::string& url, const std::string& experiment_key) {
    const AssetRef ref = parse_asset_ref(url);
    if (!ref.names_asset() ||
        (!ref.experiment_key.empty() && ref.experiment_key != experiment_key)) {
        throw Error(
            ErrorCode::invalid_argument,
            fmt::format(
                "image_data \"{}\" is no URL from create_embedding_image of this experiment", url));
    }
    return ref_to(ref.asset_id, experiment_key);
}

}  // namespace

std::string Experiment::State::png_of(const EmbeddingImages& images) {
    return build_sprite(plan_of(images).plan);
}

LoggedAsset Experiment::State::create_embedding_image(const EmbeddingImages& images,
                                                      std::string* png) {
    const std::string bytes = png_of(images);
    LoggedAsset result = log_sprite_png(bytes);
    if (png != nullptr) *png = bytes;
    return result;
}

LoggedAsset Experiment::State::log_sprite_png(std::string_view png) {
    AssetRecord asset = new_asset("sprite", "");
    asset.name = fmt::format("embedding-image-{}.png", asset.id.substr(24));
    asset.content_type = "image/png";
    return or_say_not_logged(asset.name, [&] {
        asset.blob = spool_->add_blob(png);
        keep(std::span(&asset, 1));
        LoggedAsset result = logged(asset, "assets");
        const auto address = server();
        result.web_url = (address ? address->url : "") + image_path(asset.id, key_);
        return result;
    });
}

LoggedAsset Experiment::State::log_embedding(std::span<const float> vectors,
                                             std::size_t n_dims,
                                             const Labels& labels,
                                             const EmbeddingOptions& options) {
    check_embedding(vectors, n_dims, labels, options);
    Entry entry;
    entry.title = options.title;
    entry.n_rows = vectors.size() / n_dims;
    entry.n_dims = n_dims;
    std::optional<Plan> plan;
    if (options.images != nullptr) plan = plan_of(*options.images);
    if (!options.image_url.empty()) {
        entry.sprite = {
            checked_image_ref(options.image_url, key_), options.tile_width, options.tile_height};
    }

    return or_say_not_logged(fmt::format("the embedding \"{}\"", options.title), [&] {
        std::vector<AssetRecord> assets;
        assets.push_back(new_asset("vectors", ""));
        assets.back().name = fmt::format("vectors-{}.bytes", assets.back().id.substr(24));
        assets.back().blob = spool_->add_blob(std::as_bytes(vectors));
        entry.tensor = ref_to(assets.back().id, key_);
        if (!labels.columns.empty()) {
            assets.push_back(new_asset("labels", ""));
            assets.back().name = fmt::format("metadata-{}.tsv", assets.back().id.substr(24));
            assets.back().content_type = "text/tab-separated-values; charset=utf-8";
            assets.back().blob = spool_->add_blob(write_metadata({labels.names, labels.columns}));
            entry.metadata = ref_to(assets.back().id, key_);
        }
        if (plan) {
            assets.push_back(new_asset("sprite", ""));
            assets.back().name = fmt::format("embedding-image-{}.png", assets.back().id.substr(24));
            assets.back().content_type = "image/png";
            write_sprite_source(spool_->sprite_path(assets.back().id), plan->plan);
            entry.sprite = {ref_to(assets.back().id, key_),
                            options.images->tile_width,
                            options.images->tile_height};
        }
        return log_template(assets, options, entry);
    });
}

LoggedAsset Experiment::State::log_template(std::vector<AssetRecord>& assets,
                                            const EmbeddingOptions& options,
                                            const Entry& entry) {
    AssetRecord asset = new_asset("embeddings", options.template_filename);
    asset.content_type = "application/json";
    const auto add = [&](const Template& content) {
        asset.blob = spool_->add_blob(write_projector_config(content));
        assets.push_back(asset);
        keep(assets);
        return logged(asset, "projector/" + asset.id);
    };
    if (options.group.empty()) {
        if (asset.name.empty())
            asset.name = fmt::format("template_projector_config-{}.json", asset.id.substr(24));
        return add({.entries = {entry}, .notes = {}});
    }
    const std::lock_guard lock(groups_mutex_);
    GroupTemplates::Group& group =
        groups_.of(options.group, key_, may_exist_ ? server() : std::nullopt);
    asset.id = group.asset_id;
    asset.name = group_template_name(options.group);
    asset.group = options.group;
    asset.step = asset.epoch = std::nullopt;
    group.content.entries.push_back(entry);
    try {
        return add(group.content);
    } catch (...) {
        group.content.entries.pop_back();
        throw;
    }
}

}  // namespace oort
