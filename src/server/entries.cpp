// SPDX-License-Identifier: Apache-2.0
// What the viewer asks of one entry of a template. Every array with a value per row is in draw
// order.
#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <set>

#include "server/content.h"
#include "server/handlers.h"

namespace oort {

namespace {

constexpr std::string_view octets = "application/octet-stream";

std::size_t index_of(std::string_view text, std::string_view what) {
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
        throw Error(ErrorCode::invalid_argument, fmt::format("{} must be a whole number", what));
    }
    return index;
}

EntryFiles entry_of(App& app, const Request& request) {
    return app.datasets.find_entry(request.parameter("key"),
                                   request.parameter("asset_id"),
                                   index_of(request.parameter("index"), "the entry's index"));
}

std::shared_ptr<const ShownDataset> dataset_of(App& app, const Request& request) {
    return app.datasets.dataset(entry_of(app, request));
}

/// A column of a dataset, which it keeps alive.
struct ColumnOf {
    std::shared_ptr<const ShownDataset> shown;
    const Column& column;
    std::size_t index;
};

ColumnOf column_of(App& app, const Request& request) {
    auto shown = dataset_of(app, request);
    const auto& columns = shown->dataset.columns;
    const std::size_t index = index_of(request.parameter("column"), "the column's index");
    if (index >= columns.size()) {
        throw Error(
            ErrorCode::not_found,
            fmt::format("column {} is out of range: the dataset has {}", index, columns.size()));
    }
    const Column& column = columns[index];
    return {std::move(shown), column, index};
}

template <class T>
void append_in_order(std::string& bytes,
                     std::span<const T> values,
                     std::span<const std::uint32_t> order) {
    const std::size_t begin = bytes.size();
    bytes.resize(begin + order.size() * sizeof(T));
    char* out = bytes.data() + begin;
    for (const std::uint32_t row : order) {
        std::memcpy(out, &values[row], sizeof(T));
        out += sizeof(T);
    }
}

Json sprite_json(const EntryFiles& files) {
    if (!files.sprite) return nullptr;
    return JsonObject{{"asset_id", files.sprite->id},
                      {"tile_width", files.entry.sprite->tile_width},
                      {"tile_height", files.entry.sprite->tile_height}};
}

JsonArray texts(const std::vector<std::string>& list) {
    JsonArray array;
    for (const std::string& text : list) array.emplace_back(text);
    return array;
}

Json column_json(const Column& column) {
    return JsonObject{{"name", column.name},
                      {"kind", to_name(column.kind)},
                      {"n_values", column.values.size()},
                      {"n_missing", column.n_missing},
                      {"min", column.min ? Json(*column.min) : Json(nullptr)},
                      {"max", column.max ? Json(*column.max) : Json(nullptr)}};
}

std::vector<std::size_t> wanted_components(const Request& request, std::size_t n_components) {
    const std::string list = request.query_member("components").value_or("0,1,2");
    std::vector<std::size_t> wanted;
    std::string_view rest = list;
    while (true) {
        const std::size_t comma = rest.find(',');
        const std::size_t component = index_of(rest.substr(0, comma), "a component");
        if (component >= n_components) {
            throw Error(
                ErrorCode::invalid_argument,
                fmt::format("component {} is out of range: there are {}", component, n_components));
        }
        wanted.push_back(component);
        if (comma == std::string_view::npos) break;
        rest.remove_prefix(comma + 1);
    }
    if (wanted.size() > n_components) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("{} components asked: there are {}", wanted.size(), n_components));
    }
    return wanted;
}

}  // namespace

Response get_template(App& app, const Request& request) {
    const TemplateFiles files =
        app.datasets.find_template(request.parameter("key"), request.parameter("asset_id"));
    JsonArray entries;
    for (std::size_t i = 0; i < files.entries.size(); ++i) {
        const EntryFiles& entry = files.entries[i];
        entries.push_back(JsonObject{{"index", i},
                                     {"title", entry.entry.title},
                                     {"n_rows", entry.entry.n_rows},
                                     {"n_dims", entry.entry.n_dims},
                                     {"state", entry.is_ready() ? "ready" : "waiting"},
                                     {"waiting_for", texts(entry.waiting_for)},
                                     {"has_labels", entry.metadata.has_value()},
                                     {"sprite", sprite_json(entry)}});
    }
    return json_response(
        JsonObject{{"id", files.asset.id},
                   {"name", files.asset.name},
                   {"group", files.asset.group ? Json(*files.asset.group) : Json(nullptr)},
                   {"entries", std::move(entries)}});
}

Response get_dataset(App& app, const Request& request) {
    const EntryFiles files = entry_of(app, request);
    const auto shown = app.datasets.dataset(files);
    const Dataset& dataset = shown->dataset;
    JsonArray columns;
    for (const Column& column : dataset.columns) columns.push_back(column_json(column));
    JsonArray notes = texts(dataset.notes);
    for (const std::string& note : files.notes) notes.emplace_back(note);
    return json_response(JsonObject{{"title", files.entry.title},
                                    {"n_rows", dataset.n_rows},
                                    {"n_dims", dataset.n_dims},
                                    {"n_nonfinite_rows", dataset.n_nonfinite_rows},
                                    {"digest", shown->digest},
                                    {"columns", std::move(columns)},
                                    {"sprite", sprite_json(files)},
                                    {"notes", std::move(notes)}});
}

Response get_order(App& app, const Request& request) {
    const auto shown = dataset_of(app, request);
    const auto bytes = std::as_bytes(std::span(shown->order));
    return derived_response(request,
                            quoted_etag(shown->digest + "-order"),
                            octets,
                            std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

Response get_codes(App& app, const Request& request) {
    const ColumnOf of = column_of(app, request);
    std::string bytes;
    append_in_order(bytes, std::span(of.column.codes), of.shown->order);
    return derived_response(request,
                            quoted_etag(fmt::format("{}-codes-{}", of.shown->digest, of.index)),
                            octets,
                            std::move(bytes));
}

Response get_values(App& app, const Request& request) {
    const ColumnOf of = column_of(app, request);
    JsonArray counts(of.column.counts.begin(), of.column.counts.end());
    return derived_response(
        request,
        quoted_etag(fmt::format("{}-values-{}", of.shown->digest, of.index)),
        "application/json",
        to_text(JsonObject{{"values", texts(of.column.values)}, {"counts", std::move(counts)}}));
}

Response get_numbers(App& app, const Request& request) {
    const ColumnOf of = column_of(app, request);
    if (of.column.kind != ColumnKind::number) {
        throw Error(ErrorCode::not_found, fmt::format("column {} does not hold numbers", of.index));
    }
    std::string bytes;
    append_in_order(bytes, std::span(of.column.numbers), of.shown->order);
    return derived_response(request,
                            quoted_etag(fmt::format("{}-numbers-{}", of.shown->digest, of.index)),
                            octets,
                            std::move(bytes));
}

Response get_pca(App& app, const Request& request) {
    const auto shown = dataset_of(app, request);
    const auto projection = app.projections.pca_of(*shown);
    JsonArray variance;
    JsonArray ratio;
    for (std::size_t k = 0; k < projection->n_components; ++k) {
        variance.emplace_back(projection->explained_variance[k]);
        ratio.emplace_back(projection->explained_variance_ratio(k));
    }
    return json_response(
        JsonObject{{"method", "pca"},
                   {"n_components", projection->n_components},
                   {"explained_variance", std::move(variance)},
                   {"explained_variance_ratio", std::move(ratio)},
                   {"total_variance", projection->total_variance},
                   {"n_rows_used", projection->n_rows_used},
                   {"n_rows_left_out", projection->n_rows - projection->n_rows_used},
                   {"seconds", projection->seconds},
                   {"key", projection->key},
                   {"notes", texts(projection->notes)}});
}

Response get_pca_coordinates(App& app, const Request& request) {
    const auto shown = dataset_of(app, request);
    const auto projection = app.projections.pca_of(*shown);
    std::string bytes;
    std::string tag = projection->key;
    for (const std::size_t k : wanted_components(request, projection->n_components)) {
        append_in_order(
            bytes,
            std::span(projection->coordinates).subspan(k * projection->n_rows, projection->n_rows),
            shown->order);
        tag += fmt::format("-{}", k);
    }
    return derived_response(request, quoted_etag(tag), octets, std::move(bytes));
}

}  // namespace oort
