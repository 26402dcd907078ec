// SPDX-License-Identifier: Apache-2.0
#include "base/id.h"
#include "server/content.h"
#include "server/handlers.h"
#include "server/json_rows.h"
#include "store/rows.h"

namespace oort {

namespace {

// An asset is found only through its experiment; one of another experiment is as absent as any.
AssetRow asset_of(App& app, std::string_view experiment_key, std::string_view id) {
    auto asset = is_id(experiment_key) && is_id(id)
                     ? app.store.database().read([&](Connection& connection) {
                           return find_asset(connection, experiment_key, id);
                       })
                     : std::nullopt;
    if (!asset) throw Error(ErrorCode::not_found, "there is no such asset");
    return *asset;
}

Response content_response(App& app, const Request& request, const AssetRow& asset) {
    File file = app.store.blobs().open(asset.sha256);
    if (file.size() != static_cast<std::uint64_t>(asset.size)) {
        throw Error(ErrorCode::corrupt, "the stored bytes of this asset are damaged");
    }
    return file_response(request, std::move(file), asset.sha256, asset.name);
}

Response download(App& app, const Request& request, std::string_view id_member) {
    const auto id = request.query_member(id_member);
    const auto key = request.query_member("experimentKey");
    if (!id || !key) {
        throw Error(ErrorCode::invalid_argument,
                    std::string(id_member) + " and experimentKey must stand in the query");
    }
    return content_response(app, request, asset_of(app, *key, *id));
}

}  // namespace

Response get_assets(App& app, const Request& request) {
    const auto assets = app.store.database().read([&](Connection& connection) {
        return list_assets(connection, request.parameter("key"), request.query_member("type"));
    });
    JsonArray array;
    for (const AssetRow& asset : assets) array.push_back(to_json(asset));
    return json_response(JsonObject{{"assets", std::move(array)}});
}

Response get_asset(App& app, const Request& request) {
    return json_response(to_json(asset_of(app, request.parameter("key"), request.parameter("id"))));
}

Response get_asset_content(App& app, const Request& request) {
    return content_response(
        app, request, asset_of(app, request.parameter("key"), request.parameter("id")));
}

Response get_asset_download(App& app, const Request& request) {
    return download(app, request, "assetId");
}

Response get_image_download(App& app, const Request& request) {
    return download(app, request, "imageId");
}

}  // namespace oort
