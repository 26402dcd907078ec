// SPDX-License-Identifier: Apache-2.0
// All handlers, by the file that holds them. They run on workers and may throw Error.
#pragma once

#include <functional>
#include <memory>

#include "server/app.h"
#include "server/message.h"

namespace oort {

// health.cpp
Response get_healthz(App& app, const Request& request);
Response get_readyz(App& app, const Request& request);
Response get_server(App& app, const Request& request);

// session.cpp
Response post_session(App& app, const Request& request);
Response delete_session(App& app, const Request& request);
Response post_codes(App& app, const Request& request);

// experiments.cpp
Response get_workspaces(App& app, const Request& request);
Response get_experiments(App& app, const Request& request);
Response get_experiment(App& app, const Request& request);
Response get_metrics(App& app, const Request& request);
Response get_metric_points(App& app, const Request& request);
Response get_parameters(App& app, const Request& request);
Response get_other(App& app, const Request& request);

// assets.cpp
Response get_assets(App& app, const Request& request);
Response get_asset(App& app, const Request& request);
Response get_asset_content(App& app, const Request& request);
Response get_asset_download(App& app, const Request& request);
Response get_image_download(App& app, const Request& request);

// panels.cpp
Response get_experiment_panels(App& app, const Request& request);
Response put_experiment_panels(App& app, const Request& request);
Response get_project_panels(App& app, const Request& request);
Response put_project_panels(App& app, const Request& request);

// records.cpp
Response put_records(App& app, const Request& request);

// uploads.cpp
Response head_blob(App& app, const Request& request);
Response patch_blob(App& app, const Request& request);
std::unique_ptr<BodySink> open_blob_sink(App& app, const Request& request);

// entries.cpp
Response get_template(App& app, const Request& request);
Response get_dataset(App& app, const Request& request);
Response get_order(App& app, const Request& request);
Response get_codes(App& app, const Request& request);
Response get_values(App& app, const Request& request);
Response get_numbers(App& app, const Request& request);
Response get_pca(App& app, const Request& request);
Response get_pca_coordinates(App& app, const Request& request);

// projections.cpp
Response get_methods(App& app, const Request& request);
Response post_projections(App& app, const Request& request);
Response post_projections_estimate(App& app, const Request& request);
Response get_projection(App& app, const Request& request);
Response patch_projection(App& app, const Request& request);
Response delete_projection(App& app, const Request& request);
Response get_projection_layout(App& app, const Request& request);
Response get_projection_frames(App& app, const Request& request);
std::unique_ptr<MessageSource> open_projection_frames(App& app,
                                                      const Request& request,
                                                      std::function<void()> wake);

// leases.cpp
Response post_leases(App& app, const Request& request);
Response get_lease_points(App& app, const Request& request);
Response get_lease_rows(App& app, const Request& request);
Response get_lease_labels(App& app, const Request& request);
Response get_lease_checkpoint(App& app, const Request& request);
Response put_lease_checkpoint(App& app, const Request& request);
std::unique_ptr<BodySink> open_checkpoint_sink(App& app, const Request& request);
Response put_lease_frame(App& app, const Request& request);
Response post_lease_progress(App& app, const Request& request);
Response put_lease_layout(App& app, const Request& request);
std::unique_ptr<BodySink> open_layout_sink(App& app, const Request& request);
Response post_lease_end(App& app, const Request& request);

// web.cpp
Response get_page(App& app, const Request& request);
Response get_web_file(App& app, const Request& request);

}  // namespace oort
