// SPDX-License-Identifier: Apache-2.0
#include "base/check.h"
#include "server/edge.h"
#include "server/handlers.h"

namespace oort {

namespace {

Response secret_response(std::string_view key, const Secret& secret) {
    return json_response(JsonObject{{key, secret.text}, {"expires_at", secret.expires_at}});
}

JsonObject object_of(const Request& request) {
    Json body = parse_json(request.body, "the body");
    if (!body.is_object()) throw Error(ErrorCode::invalid_argument, "the body must be an object");
    return std::move(body.get_object());
}

}  // namespace

Response post_session(App& app, const Request& request) {
    const JsonObject body = object_of(request);
    Access& access = app.store.access();
    if (body.contains("code")) {
        const auto session = access.exchange_code(string_member(body, "code"));
        if (!session) {
            return wrong_secret(
                app,
                request,
                "the code was used already or is too old: ask for a new one with `oort open`");
        }
        return secret_response("token", *session);
    }
    if (!access.is_api_token(string_member(body, "token"))) {
        return wrong_secret(app, request, "the token is not known here");
    }
    return secret_response("token", access.make_session());
}

Response delete_session(App& app, const Request& request) {
    const auto secret = bearer_secret(request);
    CHECK(secret);
    app.store.access().end_session(*secret);  // The API token is no session, and stays.
    Response response;
    response.status = 204;
    return response;
}

Response post_codes(App& app, const Request& request) {
    object_of(request);
    return secret_response("code", app.store.access().make_code());
}

}  // namespace oort
