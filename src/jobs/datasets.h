// SPDX-License-Identifier: Apache-2.0
// Datasets: the entries of templates with their files found, read and put in draw order. Derived
// data: made from blobs when somebody looks, kept in memory while there is room.
#pragma once

#include <cstdint>
#include <future>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "embedding/dataset.h"
#include "embedding/template.h"
#include "store/rows.h"
#include "store/store.h"

namespace oort {

/// One entry of a template and what the store has of it.
struct EntryFiles {
    Entry entry;
    std::optional<AssetRow> tensor;
    std::optional<AssetRow> metadata;
    std::optional<AssetRow> sprite;
    std::vector<std::string> waiting_for;  ///< what must still come before the entry can be shown
    std::vector<std::string> notes;        ///< sentences: what is left out, and why

    bool is_ready() const noexcept { return waiting_for.empty(); }
};

struct TemplateFiles {
    AssetRow asset;
    std::vector<EntryFiles> entries;
};

/// A dataset as it is shown. Immutable.
struct ShownDataset {
    std::string digest;         ///< hex; same digest, same bytes of every answer about it
    std::string tensor_digest;  ///< hex; of the tensor's content, shape and form alone
    Dataset dataset;
    std::vector<std::uint32_t>
        order;  ///< position p shows row order[p]: random_permutation(n_rows, order_seed)
    std::uint64_t order_seed = 0;
    std::uint64_t n_bytes = 0;  ///< of memory, about; mapped files not counted
};

/// Thread-safe.
class Datasets {
  public:
    /// Keeps up to max_bytes of datasets that nobody uses at the moment.
    explicit Datasets(Store& store, std::uint64_t max_bytes = std::uint64_t{512} << 20);

    /// Throws Error(not_found) if there is no such asset or it is no template, Error(corrupt) if it
    /// cannot be read as one or its stored bytes have changed.
    TemplateFiles find_template(std::string_view experiment_key, std::string_view asset_id) const;

    /// The same for one entry. Throws Error(not_found) also for an index beyond the last.
    EntryFiles find_entry(std::string_view experiment_key,
                          std::string_view asset_id,
                          std::size_t index) const;

    /// Reads the entry's files, once for all who ask at the same time. Throws Error(unavailable)
    /// while some are missing, Error(corrupt) if they cannot be read or no longer match their
    /// digests.
    std::shared_ptr<const ShownDataset> dataset(const EntryFiles& files);

  private:
    using Shared = std::shared_ptr<const ShownDataset>;

    Shared read(const EntryFiles& files, const std::string& digest) const;
    void keep(const Shared& dataset);
    void verify(const Digest& digest,
                std::span<const std::byte> bytes,
                std::string_view what) const;

    Store& store_;
    std::uint64_t max_bytes_;
    mutable std::mutex mutex_;
    std::map<std::string, std::shared_future<Shared>> reading_;
    std::list<Shared> kept_;             ///< last used first
    mutable std::set<Digest> verified_;  ///< blobs that this process has read and found unchanged
};

}  // namespace oort
