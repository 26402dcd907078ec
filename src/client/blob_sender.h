// SPDX-License-Identifier: Apache-2.0
// One request to the server and what its answer means; contents sent in pieces that can be taken up
// again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "client/http.h"
#include "client/server_address.h"
#include "client/spool.h"

namespace oort {

/// What became of a thing sent.
struct Outcome {
    enum class Kind {
        done,      ///< durable at the server
        retry,     ///< not now: no connection, the server is busy or failing
        refused,   ///< not with this address or key: a person must act, then it may be tried again
        rejected,  ///< never: the server found fault with the thing itself
    };

    Kind kind = Kind::done;
    std::string reason = {};                             ///< a sentence, unless done
    std::optional<double> retry_after_s = std::nullopt;  ///< as the server asked
};

/// The meaning of an answer that is not 2xx. Only no answer, 408, 425, 429 and 5xx are worth trying
/// again; 400, 413, 415 and 422 speak of the thing sent; all else (401, 403, 404, 421, …) of who
/// sent it or where.
Outcome outcome_of(const HttpResponse& response);

/// A request to that server with its key.
HttpRequest request_to(const ServerAddress& server,
                       const std::string& method,
                       const std::string& path);

/// Sends a content in pieces of 32 MiB, from the offset that the server has made durable.
/// sent(n_bytes) is called after each piece. The file must hold exactly blob.size bytes.
Outcome send_blob(HttpClient& http,
                  const ServerAddress& server,
                  const Blob& blob,
                  const std::filesystem::path& file,
                  const std::function<void(std::uint64_t)>& sent);

}  // namespace oort
