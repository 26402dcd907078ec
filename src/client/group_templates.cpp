// SPDX-License-Identifier: Apache-2.0
#include "client/group_templates.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/id.h"
#include "base/json.h"
#include "base/log.h"
#include "client/blob_sender.h"
#include "client/http.h"
#include "format/projector_config.h"

namespace oort {

namespace {

// One call of a training script may wait this long, once a group, and only when it resumes an
// experiment.
constexpr double patience_s = 5;

std::optional<std::string> get(HttpClient& http,
                               const ServerAddress& server,
                               const std::string& path) {
    HttpRequest request = request_to(server, "GET", path);
    request.timeout_s = patience_s;
    HttpResponse response = http.send(request);
    if (response.status == 404) return std::nullopt;
    if (response.status != 200) throw Error(ErrorCode::unavailable, outcome_of(response).reason);
    return std::move(response.body);
}

std::optional<GroupTemplates::Group> fetch(const std::string& group,
                                           const std::string& experiment_key,
                                           const ServerAddress& server) {
    HttpClient http;
    const std::string base = "/api/v1/experiments/" + experiment_key + "/assets";
    const auto listing = get(http, server, base + "?type=embeddings");
    if (!listing) return std::nullopt;
    const Json document = parse_json(*listing, "the list of assets");
    for (const Json& asset : document.as_object().at("assets").as_array()) {
        const JsonObject& object = asset.as_object();
        const Json* own_group = object.if_contains("group");
        if (own_group == nullptr || !own_group->is_string() || own_group->get_string() != group)
            continue;
        const std::string id(string_member(object, "id"));
        if (!is_id(id)) continue;
        const auto content = get(http, server, base + "/" + id + "/content");
        if (content) return GroupTemplates::Group{id, read_projector_config(*content)};
    }
    return std::nullopt;
}

}  // namespace

std::string group_template_name(std::string_view group) {
    std::string safe;
    for (const char c : group) {
        const bool is_safe = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                             (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
        safe += is_safe ? c : '_';
    }
    return fmt::format("template-{}-configs.json", safe);
}

GroupTemplates::Group& GroupTemplates::of(const std::string& group,
                                          const std::string& experiment_key,
                                          const std::optional<ServerAddress>& server) {
    if (const auto known = groups_.find(group); known != groups_.end()) return known->second;
    Group found{new_id(), {}};
    if (server) {
        try {
            if (auto existing = fetch(group, experiment_key, *server)) found = std::move(*existing);
        } catch (const std::exception& error) {
            log_warning(
                "the template of group \"{}\" cannot be read from {} ({}); if there is one, a "
                "second of "
                "the same name will stand beside it",
                group,
                server->url,
                error.what());
        }
    }
    return groups_.emplace(group, std::move(found)).first->second;
}

}  // namespace oort
