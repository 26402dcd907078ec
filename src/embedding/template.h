// SPDX-License-Identifier: Apache-2.0
// The vocabulary of what is logged: a template lists entries, each names the files of one
// embedding. As bytes it is the TensorFlow projector's config JSON: format/projector_config.h.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace oort {

/// Where a template says a file is. The text is never opened as a path or a URL: ids are read out
/// of it, and an asset is looked up by id in the experiment that the template belongs to.
struct AssetRef {
    std::string asset_id = {};  ///< 32 hexadecimal digits; empty: the text names no asset of ours
    std::string experiment_key = {};  ///< 32 hexadecimal digits; empty: not said
    std::string path =
        {};  ///< as written in the template; empty: to be made from the ids on writing

    bool names_asset() const noexcept { return !asset_id.empty(); }

    bool operator==(const AssetRef&) const = default;
};

/// One picture holding a tile for each row (sprite/sprite.h).
struct SpriteRef {
    AssetRef image = {};
    int tile_width = 0;   ///< pixels, > 0
    int tile_height = 0;  ///< pixels, > 0

    bool operator==(const SpriteRef&) const = default;
};

/// One embedding of a template. Titles may repeat: an entry is known by its index.
struct Entry {
    std::string title = {};
    std::size_t n_rows = 0;
    std::size_t n_dims = 0;
    AssetRef tensor = {};                             ///< n_rows x n_dims numbers
    std::optional<AssetRef> metadata = std::nullopt;  ///< labels: a table with n_rows rows
    std::optional<AssetRef> bookmarks =
        std::nullopt;  ///< TensorFlow projector only; kept, not read
    std::optional<SpriteRef> sprite = std::nullopt;

    bool operator==(const Entry&) const = default;
};

struct Template {
    std::vector<Entry> entries = {};
    std::vector<std::string> notes = {};  ///< sentences: what was guessed or left out on reading

    bool operator==(const Template&) const = default;
};

/// Whether the tensor is raw float32 (its path ends in ".bytes", as the TensorFlow projector
/// decides) and not a TSV. A reference still without a path is ours, hence raw.
bool is_raw_tensor(const AssetRef& tensor) noexcept;

}  // namespace oort
