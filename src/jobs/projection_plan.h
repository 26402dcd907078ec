// SPDX-License-Identifier: Apache-2.0
// What somebody asks to be projected, made into a task: names are looked up, everything is checked,
// and the key is made that says whether the same was asked for before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "jobs/datasets.h"
#include "numeric/projection.h"
#include "store/blobs.h"
#include "store/projection_rows.h"

namespace oort {

/// The body of POST /api/v1/projections.
struct ProjectionWish {
    std::string experiment;
    std::string template_id;
    std::size_t entry = 0;
    std::vector<std::uint32_t> rows;  ///< ascending; empty: all
    std::string supervise_by;         ///< a column's name; empty: none
    ProjectionRequest request;
};

/// Throws Error(invalid_argument) for a member that is missing, unknown or of the wrong form, for
/// options out of range and for rows that are not ascending or repeat.
ProjectionWish projection_wish_from_json(const JsonObject& object);

/// A wish with its dataset at hand.
struct ProjectionPlan {
    ProjectionTask task;  ///< its blobs are named but perhaps not kept yet
    std::shared_ptr<const ShownDataset> shown;
    std::string rows;    ///< the bytes of task.rows
    std::string labels;  ///< the bytes of task.labels
    ProjectionEstimate estimate;
};

/// n_threads  that will compute. Throws Error(not_found) for an unknown experiment, template or
/// entry, Error(unavailable) while its vectors are not here, Error(invalid_argument) for rows that
/// the dataset lacks or a column that it does not have.
ProjectionPlan plan_projection(Datasets& datasets, const ProjectionWish& wish, int n_threads);

/// Makes the blobs durable that the task names.
void keep_inputs(BlobStore& blobs, const ProjectionPlan& plan);

}  // namespace oort
