// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include "server/handlers.h"
#include "server/web_files.h"
#include "store/migrations.h"

namespace oort {

namespace {

// Below this the database could not even record what goes wrong.
constexpr std::uint64_t min_free_bytes = std::uint64_t{64} << 20;

}  // namespace

Response get_healthz(App&, const Request&) {
    return json_response(JsonObject{{"status", "alive"}});
}

Response get_readyz(App& app, const Request&) {
    if (app.stopping) throw Error(ErrorCode::unavailable, "the server is stopping");
    if (app.store.free_bytes() < min_free_bytes) {
        throw Error(ErrorCode::unavailable, "the disk is full");
    }
    app.store.database().read([](auto& connection) { connection.run("SELECT 1"); });
    return json_response(JsonObject{{"status", "ready"}});
}

Response get_server(App& app, const Request&) {
    return json_response(
        JsonObject{{"version", program_version},
                   {"url", app.url},
                   {"addresses", JsonArray(app.addresses.begin(), app.addresses.end())},
                   {"pid", static_cast<std::int64_t>(::getpid())},
                   {"data_dir", app.store.folder().string()},
                   {"free_bytes", app.store.free_bytes()},
                   {"sqlite", sqlite_version()},
                   {"schema", schema_version()},
                   {"web", !web_files().empty()},
                   {"started_at", app.started_at}});
}

}  // namespace oort
