// SPDX-License-Identifier: Apache-2.0
// The record of an asset, as the journal keeps it and the server takes it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/json.h"
#include "client/spool.h"

namespace oort {

struct AssetRecord {
    std::string id;  ///< from new_id(); the same id again replaces the content
    std::string name;
    std::string type;
    std::optional<Blob> blob;  ///< unset: a sprite still to be built from the spool's sprites/<id>
    std::string content_type = "application/octet-stream";
    std::optional<std::int64_t> step = std::nullopt;
    std::optional<std::int64_t> epoch = std::nullopt;
    std::string context = {};
    std::string group = {};
    Json metadata = nullptr;
};

JsonObject to_json(const AssetRecord& asset);

}  // namespace oort
