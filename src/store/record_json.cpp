// SPDX-License-Identifier: Apache-2.0
// Records as they come over the wire.
#include <fmt/format.h>

#include "base/error.h"
#include "base/id.h"
#include "store/records.h"

namespace oort {

namespace {

constexpr std::size_t max_records = 10'000;
constexpr std::size_t max_name_bytes = 4096;
constexpr std::size_t max_value_bytes = std::size_t{1} << 20;
constexpr std::int64_t max_blob_bytes = std::int64_t{1} << 40;

const Json* value_or_null(const JsonObject& object, std::string_view key) {
    const Json* member = object.if_contains(key);
    return member && !member->is_null() ? member : nullptr;
}

std::string name_member(const JsonObject& object, std::string_view key) {
    const std::string_view name = string_member(object, key);
    if (name.empty() || name.size() > max_name_bytes) {
        throw Error(
            ErrorCode::invalid_argument,
            fmt::format(
                "\"{}\" has {} bytes: 1..{} are allowed", key, name.size(), max_name_bytes));
    }
    return std::string(name);
}

std::optional<std::string> optional_name(const JsonObject& object, std::string_view key) {
    return value_or_null(object, key) ? std::optional(name_member(object, key)) : std::nullopt;
}

// A browser takes "." and ".." out of a path before it asks, so nobody could open them.
std::string place_member(const JsonObject& object, std::string_view key) {
    std::string name = name_member(object, key);
    if (name == "." || name == "..") {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("\"{}\" may not be \"{}\"", key, name));
    }
    return name;
}

std::optional<std::int64_t> optional_integer(const JsonObject& object, std::string_view key) {
    return value_or_null(object, key) ? std::optional(integer_member(object, key)) : std::nullopt;
}

std::string value_text(const JsonObject& object, std::string_view key) {
    const Json* member = object.if_contains(key);
    if (!member) throw Error(ErrorCode::invalid_argument, fmt::format("\"{}\" is missing", key));
    std::string text = to_text(*member);
    if (text.size() > max_value_bytes) {
        throw Error(
            ErrorCode::invalid_argument,
            fmt::format("\"{}\" has {} bytes: at most {}", key, text.size(), max_value_bytes));
    }
    return text;
}

AssetRecord parse_asset(const JsonObject& object) {
    const std::string_view id = string_member(object, "id");
    if (!is_id(id))
        throw Error(ErrorCode::invalid_argument, "\"id\" must be 32 lower-case hex digits");
    const auto digest = parse_digest(string_member(object, "sha256"));
    if (!digest) {
        throw Error(ErrorCode::invalid_argument, "\"sha256\" must be 64 lower-case hex digits");
    }
    const std::int64_t size = integer_member(object, "size");
    if (size < 0 || size > max_blob_bytes) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("\"size\" {} is out of range: 0..{}", size, max_blob_bytes));
    }
    std::optional<std::string> metadata;
    if (const Json* member = value_or_null(object, "metadata")) {
        if (!member->is_object()) {
            throw Error(ErrorCode::invalid_argument, "\"metadata\" must be an object");
        }
        metadata = value_text(object, "metadata");
    }
    return {
        .id = std::string(id),
        .name = name_member(object, "name"),
        .type = name_member(object, "type"),
        .sha256 = *digest,
        .size = size,
        .content_type = optional_name(object, "content_type").value_or("application/octet-stream"),
        .step = optional_integer(object, "step"),
        .epoch = optional_integer(object, "epoch"),
        .context = optional_name(object, "context"),
        .group = optional_name(object, "group"),
        .metadata = std::move(metadata)};
}

MetricRecord parse_metric(const JsonObject& object) {
    const Json* value = object.if_contains("value");
    if (!value) throw Error(ErrorCode::invalid_argument, "\"value\" is missing");
    return {.name = name_member(object, "name"),
            .value = number_from(*value, "\"value\""),
            .step = optional_integer(object, "step"),
            .epoch = optional_integer(object, "epoch"),
            .context = optional_name(object, "context").value_or("")};
}

Record parse_record(const Json& json) {
    if (!json.is_object()) throw Error(ErrorCode::invalid_argument, "not an object");
    const JsonObject& object = json.get_object();
    Record record{.at = integer_member(object, "at"), .content = EndRecord{}};
    const std::string_view kind = string_member(object, "kind");
    if (kind == "experiment") {
        record.content = ExperimentRecord{.workspace = place_member(object, "workspace"),
                                          .project = place_member(object, "project"),
                                          .name = optional_name(object, "name")};
    } else if (kind == "asset") {
        record.content = parse_asset(object);
    } else if (kind == "metric") {
        record.content = parse_metric(object);
    } else if (kind == "parameter") {
        record.content = ParameterRecord{.name = name_member(object, "name"),
                                         .value = value_text(object, "value"),
                                         .step = optional_integer(object, "step")};
    } else if (kind == "other") {
        record.content = OtherRecord{.key = name_member(object, "key"),
                                     .value = value_text(object, "value"),
                                     .step = optional_integer(object, "step")};
    } else if (kind == "tag") {
        record.content = TagRecord{.tag = name_member(object, "tag")};
    } else if (kind == "name") {
        record.content = NameRecord{.name = name_member(object, "name")};
    } else if (kind != "end") {
        throw Error(ErrorCode::invalid_argument, fmt::format("there is no kind \"{}\"", kind));
    }
    return record;
}

}  // namespace

RecordBatch parse_record_batch(const Json& body) {
    if (!body.is_object()) throw Error(ErrorCode::invalid_argument, "the body must be an object");
    const JsonObject& object = body.get_object();
    RecordBatch batch{.writer = std::string(string_member(object, "writer")),
                      .first = integer_member(object, "first"),
                      .records = {}};
    if (!is_id(batch.writer)) {
        throw Error(ErrorCode::invalid_argument, "\"writer\" must be 32 lower-case hex digits");
    }
    if (batch.first < 0) throw Error(ErrorCode::invalid_argument, "\"first\" may not be negative");
    const Json* records = object.if_contains("records");
    if (!records || !records->is_array()) {
        throw Error(ErrorCode::invalid_argument, "\"records\" must be an array");
    }
    const JsonArray& array = records->get_array();
    if (array.size() > max_records) {
        throw Error(
            ErrorCode::too_large,
            fmt::format("{} records in one request: at most {}", array.size(), max_records));
    }
    batch.records.reserve(array.size());
    for (const Json& json : array) {
        try {
            batch.records.push_back(parse_record(json));
        } catch (const Error& error) {
            throw Error(error.code(),
                        fmt::format("record {}: {}",
                                    batch.first + static_cast<std::int64_t>(batch.records.size()),
                                    error.what()));
        }
    }
    return batch;
}

}  // namespace oort
