// SPDX-License-Identifier: Apache-2.0
// The Projection resource, as persons and browsers see it.
#include "base/check.h"
#include "jobs/projection_queue.h"

namespace oort {

bool ProjectionStatus::has_ended() const {
    const std::string& state = row.state;
    // Who was told to stop still sends the layout as it is then.
    return state == "done" || state == "failed" || state == "cancelled" ||
           (state == "stopped" && !row.lease);
}

JsonObject to_json(const ProjectionStatus& status) {
    const ProjectionRow& row = status.row;
    const WorkerProgress& progress = row.progress;
    const Json request = parse_json(row.task.request, "the request");
    Json report = row.report.empty() ? Json(nullptr) : parse_json(row.report, "the report");
    Json error = nullptr;
    if (row.error) error = {{"code", row.error->code}, {"message", row.error->message}};
    return {
        {"key", row.task.key},
        {"state", row.state},
        {"method", request.at("method")},
        {"n_components", request.at("n_components")},
        {"options", request.at("options")},
        {"n_rows", row.task.n_rows},
        {"rows_given", row.task.rows.has_value()},
        {"supervise_by", or_null(row.task.supervise_by)},
        {"queue_position", status.queue_position > 0 ? Json(status.queue_position) : Json(nullptr)},
        {"stage", row.state == "done" ? "done" : progress.stage},
        {"iteration", progress.iteration},
        {"n_iterations", progress.n_iterations},
        {"seconds_elapsed", progress.seconds_elapsed},
        {"seconds_left", row.state == "running" ? or_null(progress.seconds_left) : nullptr},
        {"estimate",
         {{"seconds", row.task.estimated_seconds}, {"memory_bytes", row.task.estimated_bytes}}},
        {"report", std::move(report)},
        {"error", std::move(error)},
        {"notes", JsonArray(progress.notes.begin(), progress.notes.end())}};
}

}  // namespace oort
