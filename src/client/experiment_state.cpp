// SPDX-License-Identifier: Apache-2.0
#include "client/experiment_state.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/id.h"
#include "base/log.h"
#include "base/time.h"
#include "client/flush.h"

namespace oort {

namespace {

std::string checked_key(const std::string& key) {
    if (key.empty()) return new_id();
    if (!is_id(key)) {
        throw Error(
            ErrorCode::invalid_argument,
            fmt::format("experiment_key \"{}\" is no key: 32 lower-case hexadecimal digits", key));
    }
    return key;
}

JsonObject experiment_record(const ExperimentOptions& options) {
    for (const auto& [argument, name] : {std::pair("project_name", &options.project_name),
                                         std::pair("workspace", &options.workspace)}) {
        if (name->empty()) {
            throw Error(ErrorCode::invalid_argument,
                        fmt::format("{} is empty: a name is needed", argument));
        }
    }
    return {{"kind", "experiment"},
            {"at", now()},
            {"workspace", options.workspace},
            {"project", options.project_name},
            {"name", options.name.empty() ? Json(nullptr) : Json(options.name)}};
}

}  // namespace

Experiment::State::State(const ExperimentOptions& options)
    : key_(checked_key(options.experiment_key)),
      process_(::getpid()),
      home_(home_directory()),
      choice_{options.url, options.api_key},
      may_exist_(!options.experiment_key.empty()),
      patience_s_(options.patience_s),
      name_(options.name) {
    const JsonObject record = experiment_record(options);
    static_cast<void>(server());  // a malformed address is said before anything is made
    spool_ = Spool::create(home_ / "spool", key_, options.max_spool_bytes);
    spool_->append(std::span(&record, 1));
    uploader_ = std::make_unique<Uploader>(*spool_, choice_, home_);
}

bool Experiment::State::is_foreign() const {
    return ::getpid() != process_;
}

bool Experiment::State::is_alive() {
    if (is_foreign()) {
        if (!said_foreign_.exchange(true)) {
            log_warning(
                "this process was made by fork() from the one that made experiment {}: it logs "
                "nothing "
                "there; make an Experiment with experiment_key=\"{}\" in it",
                key_,
                key_);
        }
        return false;
    }
    return !is_ended_;
}

std::optional<ServerAddress> Experiment::State::server() const {
    return find_server(choice_, home_);
}

std::string Experiment::State::page_url() const {
    const auto address = server();
    return address ? address->url + "/experiments/" + key_ : "";
}

std::string Experiment::State::name() const {
    const std::lock_guard lock(mutex_);
    return name_;
}

void Experiment::State::set_name(std::string_view name) {
    const std::lock_guard lock(mutex_);
    name_ = name;
}

Marks Experiment::State::marks() const {
    const std::lock_guard lock(mutex_);
    return marks_;
}

void Experiment::State::set_marks(const std::function<void(Marks&)>& change) {
    const std::lock_guard lock(mutex_);
    change(marks_);
}

MetricOptions Experiment::State::marked(const MetricOptions& options) {
    const std::lock_guard lock(mutex_);
    if (options.step) marks_.step = options.step;
    if (options.epoch) marks_.epoch = options.epoch;
    return {.step = marks_.step,
            .epoch = marks_.epoch,
            .context = options.context.value_or(marks_.context)};
}

AssetRecord Experiment::State::new_asset(std::string_view type, std::string_view name) const {
    const Marks current = marks();
    return {.id = new_id(),
            .name = std::string(name),
            .type = std::string(type),
            .blob = std::nullopt,
            .step = current.step,
            .epoch = current.epoch,
            .context = current.context};
}

LoggedAsset Experiment::State::logged(const AssetRecord& asset, std::string_view page) const {
    LoggedAsset result{.asset_id = asset.id, .web_url = {}, .api_url = {}};
    if (const auto address = server()) {
        result.web_url = fmt::format("{}/experiments/{}/{}", address->url, key_, page);
        result.api_url =
            fmt::format("{}/api/v1/experiments/{}/assets/{}/content", address->url, key_, asset.id);
    }
    return result;
}

void Experiment::State::append(std::string_view what, const std::vector<JsonObject>& records) {
    if (records.empty()) return;
    or_say_not_logged(what, [&] { spool_->append(records); });
    uploader_->notify();
}

void Experiment::State::keep(std::span<const AssetRecord> assets) {
    std::vector<JsonObject> records;
    for (const AssetRecord& asset : assets) records.push_back(to_json(asset));
    spool_->append(records);
    uploader_->notify();
}

LoggedAsset Experiment::State::log_content(const AssetOptions& options,
                                           const std::function<Blob(Spool&)>& add) {
    AssetRecord asset = new_asset(options.type, options.name);
    if (asset.name.empty()) asset.name = fmt::format("{}-{}", asset.type, asset.id.substr(24));
    if (!options.content_type.empty()) asset.content_type = options.content_type;
    if (options.step) asset.step = options.step;
    if (options.epoch) asset.epoch = options.epoch;
    if (!options.metadata_json.empty()) {
        asset.metadata = parse_json(options.metadata_json, "metadata");
        if (!asset.metadata.is_object()) {
            throw Error(ErrorCode::invalid_argument, "metadata is not a JSON object");
        }
    }
    return or_say_not_logged(asset.name, [&] {
        asset.blob = add(*spool_);
        keep(std::span(&asset, 1));
        return logged(asset, "assets");
    });
}

void Experiment::State::end(const std::function<bool()>& keep_waiting) {
    if (is_ended_.exchange(true)) return;
    append("the end of the experiment", {JsonObject{{"kind", "end"}, {"at", now()}}});
    const auto stop = [&] {
        uploader_->stop();
        close_spool(uploader_->progress());
    };
    try {
        flush(*uploader_, {.patience_s = patience_s_, .keep_waiting = keep_waiting});
    } catch (...) {  // keep_waiting may throw: a Ctrl-C in Python does
        stop();
        throw;
    }
    stop();
}

void Experiment::State::close_spool(const UploadProgress& progress) {
    const std::string path = spool_->path().string();
    if (!progress.is_sent) {
        spool_->unlock();
        log_warning(
            "not everything reached the server{}; it is kept in {}: send it with `oort upload {}`",
            progress.trouble.empty() ? "" : " (" + progress.trouble + ")",
            path,
            path);
        return;
    }
    if (progress.n_rejected > 0) {
        log_error("{} records were refused by the server; they are kept in {}",
                  progress.n_rejected,
                  (spool_->path().parent_path() / ("rejected-" + spool_->writer())).string());
    }
    try {
        spool_->remove();
    } catch (const std::exception& error) {
        log_warning("{} is sent but cannot be removed: {}", path, error.what());
    }
}

}  // namespace oort
