// SPDX-License-Identifier: Apache-2.0
#include "server/routes.h"

#include <array>

#include "server/handlers.h"

namespace oort {

namespace {

constexpr std::uint64_t no_body = 0;
constexpr std::uint64_t small_body = std::uint64_t{4} << 10;
constexpr std::uint64_t panels_body = std::uint64_t{1} << 20;
constexpr std::uint64_t records_body = std::uint64_t{8} << 20;
constexpr std::uint64_t blob_body = std::uint64_t{1} << 40;
constexpr std::uint64_t projection_body = std::uint64_t{64} << 20;
constexpr std::uint64_t lease_body = std::uint64_t{256} << 10;
constexpr std::uint64_t frame_body = std::uint64_t{1} << 30;

constexpr auto open = Entrance::open;
constexpr auto page = Entrance::page;
constexpr auto token = Entrance::token;
constexpr auto worker = Entrance::worker;
constexpr auto none = BodyClass::none;
constexpr auto json = BodyClass::json;
constexpr auto octets = BodyClass::octets;
constexpr auto quick = Work::quick;
constexpr auto heavy = Work::heavy;

#define PROJECTION "/api/v1/projections/{key}"
#define LEASE "/api/v1/leases/{lease}"
#define EXPERIMENT "/api/v1/experiments/{key}"
#define TEMPLATE EXPERIMENT "/templates/{asset_id}"
#define ENTRY TEMPLATE "/entries/{index}"

// clang-format off
constexpr std::array table{
    Route("GET", "/healthz", open, none, no_body, quick, get_healthz),
    Route("GET", "/readyz", open, none, no_body, quick, get_readyz),
    Route("POST", "/api/v1/session", open, json, small_body, quick, post_session),
    Route("DELETE", "/api/v1/session", token, none, no_body, quick, delete_session),
    Route("POST", "/api/v1/codes", token, json, small_body, quick, post_codes),
    Route("GET", "/api/v1/server", token, none, no_body, quick, get_server),
    Route("GET", "/api/v1/workspaces", token, none, no_body, quick, get_workspaces),
    Route("GET", "/api/v1/projects/{workspace}/{project}/panels", token, none, no_body, quick, get_project_panels),
    Route("PUT", "/api/v1/projects/{workspace}/{project}/panels", token, json, panels_body, quick, put_project_panels),
    Route("GET", "/api/v1/experiments", token, none, no_body, quick, get_experiments),
    Route("GET", EXPERIMENT, token, none, no_body, quick, get_experiment),
    Route("PUT", EXPERIMENT "/records", token, json, records_body, quick, put_records),
    Route("GET", EXPERIMENT "/assets", token, none, no_body, quick, get_assets),
    Route("GET", EXPERIMENT "/assets/{id}", token, none, no_body, quick, get_asset),
    Route("GET", EXPERIMENT "/assets/{id}/content", token, none, no_body, quick, get_asset_content),
    Route("GET", EXPERIMENT "/metrics", token, none, no_body, quick, get_metrics),
    Route("GET", EXPERIMENT "/metrics/points", token, none, no_body, quick, get_metric_points),
    Route("GET", EXPERIMENT "/parameters", token, none, no_body, quick, get_parameters),
    Route("GET", EXPERIMENT "/other", token, none, no_body, quick, get_other),
    Route("GET", EXPERIMENT "/panels", token, none, no_body, quick, get_experiment_panels),
    Route("PUT", EXPERIMENT "/panels", token, json, panels_body, quick, put_experiment_panels),
    Route("GET", "/api/asset/download", token, none, no_body, quick, get_asset_download),
    Route("GET", "/api/image/download", token, none, no_body, quick, get_image_download),
    Route("HEAD", "/api/v1/blobs/{sha256}", token, none, no_body, quick, head_blob),
    Route("PATCH", "/api/v1/blobs/{sha256}", token, octets, blob_body, quick, patch_blob, open_blob_sink),
    Route("GET", TEMPLATE, token, none, no_body, quick, get_template),
    Route("GET", ENTRY "/dataset", token, none, no_body, heavy, get_dataset),
    Route("GET", ENTRY "/order", token, none, no_body, heavy, get_order),
    Route("GET", ENTRY "/columns/{column}/codes", token, none, no_body, heavy, get_codes),
    Route("GET", ENTRY "/columns/{column}/values", token, none, no_body, heavy, get_values),
    Route("GET", ENTRY "/columns/{column}/numbers", token, none, no_body, heavy, get_numbers),
    Route("GET", ENTRY "/projections/pca", token, none, no_body, heavy, get_pca),
    Route("GET", ENTRY "/projections/pca/coordinates", token, none, no_body, heavy, get_pca_coordinates),
    Route("GET", "/api/v1/methods", token, none, no_body, quick, get_methods),
    Route("POST", "/api/v1/projections", token, json, projection_body, heavy, post_projections),
    Route("POST", "/api/v1/projections/estimate", token, json, projection_body, heavy, post_projections_estimate),
    Route("GET", PROJECTION, token, none, no_body, quick, get_projection),
    Route("PATCH", PROJECTION, token, json, small_body, quick, patch_projection),
    Route("DELETE", PROJECTION, token, none, no_body, quick, delete_projection),
    Route("GET", PROJECTION "/layout", token, none, no_body, quick, get_projection_layout),
    Route("GET", PROJECTION "/frames", token, none, no_body, quick, get_projection_frames, nullptr,
          open_projection_frames),
    Route("POST", "/api/v1/leases", worker, json, small_body, quick, post_leases),
    Route("GET", LEASE "/points", worker, none, no_body, quick, get_lease_points),
    Route("GET", LEASE "/rows", worker, none, no_body, quick, get_lease_rows),
    Route("GET", LEASE "/labels", worker, none, no_body, quick, get_lease_labels),
    Route("GET", LEASE "/checkpoint", worker, none, no_body, quick, get_lease_checkpoint),
    Route("PUT", LEASE "/checkpoint", worker, octets, blob_body, quick, put_lease_checkpoint, open_checkpoint_sink),
    Route("PUT", LEASE "/frame", worker, octets, frame_body, quick, put_lease_frame),
    Route("POST", LEASE "/progress", worker, json, lease_body, quick, post_lease_progress),
    Route("PUT", LEASE "/layout", worker, octets, blob_body, quick, put_lease_layout, open_layout_sink),
    Route("POST", LEASE "/end", worker, json, lease_body, quick, post_lease_end),
    Route("GET", "/", page, none, no_body, quick, get_page),
    Route("GET", "/workspaces/{workspace}/projects/{project}", page, none, no_body, quick, get_page),
    Route("GET", "/experiments/{key}", page, none, no_body, quick, get_page),
    Route("GET", "/experiments/{key}/{tab}", page, none, no_body, quick, get_page),
    Route("GET", "/experiments/{key}/projector/{asset_id}", page, none, no_body, quick, get_page),
    Route("GET", "/{file...}", page, none, no_body, quick, get_web_file),
};
// clang-format on

#undef ENTRY
#undef TEMPLATE
#undef EXPERIMENT
#undef LEASE
#undef PROJECTION

bool is_parameter(std::string_view part) {
    return part.size() > 2 && part.front() == '{' && part.back() == '}';
}

// Whether the pattern stands for the path; what its parameters stand for goes to `parameters`.
bool matches(std::string_view pattern,
             const std::vector<std::string>& segments,
             std::vector<std::pair<std::string, std::string>>& parameters) {
    parameters.clear();
    std::size_t i = 0;
    pattern.remove_prefix(1);
    while (!pattern.empty()) {
        const std::size_t slash = pattern.find('/');
        const std::string_view part = pattern.substr(0, slash);
        pattern.remove_prefix(slash == std::string_view::npos ? pattern.size() : slash + 1);
        if (part.ends_with("...}")) return i < segments.size();
        if (i == segments.size()) return false;
        const std::string& segment = segments[i++];
        if (is_parameter(part)) {
            if (segment.empty()) return false;
            parameters.emplace_back(part.substr(1, part.size() - 2), segment);
        } else if (part != segment) {
            return false;
        }
    }
    return i == segments.size();
}

}  // namespace

std::span<const Route> routes() {
    return table;
}

std::string_view to_name(Entrance entrance) noexcept {
    switch (entrance) {
        case Entrance::open: return "open";
        case Entrance::page: return "page";
        case Entrance::token: return "token";
        case Entrance::worker: return "worker";
    }
    return "";
}

std::string_view to_name(BodyClass body) noexcept {
    switch (body) {
        case BodyClass::none: return "none";
        case BodyClass::json: return "json";
        case BodyClass::octets: return "octets";
    }
    return "";
}

Match match_route(Request& request) {
    const std::string_view wanted = request.method;
    Match match;
    const Route* head_by_get = nullptr;
    for (const Route& route : table) {
        // The files of the web app are a fallback for GET only: they offer no method for other
        // paths.
        const bool fallback = route.pattern == "/{file...}";
        if (fallback && (head_by_get || !match.allow.empty())) break;
        std::vector<std::pair<std::string, std::string>> parameters;
        if (!matches(route.pattern, request.segments, parameters)) continue;
        if (route.method == wanted || (wanted == "HEAD" && route.method == "GET")) {
            request.parameters = std::move(parameters);
            match.route = &route;
            return match;
        }
        match.allow += match.allow.empty() ? "" : ", ";
        match.allow += route.method;
    }
    return match;
}

}  // namespace oort
