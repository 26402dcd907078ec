// SPDX-License-Identifier: Apache-2.0
#include "store/records.h"

#include "base/id.h"
#include "server/handlers.h"

namespace oort {

Response put_records(App& app, const Request& request) {
    const std::string& key = request.parameter("key");
    if (!is_id(key)) {
        throw Error(ErrorCode::invalid_argument, "an experiment's key is 32 lower-case hex digits");
    }
    const RecordBatch batch = parse_record_batch(parse_json(request.body, "the body"));
    const ApplyResult result = apply_records(app.store.database(), app.store.blobs(), key, batch);
    const auto error = [](std::string_view code, std::string_view message) {
        return JsonObject{{"code", code}, {"message", message}};
    };
    switch (result.outcome) {
        case ApplyResult::Outcome::applied: break;
        case ApplyResult::Outcome::gap:
            return json_response(
                JsonObject{
                    {"error", error("conflict", "records before the first of these are missing")},
                    {"applied", result.n_applied}},
                409);
        case ApplyResult::Outcome::missing_blobs: {
            JsonArray missing;
            for (const std::string& digest : result.missing) missing.emplace_back(digest);
            return json_response(
                JsonObject{
                    {"error", error("corrupt", "a record names a blob that is not here yet")},
                    {"missing", std::move(missing)}},
                422);
        }
    }
    return json_response(JsonObject{{"applied", result.n_applied}});
}

}  // namespace oort
