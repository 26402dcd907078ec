// SPDX-License-Identifier: Apache-2.0
#include "client/asset_record.h"

#include "base/time.h"

namespace oort {

JsonObject to_json(const AssetRecord& asset) {
    JsonObject record{{"kind", "asset"},
                      {"at", now()},
                      {"id", asset.id},
                      {"name", asset.name},
                      {"type", asset.type},
                      {"content_type", asset.content_type},
                      {"step", or_null(asset.step)},
                      {"epoch", or_null(asset.epoch)},
                      {"context", or_null(asset.context)},
                      {"group", or_null(asset.group)},
                      {"metadata", asset.metadata}};
    if (asset.blob) {
        record["sha256"] = asset.blob->sha256;
        record["size"] = asset.blob->size;
    } else {
        record["sprite_source"] = true;
    }
    return record;
}

}  // namespace oort
