// SPDX-License-Identifier: Apache-2.0
#include "server/json_rows.h"

namespace oort {

Json to_json(const ExperimentRow& experiment) {
    JsonArray tags;
    for (const std::string& tag : experiment.tags) tags.emplace_back(tag);
    return JsonObject{{"key", experiment.key},
                      {"workspace", experiment.workspace},
                      {"project", experiment.project},
                      {"name", or_null(experiment.name)},
                      {"state", experiment.state},
                      {"created_at", experiment.created_at},
                      {"updated_at", experiment.updated_at},
                      {"ended_at", or_null(experiment.ended_at)},
                      {"step", or_null(experiment.step)},
                      {"epoch", or_null(experiment.epoch)},
                      {"tags", std::move(tags)},
                      {"n_assets", experiment.n_assets},
                      {"n_templates", experiment.n_templates}};
}

Json to_json(const AssetRow& asset) {
    return JsonObject{
        {"id", asset.id},
        {"name", asset.name},
        {"type", asset.type},
        {"size", asset.size},
        {"sha256", to_hex(asset.sha256)},
        {"content_type", asset.content_type},
        {"step", or_null(asset.step)},
        {"epoch", or_null(asset.epoch)},
        {"context", or_null(asset.context)},
        {"group", or_null(asset.group)},
        {"metadata", asset.metadata ? parse_json(*asset.metadata, "metadata") : Json(nullptr)},
        {"created_at", asset.created_at},
        {"updated_at", asset.updated_at}};
}

Json to_json(const MetricRow& metric) {
    return JsonObject{{"name", metric.name},
                      {"context", or_null(metric.context)},
                      {"n", metric.n_points},
                      {"last", number_or_name(metric.last)},
                      {"min", number_or_name(metric.minimum)},
                      {"max", number_or_name(metric.maximum)},
                      {"last_step", or_null(metric.last_step)}};
}

Json to_json(const MetricPoint& point) {
    return JsonArray{
        or_null(point.step), or_null(point.epoch), point.logged_at, number_or_name(point.value)};
}

Json to_json(const ValueRow& value) {
    return JsonObject{{"name", value.name},
                      {"value", parse_json(value.value, "value")},
                      {"step", or_null(value.step)},
                      {"logged_at", value.logged_at}};
}

}  // namespace oort
