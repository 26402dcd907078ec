// SPDX-License-Identifier: Apache-2.0
#include "jobs/projection_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <span>
#include <utility>

#include "base/error.h"

namespace oort {

namespace {

// Part of every key: raised when the same request is kept in another form than before.
constexpr int layout_code_version = 1;

Error invalid(const std::string& message) {
    return {ErrorCode::invalid_argument, message};
}

std::vector<std::uint32_t> rows_of(const Json& json) {
    if (!json.is_array() || json.get_array().empty()) {
        throw invalid("\"rows\" must be an array of row numbers, or absent for all rows");
    }
    std::vector<std::uint32_t> rows;
    rows.reserve(json.get_array().size());
    for (const Json& item : json.get_array()) {
        boost::json::error_code error;
        const auto row = item.is_number() ? item.to_number<std::int64_t>(error) : -1;
        if (error || row < 0 || row >= std::numeric_limits<std::uint32_t>::max()) {
            throw invalid(fmt::format("row {} is no row number", to_text(item)));
        }
        if (!rows.empty() && row == rows.back()) {
            throw invalid(fmt::format("row {} stands twice in \"rows\"", row));
        }
        if (!rows.empty() && row < rows.back()) {
            throw invalid(fmt::format(
                "\"rows\" must be ascending: row {} comes after row {}", row, rows.back()));
        }
        rows.push_back(static_cast<std::uint32_t>(row));
    }
    return rows;
}

template <class T>
std::string bytes_of_values(std::span<const T> values) {
    const auto bytes = std::as_bytes(values);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

const Column& column_named(const Dataset& dataset, const std::string& name) {
    const auto found = std::find_if(dataset.columns.begin(),
                                    dataset.columns.end(),
                                    [&](const Column& column) { return column.name == name; });
    if (found != dataset.columns.end()) return *found;
    std::vector<std::string> names;
    for (const Column& column : dataset.columns) names.push_back(column.name);
    throw invalid(
        fmt::format("supervise_by \"{}\" is no column of the dataset: {}",
                    name,
                    names.empty() ? "it has none" : fmt::format("{}", fmt::join(names, ", "))));
}

std::string key_of(const ProjectionTask& task,
                   const ProjectionRequest& request,
                   const std::string& tensor_digest) {
    const auto digest_or = [](const std::optional<Digest>& digest, const char* other) {
        return digest ? to_hex(*digest) : std::string(other);
    };
    return to_hex(sha256(fmt::format("layout {} {} {} {} {} {}",
                                     layout_code_version,
                                     code_version(request.method),
                                     tensor_digest,
                                     digest_or(task.rows, "all"),
                                     task.request,
                                     digest_or(task.labels, "none"))));
}

}  // namespace

ProjectionWish projection_wish_from_json(const JsonObject& object) {
    static constexpr std::array<std::string_view, 8> known{"experiment",
                                                           "template",
                                                           "entry",
                                                           "rows",
                                                           "method",
                                                           "n_components",
                                                           "options",
                                                           "supervise_by"};
    JsonObject request;
    for (const auto& member : object) {
        const std::string_view name = member.key();
        if (std::find(known.begin(), known.end(), name) == known.end()) {
            throw invalid(fmt::format("\"{}\" is no member of a projection", name));
        }
        if (name == "method" || name == "n_components" || name == "options") {
            request[name] = member.value();
        }
    }
    string_member(object, "method");
    ProjectionWish wish{.experiment = std::string(string_member(object, "experiment")),
                        .template_id = std::string(string_member(object, "template")),
                        .entry = 0,
                        .rows = {},
                        .supervise_by = {},
                        .request = projection_request_from_json(request)};
    const std::int64_t entry = integer_member(object, "entry");
    if (entry < 0) throw invalid(fmt::format("entry {} is out of range: 0 or more", entry));
    wish.entry = static_cast<std::size_t>(entry);
    const Json* rows = object.if_contains("rows");
    if (rows && !rows->is_null()) wish.rows = rows_of(*rows);
    const Json* column = object.if_contains("supervise_by");
    if (column && !column->is_null()) wish.supervise_by = string_member(object, "supervise_by");
    if (!wish.supervise_by.empty() && wish.request.method == Method::pca) {
        throw invalid("supervise_by is for tsne and umap: pca takes no labels");
    }
    return wish;
}

ProjectionPlan plan_projection(Datasets& datasets, const ProjectionWish& wish, int n_threads) {
    const EntryFiles files = datasets.find_entry(wish.experiment, wish.template_id, wish.entry);
    ProjectionPlan plan;
    plan.shown = datasets.dataset(files);
    const Dataset& dataset = plan.shown->dataset;
    ProjectionTask& task = plan.task;
    task.request = to_text(to_json(wish.request));
    task.points = {.blob = is_raw_tensor(files.entry.tensor)
                               ? files.tensor->sha256
                               : sha256(std::as_bytes(dataset.vectors.values())),
                   .n_rows = dataset.n_rows,
                   .n_dims = dataset.n_dims,
                   .order_seed = plan.shown->order_seed};
    if (!wish.rows.empty() && wish.rows.back() >= dataset.n_rows) {
        throw invalid(fmt::format(
            "row {} is out of range: the dataset has {} rows", wish.rows.back(), dataset.n_rows));
    }
    task.n_rows = wish.rows.empty() ? dataset.n_rows : wish.rows.size();
    // As many rows as there are, ascending and distinct, are all of them.
    if (task.n_rows < dataset.n_rows) {
        plan.rows = bytes_of_values(std::span(wish.rows));
        task.rows = sha256(plan.rows);
    }
    if (!wish.supervise_by.empty()) {
        const Column& column = column_named(dataset, wish.supervise_by);
        plan.labels = bytes_of_values(std::span(column.codes));
        task.labels = sha256(plan.labels);
        task.supervise_by = wish.supervise_by;
    }
    plan.estimate = estimate(task.n_rows, dataset.n_dims, wish.request, n_threads);
    task.estimated_seconds = plan.estimate.seconds;
    task.estimated_bytes = static_cast<std::int64_t>(plan.estimate.memory_bytes);
    task.key = key_of(task, wish.request, plan.shown->tensor_digest);
    return plan;
}

void keep_inputs(BlobStore& blobs, const ProjectionPlan& plan) {
    // Raw vectors are a blob already; what was read from text becomes one.
    if (!blobs.size(plan.task.points.blob)) {
        blobs.keep(std::as_bytes(plan.shown->dataset.vectors.values()));
    }
    if (plan.task.rows) blobs.keep(std::as_bytes(std::span(plan.rows)));
    if (plan.task.labels) blobs.keep(std::as_bytes(std::span(plan.labels)));
}

}  // namespace oort
