// SPDX-License-Identifier: Apache-2.0
#include "oort/experiment.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/log.h"
#include "base/time.h"
#include "client/asset_record.h"
#include "client/experiment_state.h"
#include "sprite/image.h"

namespace oort {

namespace {

JsonObject record_of(std::string_view kind) {
    return {{"kind", kind}, {"at", now()}};
}

Json to_json(const Value& value) {
    if (const double* number = std::get_if<double>(&value)) return number_or_name(*number);
    return std::visit([](const auto& held) { return Json(held); }, value);
}

void check_name(std::string_view argument, std::string_view name) {
    if (name.empty()) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("{} is empty: a name is needed", argument));
    }
}

JsonObject metric_record(std::string_view name, double value, const MetricOptions& options) {
    check_name("the metric's name", name);
    JsonObject record = record_of("metric");
    record["name"] = name;
    record["value"] = number_or_name(value);
    record["step"] = options.step ? Json(*options.step) : Json(nullptr);
    record["epoch"] = options.epoch ? Json(*options.epoch) : Json(nullptr);
    record["context"] =
        options.context && !options.context->empty() ? Json(*options.context) : Json(nullptr);
    return record;
}

JsonObject parameter_record(std::string_view name, const Value& value) {
    check_name("the parameter's name", name);
    JsonObject record = record_of("parameter");
    record["name"] = name;
    record["value"] = to_json(value);
    return record;
}

}  // namespace

EmbeddingImages EmbeddingImages::of(std::span<const std::uint8_t> bytes,
                                    int width,
                                    int height,
                                    int channels) {
    const std::size_t size = width > 0 && height > 0 && channels > 0
                                 ? static_cast<std::size_t>(width) *
                                       static_cast<std::size_t>(height) *
                                       static_cast<std::size_t>(channels)
                                 : 0;
    if (size == 0 || bytes.size() % size != 0) {
        throw Error(
            ErrorCode::invalid_argument,
            fmt::format(
                "{} bytes are not a whole number of pictures of {} x {} pixels and {} channels",
                bytes.size(),
                width,
                height,
                channels));
    }
    EmbeddingImages images{.pictures = {}, .tile_width = width, .tile_height = height};
    for (std::size_t begin = 0; begin < bytes.size(); begin += size) {
        images.pictures.push_back({bytes.subspan(begin, size), width, height, channels});
    }
    return images;
}

Experiment::Experiment(const ExperimentOptions& options) {
    if (!options.disabled) state_ = std::make_unique<State>(options);
}

Experiment::~Experiment() {
    if (!state_) return;
    if (state_->is_foreign()) {
        // In a child made by fork() there is no thread to join and the spool is the parent's.
        static_cast<void>(state_.release());
        return;
    }
    try {
        end();
    } catch (const std::exception& error) {
        log_error("the experiment could not be ended: {}", error.what());
    }
}

Experiment::Experiment(Experiment&&) noexcept = default;

Experiment& Experiment::operator=(Experiment&& other) noexcept {
    std::swap(state_, other.state_);
    return *this;
}

LoggedAsset Experiment::log_embedding(std::span<const float> vectors,
                                      std::size_t n_dims,
                                      const Labels& labels,
                                      const EmbeddingOptions& options) {
    if (!is_alive()) return {};
    return state_->log_embedding(vectors, n_dims, labels, options);
}

LoggedAsset Experiment::create_embedding_image(const EmbeddingImages& images, std::string* png) {
    if (!is_alive()) return {};
    return state_->create_embedding_image(images, png);
}

LoggedAsset Experiment::log_embedding_image(std::string_view png) {
    if (!is_alive()) return {};
    const auto info = sniff_image(std::as_bytes(std::span(png)));
    if (!info || info->format != ImageFormat::png) {
        throw Error(ErrorCode::invalid_argument, "the embedding image is no PNG");
    }
    return state_->log_sprite_png(png);
}

LoggedAsset Experiment::log_asset(const std::string& path, const AssetOptions& options) {
    if (!is_alive()) return {};
    AssetOptions named = options;
    if (named.name.empty()) named.name = std::filesystem::path(path).filename().string();
    return state_->log_content(named, [&](Spool& spool) { return spool.add_file(path); });
}

LoggedAsset Experiment::log_asset_data(std::span<const std::byte> data,
                                       const AssetOptions& options) {
    if (!is_alive()) return {};
    return state_->log_content(options, [&](Spool& spool) { return spool.add_blob(data); });
}

LoggedAsset Experiment::log_asset_data(std::string_view text, const AssetOptions& options) {
    return log_asset_data(std::as_bytes(std::span(text)), options);
}

LoggedAsset Experiment::log_image(std::span<const std::byte> encoded, AssetOptions options) {
    if (!is_alive()) return {};
    const auto info = sniff_image(encoded);
    if (!info) {
        throw Error(
            ErrorCode::invalid_argument,
            fmt::format("the image of {} bytes is no PNG, JPEG, WebP or GIF", encoded.size()));
    }
    options.type = "image";
    options.content_type = content_type(info->format);
    return log_asset_data(encoded, options);
}

LoggedAsset Experiment::log_image(const Picture& picture, AssetOptions options) {
    if (!is_alive()) return {};
    const EmbeddingImages one{
        .pictures = {picture}, .tile_width = picture.width, .tile_height = picture.height};
    const std::string png = State::png_of(one);
    return log_image(std::as_bytes(std::span(png)), std::move(options));
}

LoggedAsset Experiment::log_text(std::string_view text, AssetOptions options) {
    options.type = "text";
    if (options.content_type.empty()) options.content_type = "text/plain; charset=utf-8";
    return log_asset_data(text, options);
}

void Experiment::log_metric(std::string_view name, double value, const MetricOptions& options) {
    const std::pair<std::string, double> metric(name, value);
    log_metrics(std::span(&metric, 1), options);
}

void Experiment::log_metrics(std::span<const std::pair<std::string, double>> metrics,
                             const MetricOptions& options) {
    if (!is_alive()) return;
    const MetricOptions marked = state_->marked(options);
    std::vector<JsonObject> records;
    for (const auto& [name, value] : metrics) records.push_back(metric_record(name, value, marked));
    state_->append("metrics", records);
}

void Experiment::log_parameter(std::string_view name, const Value& value) {
    if (!is_alive()) return;
    state_->append("a parameter", {parameter_record(name, value)});
}

void Experiment::log_parameters(std::span<const std::pair<std::string, Value>> parameters) {
    if (!is_alive()) return;
    std::vector<JsonObject> records;
    for (const auto& [name, value] : parameters) records.push_back(parameter_record(name, value));
    state_->append("parameters", records);
}

void Experiment::log_other(std::string_view key, const Value& value) {
    if (!is_alive()) return;
    check_name("the key", key);
    JsonObject record = record_of("other");
    record["key"] = key;
    record["value"] = to_json(value);
    state_->append("a value", {record});
}

void Experiment::add_tag(std::string_view tag) {
    const std::string one(tag);
    add_tags(std::span(&one, 1));
}

void Experiment::add_tags(std::span<const std::string> tags) {
    if (!is_alive()) return;
    std::vector<JsonObject> records;
    for (const std::string& tag : tags) {
        check_name("the tag", tag);
        records.push_back(record_of("tag"));
        records.back()["tag"] = tag;
    }
    state_->append("tags", records);
}

void Experiment::set_name(std::string_view name) {
    if (!is_alive()) return;
    check_name("the experiment's name", name);
    state_->set_name(name);
    JsonObject record = record_of("name");
    record["name"] = name;
    state_->append("a name", {record});
}

void Experiment::set_step(std::optional<std::int64_t> step) {
    if (is_alive()) state_->set_marks([&](Marks& marks) { marks.step = step; });
}

void Experiment::set_epoch(std::optional<std::int64_t> epoch) {
    if (is_alive()) state_->set_marks([&](Marks& marks) { marks.epoch = epoch; });
}

void Experiment::set_context(std::string_view context) {
    if (is_alive()) state_->set_marks([&](Marks& marks) { marks.context = context; });
}

std::string Experiment::key() const {
    return state_ ? state_->key() : "";
}

std::string Experiment::name() const {
    return state_ ? state_->name() : "";
}

std::string Experiment::url() const {
    return state_ ? state_->page_url() : "";
}

bool Experiment::is_alive() const {
    return state_ && state_->is_alive();
}

void Experiment::end(const std::function<bool()>& keep_waiting) {
    if (is_alive()) state_->end(keep_waiting);
}

}  // namespace oort
