// SPDX-License-Identifier: Apache-2.0
#include "jobs/datasets.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/id.h"
#include "base/log.h"
#include "format/dataset_files.h"
#include "format/projector_config.h"
#include "jobs/single_flight.h"
#include "numeric/random.h"

namespace oort {

namespace {

// Part of every digest: raised when the same files give other answers than before.
constexpr int dataset_code_version = 1;
constexpr std::uint64_t max_template_bytes = std::uint64_t{64} << 20;

std::optional<AssetRow> find_ref(Connection& connection,
                                 std::string_view experiment_key,
                                 const AssetRef& ref) {
    const bool elsewhere = !ref.experiment_key.empty() && ref.experiment_key != experiment_key;
    if (!ref.names_asset() || elsewhere) return std::nullopt;
    return find_asset(connection, experiment_key, ref.asset_id);
}

EntryFiles find_files(Connection& connection, std::string_view experiment_key, const Entry& entry) {
    EntryFiles files{.entry = entry,
                     .tensor = find_ref(connection, experiment_key, entry.tensor),
                     .metadata = std::nullopt,
                     .sprite = std::nullopt,
                     .waiting_for = {},
                     .notes = {}};
    if (!files.tensor) {
        files.waiting_for.push_back(
            entry.tensor.names_asset() ? fmt::format("vectors (asset {})", entry.tensor.asset_id)
                                       : "vectors: the template names no asset of this experiment");
    }
    if (entry.metadata) {
        files.metadata = find_ref(connection, experiment_key, *entry.metadata);
        if (!files.metadata && entry.metadata->names_asset()) {
            files.waiting_for.push_back(fmt::format("labels (asset {})", entry.metadata->asset_id));
        } else if (!files.metadata) {
            files.notes.emplace_back("The template's labels are no asset of this experiment.");
        }
    }
    if (entry.sprite) {
        // Points can be shown without their pictures, so nobody waits for these.
        files.sprite = find_ref(connection, experiment_key, entry.sprite->image);
        if (!files.sprite) files.notes.emplace_back("The pictures of the points are not here.");
    }
    return files;
}

std::string tensor_digest_of(const EntryFiles& files) {
    return to_hex(sha256(fmt::format("tensor {} {} {} {}",
                                     to_hex(files.tensor->sha256),
                                     files.entry.n_rows,
                                     files.entry.n_dims,
                                     is_raw_tensor(files.entry.tensor) ? "raw" : "text")));
}

std::string digest_of(const EntryFiles& files) {
    return to_hex(sha256(fmt::format("dataset {} {} {} {}",
                                     dataset_code_version,
                                     tensor_digest_of(files),
                                     files.metadata ? to_hex(files.metadata->sha256) : "none",
                                     files.entry.title)));
}

std::uint64_t size_of(const ShownDataset& shown, const EntryFiles& files) {
    std::uint64_t n_bytes = shown.order.size() * sizeof(std::uint32_t);
    if (!is_raw_tensor(files.entry.tensor)) {
        n_bytes += shown.dataset.vectors.values().size() * sizeof(float);
    }
    for (const Column& column : shown.dataset.columns) {
        n_bytes += (column.codes.size() + column.numbers.size() + column.counts.size()) * 4;
        for (const std::string& value : column.values) n_bytes += sizeof(value) + value.size();
    }
    return n_bytes;
}

// The draw order belongs to the tensor: the same vectors under other labels are drawn in the same
// order.
std::uint64_t seed_of(const Digest& tensor) {
    std::uint64_t seed = 0;
    for (std::size_t i = 0; i < 8; ++i) seed = seed << 8 | tensor[i];
    return seed;
}

}  // namespace

Datasets::Datasets(Store& store, std::uint64_t max_bytes) : store_(store), max_bytes_(max_bytes) {}

TemplateFiles Datasets::find_template(std::string_view experiment_key,
                                      std::string_view asset_id) const {
    return store_.database().read([&](Connection& connection) {
        const auto asset = is_id(experiment_key) && is_id(asset_id)
                               ? find_asset(connection, experiment_key, asset_id)
                               : std::nullopt;
        if (!asset) throw Error(ErrorCode::not_found, "there is no such asset");
        if (asset->type != "embeddings") {
            throw Error(ErrorCode::not_found,
                        "the asset is no template: its type is not \"embeddings\"");
        }
        if (asset->size > static_cast<std::int64_t>(max_template_bytes)) {
            throw Error(ErrorCode::corrupt, "the template is too large to be one");
        }
        const std::string text = read_file(store_.blobs().path(asset->sha256));
        verify(asset->sha256, std::as_bytes(std::span(text)), "bytes of this template");
        const Template content = read_projector_config(text);
        TemplateFiles files{.asset = *asset, .entries = {}};
        for (const Entry& entry : content.entries) {
            files.entries.push_back(find_files(connection, experiment_key, entry));
        }
        return files;
    });
}

EntryFiles Datasets::find_entry(std::string_view experiment_key,
                                std::string_view asset_id,
                                std::size_t index) const {
    TemplateFiles files = find_template(experiment_key, asset_id);
    if (index >= files.entries.size()) {
        throw Error(
            ErrorCode::not_found,
            fmt::format(
                "entry {} is out of range: the template has {}", index, files.entries.size()));
    }
    return std::move(files.entries[index]);
}

std::shared_ptr<const ShownDataset> Datasets::dataset(const EntryFiles& files) {
    if (!files.is_ready()) {
        throw Error(ErrorCode::unavailable,
                    fmt::format("not here yet: {}", files.waiting_for.front()));
    }
    const std::string digest = digest_of(files);
    const auto find_kept = [&]() -> Shared {
        const auto found = std::find_if(
            kept_.begin(), kept_.end(), [&](const Shared& d) { return d->digest == digest; });
        if (found == kept_.end()) return nullptr;
        kept_.splice(kept_.begin(), kept_, found);
        return *found;
    };
    return single_flight(mutex_, reading_, digest, find_kept, [&] {
        Shared made = read(files, digest);
        const std::lock_guard lock(mutex_);
        keep(made);
        return made;
    });
}

std::shared_ptr<const ShownDataset> Datasets::read(const EntryFiles& files,
                                                   const std::string& digest) const {
    DatasetFiles sources;
    sources.tensor = std::make_shared<const MappedFile>(store_.blobs().path(files.tensor->sha256));
    if (files.metadata) {
        sources.metadata =
            std::make_shared<const MappedFile>(store_.blobs().path(files.metadata->sha256));
    }
    // Hashing what large vectors are takes as long as reading them: both at once. What is damaged
    // is said before what follows from it.
    auto reading =
        std::async(std::launch::async, [&] { return read_dataset(files.entry, sources); });
    verify(files.tensor->sha256, sources.tensor->bytes(), "vectors");
    if (files.metadata) verify(files.metadata->sha256, sources.metadata->bytes(), "labels");
    auto shown = std::make_shared<ShownDataset>();
    shown->digest = digest;
    shown->tensor_digest = tensor_digest_of(files);
    shown->dataset = reading.get();
    shown->order_seed = seed_of(files.tensor->sha256);
    shown->order = random_permutation(shown->dataset.n_rows, shown->order_seed);
    shown->n_bytes = size_of(*shown, files);
    return shown;
}

void Datasets::verify(const Digest& digest,
                      std::span<const std::byte> bytes,
                      std::string_view what) const {
    {
        const std::lock_guard lock(mutex_);
        if (verified_.contains(digest)) return;
    }
    if (sha256(bytes) != digest) {
        log_error("blob {} is damaged: its bytes no longer match its digest", to_hex(digest));
        throw Error(ErrorCode::corrupt,
                    fmt::format("the stored {} no longer match their digest", what));
    }
    const std::lock_guard lock(mutex_);
    verified_.insert(digest);
}

// The newest stays whatever its size: somebody looks at it right now.
void Datasets::keep(const Shared& dataset) {
    kept_.push_front(dataset);
    std::uint64_t n_bytes = 0;
    auto last = kept_.begin();
    for (auto it = kept_.begin(); it != kept_.end(); ++it) {
        n_bytes += (*it)->n_bytes;
        if (it != kept_.begin() && n_bytes > max_bytes_) break;
        last = it;
    }
    kept_.erase(std::next(last), kept_.end());
}

}  // namespace oort
