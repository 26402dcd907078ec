// SPDX-License-Identifier: Apache-2.0
// What a client logs arrives as numbered records. Each writer (one spool) numbers its own from 0;
// the store keeps how many of them it has applied, so a record sent twice changes nothing the
// second time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/json.h"
#include "base/sha256.h"
#include "base/time.h"
#include "store/blobs.h"
#include "store/database.h"

namespace oort {

/// Creates the experiment, or marks it running again.
struct ExperimentRecord {
    std::string workspace;
    std::string project;
    std::optional<std::string> name;
};

/// Adds an asset, or gives the one with this id new content.
struct AssetRecord {
    std::string id;
    std::string name;
    std::string type;
    Digest sha256;
    std::int64_t size;
    std::string content_type;
    std::optional<std::int64_t> step;
    std::optional<std::int64_t> epoch;
    std::optional<std::string> context;
    std::optional<std::string> group;
    std::optional<std::string> metadata;  ///< JSON text of an object
};

struct MetricRecord {
    std::string name;
    double value;
    std::optional<std::int64_t> step;
    std::optional<std::int64_t> epoch;
    std::string context;  ///< empty for none
};

struct ParameterRecord {
    std::string name;
    std::string value;  ///< JSON text
    std::optional<std::int64_t> step;
};

struct OtherRecord {
    std::string key;
    std::string value;  ///< JSON text
    std::optional<std::int64_t> step;
};

struct TagRecord {
    std::string tag;
};

struct NameRecord {
    std::string name;
};

struct EndRecord {};

struct Record {
    Milliseconds at = 0;
    std::variant<ExperimentRecord,
                 AssetRecord,
                 MetricRecord,
                 ParameterRecord,
                 OtherRecord,
                 TagRecord,
                 NameRecord,
                 EndRecord>
        content;
};

struct RecordBatch {
    std::string writer;      ///< the spool's id
    std::int64_t first = 0;  ///< number of the first record
    std::vector<Record> records;
};

struct ApplyResult {
    enum class Outcome {
        applied,
        gap,            ///< records before `first` are missing; nothing was applied
        missing_blobs,  ///< a record names a blob that is not complete; nothing was applied
    };

    Outcome outcome;
    std::int64_t n_applied = 0;          ///< of this writer, in all
    std::vector<std::string> missing{};  ///< digests
};

/// Reads the body of a request. Throws Error(invalid_argument) naming the record's number and the
/// rule.
RecordBatch parse_record_batch(const Json& body);

/// Applies those records of the batch that this writer has not yet had applied, in one transaction;
/// returns once it is on disk. Throws Error(not_found) if the experiment is unknown and no record
/// creates it, Error(invalid_argument) if an asset's size is not that of its blob.
ApplyResult apply_records(Database& database,
                          const BlobStore& blobs,
                          std::string_view experiment_key,
                          const RecordBatch& batch);

}  // namespace oort
