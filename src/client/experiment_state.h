// SPDX-License-Identifier: Apache-2.0
// What stands behind an Experiment: its spool, its uploader and what later calls are marked with.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "client/asset_record.h"
#include "client/group_templates.h"
#include "client/server_address.h"
#include "client/spool.h"
#include "client/sprite_source.h"
#include "client/uploader.h"
#include "oort/experiment.h"

namespace oort {

struct Marks {
    std::optional<std::int64_t> step;
    std::optional<std::int64_t> epoch;
    std::string context;
};

/// Runs `function`, whose result can be made empty. A log that cannot be kept must not end the
/// training run, but nor may it go unsaid; only what the caller did wrong is thrown on.
template <class Function>
auto or_say_not_logged(std::string_view what, Function&& function) -> decltype(function()) {
    try {
        return function();
    } catch (const Error& error) {
        if (error.code() == ErrorCode::invalid_argument || error.code() == ErrorCode::too_large)
            throw;
        log_error("{} is NOT logged: {}", what, error.what());
        return decltype(function())();
    }
}

/// All functions may be called from any thread.
struct Experiment::State {
  public:
    explicit State(const ExperimentOptions& options);

    LoggedAsset log_embedding(std::span<const float> vectors,
                              std::size_t n_dims,
                              const Labels& labels,
                              const EmbeddingOptions& options);
    LoggedAsset create_embedding_image(const EmbeddingImages& images, std::string* png);
    LoggedAsset log_sprite_png(std::string_view png);
    LoggedAsset log_content(const AssetOptions& options, const std::function<Blob(Spool&)>& add);

    /// Says what could not be kept, instead of throwing.
    void append(std::string_view what, const std::vector<JsonObject>& records);

    static std::string png_of(const EmbeddingImages& images);

    MetricOptions marked(const MetricOptions& options);
    void set_marks(const std::function<void(Marks&)>& change);
    void set_name(std::string_view name);
    void end(const std::function<bool()>& keep_waiting);

    std::string key() const { return key_; }

    std::string name() const;
    std::string page_url() const;

    /// Whether this is a child of the process that made the experiment.
    bool is_foreign() const;
    bool is_alive();

  private:
    std::optional<ServerAddress> server() const;
    Marks marks() const;
    AssetRecord new_asset(std::string_view type, std::string_view name) const;
    LoggedAsset logged(const AssetRecord& asset, std::string_view page) const;
    void keep(std::span<const AssetRecord> assets);
    void close_spool(const UploadProgress& progress);
    LoggedAsset log_template(std::vector<AssetRecord>& assets,
                             const EmbeddingOptions& options,
                             const Entry& entry);

    const std::string key_;
    const pid_t process_;
    const std::filesystem::path home_;
    const ServerChoice choice_;
    const bool may_exist_;  // the key was given: the server may know the experiment
    const double patience_s_;

    mutable std::mutex mutex_;  // guards name_ and marks_
    std::string name_;
    Marks marks_;
    std::mutex groups_mutex_;  // held while a group's template grows, so that the journal grows in
                               // that order
    GroupTemplates groups_;
    std::atomic<bool> is_ended_ = false;
    std::atomic<bool> said_foreign_ = false;

    std::unique_ptr<Spool> spool_;
    std::unique_ptr<Uploader> uploader_;  // after spool_: it ends first
};

}  // namespace oort
