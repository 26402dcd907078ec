// SPDX-License-Identifier: Apache-2.0
#include "client/upload.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/id.h"
#include "base/log.h"
#include "client/flush.h"
#include "client/spool.h"
#include "client/uploader.h"

namespace oort {

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> spools_in(const fs::path& directory) {
    std::vector<fs::path> found;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(directory, error)) {
        if (entry.is_directory() && is_id(entry.path().filename().string()))
            found.push_back(entry.path());
    }
    std::sort(found.begin(), found.end());  // ids sort by time
    return found;
}

// "…/spool/<id>/" is the same folder as "…/spool/<id>".
fs::path without_trailing_slash(const fs::path& path) {
    return path.has_filename() ? path : path.parent_path();
}

bool upload_spool(const fs::path& path, const UploadOptions& options, const fs::path& home) {
    const std::unique_ptr<Spool> spool = Spool::open(path);
    if (!spool) {
        log_info("{} is empty or a running script holds it and sends it itself", path.string());
        return true;
    }
    log_info("sending experiment {} from {}", spool->experiment_key(), path.string());
    Uploader uploader(*spool, options.server, home);
    flush(uploader, {.patience_s = options.patience_s, .keep_waiting = {}});
    uploader.stop();
    const UploadProgress progress = uploader.progress();
    if (!progress.is_sent) {
        log_warning("{} is not sent yet{}",
                    path.string(),
                    progress.trouble.empty() ? "" : ": " + progress.trouble);
        return false;
    }
    if (progress.n_rejected > 0) {
        log_error("{} records were refused by the server; they are kept in {}",
                  progress.n_rejected,
                  (path.parent_path() / ("rejected-" + spool->writer())).string());
    }
    spool->remove();
    log_info("sent: {}/experiments/{}", progress.url, spool->experiment_key());
    return true;
}

}  // namespace

int upload_spools(const UploadOptions& options) {
    const fs::path home = home_directory();
    if (!find_server(options.server, home)) {
        throw Error(ErrorCode::unavailable,
                    "no server is known: set OORT_URL and OORT_API_KEY, or start one here with "
                    "`oort serve`");
    }
    std::vector<fs::path> paths;
    for (const fs::path& path : options.spools) {
        // A relative path would change its meaning with the working directory.
        paths.push_back(fs::absolute(without_trailing_slash(path)));
    }
    if (options.spools.empty()) paths = spools_in(home / "spool");
    if (paths.empty()) log_info("nothing waits in {}", (home / "spool").string());
    bool is_all_sent = true;
    for (const fs::path& path : paths)
        is_all_sent = upload_spool(path, options, home) && is_all_sent;
    return is_all_sent ? 0 : error_info(ErrorCode::unavailable).exit_code;
}

}  // namespace oort
