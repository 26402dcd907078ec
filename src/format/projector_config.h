// SPDX-License-Identifier: Apache-2.0
// The template as bytes: the config JSON of the TensorFlow projector, which is also what Comet's
// SDK logs as an asset of type `embeddings`. Grammar: docs/formats/template.md.
#pragma once

#include <string>
#include <string_view>

#include "embedding/template.h"

namespace oort {

/// Reads a config. Unknown members are skipped. Throws Error(corrupt) if it is not JSON, has no
/// "embeddings" list, or an entry's shape or tile size is not made of whole numbers in range; the
/// message names the entry.
Template read_projector_config(std::string_view text);

/// Compact JSON in the member order that the SDK uses. A reference with a path is written as it is,
/// one without gets the path of our server for its ids; a tensor's ends in ".bytes". Throws
/// Error(invalid_argument) for a reference with neither path nor valid ids.
std::string write_projector_config(const Template& config);

/// Reads the ids out of `…/api/asset/download?assetId=…&experimentKey=…` or
/// `…/api/image/download?imageId=…&experimentKey=…`, with or without a host, members in any order.
/// Any other text gives a reference that names no asset but keeps the text. Never throws.
AssetRef parse_asset_ref(std::string_view path);

}  // namespace oort
