// SPDX-License-Identifier: Apache-2.0
// The edge: what every request must pass before a handler sees it, and what every answer carries.
// There is no cookie, so another site's page has nothing to ride on; the checks here keep it from
// even asking.
#pragma once

#include <optional>

#include "server/app.h"
#include "server/message.h"
#include "server/routes.h"

namespace oort {

/// Host: one of ours, and our port if it names one. Else 421: the request was meant for another
/// site, or a foreign name was made to point here (DNS rebinding).
std::optional<Response> check_host(const App& app, const Request& request);

/// Sec-Fetch-Site and Origin: our own page, a person's own navigation, or no browser at all. Else
/// 403.
std::optional<Response> check_origin(const Request& request, Entrance entrance);

/// Content-Type and Content-Encoding as the route takes them. Else 415.
std::optional<Response> check_content_type(const Request& request, BodyClass body);

/// `Authorization: Bearer …` with a secret that may enter by this entrance. Else 401.
std::optional<Response> check_token(App& app, const Request& request, Entrance entrance);

/// 401 for a token or code that is not known; kept back if its sender tries many.
Response wrong_secret(App& app, const Request& request, std::string_view message);

/// The secret of an Authorization header of that form.
std::optional<std::string_view> bearer_secret(const Request& request);

/// The same, or, if the request is to become a WebSocket, that of `Sec-WebSocket-Protocol: oort,
/// oort.bearer.…`: the one place where a browser's script can put it.
std::optional<std::string_view> sent_secret(const Request& request);

/// Adds the security headers of the answer's kind.
void dress(Response& response);

}  // namespace oort
