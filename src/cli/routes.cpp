// SPDX-License-Identifier: Apache-2.0
#include "server/routes.h"

#include <fmt/format.h>

#include "cli/commands.h"

namespace oort {

int print_routes() {
    JsonArray array;
    for (const Route& route : routes()) {
        array.push_back(JsonObject{{"method", route.method},
                                   {"path", route.pattern},
                                   {"entrance", to_name(route.entrance)},
                                   {"body", to_name(route.body)},
                                   {"max_body_bytes", route.max_body_bytes}});
    }
    fmt::print("{}\n", to_text(JsonObject{{"routes", std::move(array)}}));
    return 0;
}

int print_version() {
    fmt::print("oort {}\n", program_version);
    return 0;
}

}  // namespace oort
