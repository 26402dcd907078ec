// SPDX-License-Identifier: Apache-2.0
// The templates of groups: one asset a group, complete after every call, growing by one entry each
// time.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "client/server_address.h"
#include "embedding/template.h"

namespace oort {

/// "template-<group>-configs.json", spaces as "_" and whatever is not safe in a file name too, as
/// Comet's SDK names it.
std::string group_template_name(std::string_view group);

/// Not thread-safe.
class GroupTemplates {
  public:
    struct Group {
        std::string asset_id;
        Template content;
    };

    /// What is known of the group: from this writer's earlier calls, else from the server if it has
    /// such a template in the experiment and answers within a few seconds, else a new one. Groups
    /// of two names that give the same file name are still two. server  only for an experiment that
    /// may have existed before this writer; else nothing.
    Group& of(const std::string& group,
              const std::string& experiment_key,
              const std::optional<ServerAddress>& server);

  private:
    std::map<std::string, Group> groups_;
};

}  // namespace oort
