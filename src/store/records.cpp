// SPDX-License-Identifier: Apache-2.0
#include "store/records.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <span>
#include <utility>

#include "base/error.h"

namespace oort {

namespace {

// Below every step that can be logged.
constexpr std::int64_t none = std::numeric_limits<std::int64_t>::min();

template <class... Cases>
struct Overloaded : Cases... {
    using Cases::operator()...;
};

std::optional<double> unless_nan(double value) {
    return std::isnan(value) ? std::nullopt : std::optional(value);
}

/// Applies the records of one experiment inside the transaction that the caller holds.
class Applier {
  public:
    Applier(Connection& connection, std::string_view experiment_key)
        : connection_(connection), key_(experiment_key) {
        Statement row = connection_.query("SELECT id FROM experiments WHERE key = $1", {key_});
        if (row.step()) experiment_ = row.integer(0);
    }

    std::int64_t n_applied(std::string_view writer) const {
        if (!experiment_) return 0;
        Statement row = connection_.query(
            "SELECT n_applied FROM writers WHERE experiment_id = $1 AND writer = $2",
            {experiment_, writer});
        return row.step() ? row.integer(0) : 0;
    }

    void apply(const Record& record) {
        at_ = record.at;
        if (!experiment_ && !std::holds_alternative<ExperimentRecord>(record.content)) {
            throw Error(ErrorCode::not_found,
                        "there is no such experiment, and the first record does not create it");
        }
        std::visit(Overloaded{[&](const ExperimentRecord& r) { apply_experiment(r); },
                              [&](const AssetRecord& r) { apply_asset(r); },
                              [&](const MetricRecord& r) { apply_metric(r); },
                              [&](const ParameterRecord& r) { apply_parameter(r); },
                              [&](const OtherRecord& r) { apply_other(r); },
                              [&](const TagRecord& r) {
                                  connection_.run(
                                      "INSERT INTO tags VALUES ($1, $2) ON CONFLICT DO NOTHING",
                                      {experiment_, r.tag});
                              },
                              [&](const NameRecord& r) {
                                  connection_.run("UPDATE experiments SET name = $1 WHERE id = $2",
                                                  {r.name, experiment_});
                              },
                              [&](const EndRecord&) {
                                  connection_.run(
                                      "UPDATE experiments SET state = 'finished', ended_at = $1"
                                      " WHERE id = $2",
                                      {at_, experiment_});
                              }},
                   record.content);
    }

    void finish(std::string_view writer, std::int64_t n_applied) {
        connection_.run(
            "INSERT INTO writers VALUES ($1, $2, $3)"
            " ON CONFLICT (experiment_id, writer) DO UPDATE SET n_applied = excluded.n_applied",
            {experiment_, writer, n_applied});
        // max() over NULL is NULL in SQLite, hence the coalesce on both sides.
        connection_.run(
            "UPDATE experiments SET updated_at = max(updated_at, $1),"
            " step = coalesce(max(step, $2), step, $2), epoch = coalesce(max(epoch, $3), epoch, $3)"
            " WHERE id = $4",
            {now(), unless_none(step_), unless_none(epoch_), experiment_});
        connection_.run(
            "UPDATE projects SET updated_at = max(updated_at, $1)"
            " WHERE id = (SELECT project_id FROM experiments WHERE id = $2)",
            {now(), experiment_});
    }

  private:
    void note(const std::optional<std::int64_t>& step, const std::optional<std::int64_t>& epoch) {
        step_ = std::max(step_, step.value_or(none));
        epoch_ = std::max(epoch_, epoch.value_or(none));
    }

    static SqlParameter unless_none(std::int64_t value) {
        return value == none ? SqlParameter(nullptr) : SqlParameter(value);
    }

    void apply_experiment(const ExperimentRecord& record) {
        if (experiment_) {
            connection_.run(
                "UPDATE experiments SET state = 'running', ended_at = NULL, name = coalesce(name, "
                "$1)"
                " WHERE id = $2",
                {record.name, experiment_});
            return;
        }
        connection_.run(
            "INSERT INTO workspaces (name, created_at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            {record.workspace, at_});
        connection_.run(
            "INSERT INTO projects (workspace_id, name, created_at, updated_at)"
            " SELECT id, $1, $2, $2 FROM workspaces WHERE name = $3 ON CONFLICT DO NOTHING",
            {record.project, at_, record.workspace});
        connection_.run(
            "INSERT INTO experiments (key, project_id, name, state, created_at, updated_at)"
            " SELECT $1, p.id, $2, 'running', $3, $3 FROM projects p"
            " JOIN workspaces w ON w.id = p.workspace_id WHERE w.name = $4 AND p.name = $5",
            {key_, record.name, at_, record.workspace, record.project});
        experiment_ = connection_.last_insert_id();
    }

    void apply_asset(const AssetRecord& r) {
        note(r.step, r.epoch);
        connection_.run(
            "INSERT INTO assets (experiment_id, id, name, type, size, sha256, content_type, step, "
            "epoch,"
            " context, group_name, metadata, created_at, updated_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)"
            " ON CONFLICT (experiment_id, id) DO UPDATE SET name = excluded.name, type = "
            "excluded.type,"
            " size = excluded.size, sha256 = excluded.sha256, content_type = excluded.content_type,"
            " step = excluded.step, epoch = excluded.epoch, context = excluded.context,"
            " group_name = excluded.group_name, metadata = excluded.metadata,"
            " updated_at = excluded.updated_at",
            {experiment_,
             r.id,
             r.name,
             r.type,
             r.size,
             r.sha256,
             r.content_type,
             r.step,
             r.epoch,
             r.context,
             r.group,
             r.metadata,
             at_});
    }

    void apply_metric(const MetricRecord& r) {
        note(r.step, r.epoch);
        const auto value = unless_nan(r.value);
        Statement row = connection_.query(
            "INSERT INTO metrics (experiment_id, name, context, n_points, last, minimum, maximum, "
            "last_step)"
            " VALUES ($1, $2, $3, 1, $4, $4, $4, $5)"
            " ON CONFLICT (experiment_id, name, context) DO UPDATE SET n_points = n_points + 1,"
            " last = excluded.last,"
            " minimum = coalesce(min(minimum, excluded.last), minimum, excluded.last),"
            " maximum = coalesce(max(maximum, excluded.last), maximum, excluded.last),"
            " last_step = coalesce(excluded.last_step, last_step) RETURNING id, n_points",
            {experiment_, r.name, r.context, value, r.step});
        row.step();
        const std::int64_t metric = row.integer(0);
        const std::int64_t number = row.integer(1) - 1;
        row.step();
        connection_.run("INSERT INTO metric_points VALUES ($1, $2, $3, $4, $5, $6)",
                        {metric, number, r.step, r.epoch, at_, value});
    }

    void apply_parameter(const ParameterRecord& r) {
        note(r.step, {});
        connection_.run(
            "INSERT INTO parameters (experiment_id, name, value, step, logged_at)"
            " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (experiment_id, name) DO UPDATE SET"
            " value = excluded.value, step = excluded.step, logged_at = excluded.logged_at",
            {experiment_, r.name, r.value, r.step, at_});
    }

    void apply_other(const OtherRecord& r) {
        note(r.step, {});
        connection_.run(
            "INSERT INTO other (experiment_id, name, value, step, logged_at)"
            " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (experiment_id, name) DO UPDATE SET"
            " value = excluded.value, step = excluded.step, logged_at = excluded.logged_at",
            {experiment_, r.key, r.value, r.step, at_});
    }

    Connection& connection_;
    std::string_view key_;
    std::int64_t experiment_ = 0;  ///< row id; 0 while there is none
    Milliseconds at_ = 0;
    std::int64_t step_ = none;
    std::int64_t epoch_ = none;
};

// Blobs are never removed, so what is complete here is still complete when the transaction runs.
std::vector<std::string> missing_blobs(const BlobStore& blobs, std::span<const Record> records) {
    std::map<Digest, std::optional<std::uint64_t>> sizes;
    std::vector<std::string> missing;
    for (const Record& record : records) {
        const auto* asset = std::get_if<AssetRecord>(&record.content);
        if (!asset) continue;
        auto [found, is_new] = sizes.try_emplace(asset->sha256, std::nullopt);
        if (is_new) {
            found->second = blobs.size(asset->sha256);
            if (!found->second) missing.push_back(to_hex(asset->sha256));
        }
        if (found->second && *found->second != static_cast<std::uint64_t>(asset->size)) {
            throw Error(ErrorCode::invalid_argument,
                        fmt::format("asset {}: size {} is not that of its blob: {}",
                                    asset->id,
                                    asset->size,
                                    *found->second));
        }
    }
    return missing;
}

}  // namespace

ApplyResult apply_records(Database& database,
                          const BlobStore& blobs,
                          std::string_view experiment_key,
                          const RecordBatch& batch) {
    using Outcome = ApplyResult::Outcome;
    const auto n_records = static_cast<std::int64_t>(batch.records.size());
    const std::int64_t n_known = database.read([&](Connection& connection) {
        return Applier(connection, experiment_key).n_applied(batch.writer);
    });
    if (batch.first > n_known) return {.outcome = Outcome::gap, .n_applied = n_known};
    const auto n_old = static_cast<std::size_t>(std::min(n_known - batch.first, n_records));
    const auto missing = missing_blobs(blobs, std::span(batch.records).subspan(n_old));
    if (!missing.empty()) {
        return {.outcome = Outcome::missing_blobs, .n_applied = n_known, .missing = missing};
    }
    return database.write([&](Connection& connection) -> ApplyResult {
        Applier applier(connection, experiment_key);
        // Asked again inside the transaction: the same batch may have come twice at once.
        const std::int64_t n_applied = applier.n_applied(batch.writer);
        const std::int64_t end = batch.first + n_records;
        if (end <= n_applied) return {.outcome = Outcome::applied, .n_applied = n_applied};
        for (std::int64_t i = n_applied - batch.first; i < n_records; ++i) {
            applier.apply(batch.records[static_cast<std::size_t>(i)]);
        }
        applier.finish(batch.writer, end);
        return {.outcome = Outcome::applied, .n_applied = end};
    });
}

}  // namespace oort
