// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "server/content.h"
#include "server/handlers.h"
#include "server/web_files.h"

namespace oort {

namespace {

constexpr std::string_view no_web_app =
    "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Oort</title>\n"
    "<h1>Oort is running</h1>\n<p>This program was built without its web app. Build it with "
    "<code>make build</code>; the REST API under <code>/api/v1</code> works as it "
    "is.</p>\n</html>\n";

Response file_answer(const Request& request, const WebFile& file) {
    const std::string etag = quoted_etag(file.sha256);
    // Vite puts a hash of the content into the names under /assets/, so those never change.
    const bool named_by_content = file.path.starts_with("/assets/");
    Response response;
    response.kind = ContentKind::page;
    response.set("Cache-Control",
                 named_by_content ? "public, max-age=31536000, immutable" : "no-cache");
    response.set("ETag", etag);
    if (matches_etag(request, etag)) {
        response.status = 304;
        return response;
    }
    response.set("Content-Type", file.content_type);
    response.body = std::string(file.content);
    return response;
}

const WebFile* find_file(std::string_view path) {
    const auto files = web_files();
    const auto found =
        std::find_if(files.begin(), files.end(), [&](const WebFile& f) { return f.path == path; });
    return found == files.end() ? nullptr : &*found;
}

}  // namespace

Response get_page(App&, const Request& request) {
    if (const WebFile* index = find_file("/index.html")) return file_answer(request, *index);
    Response response;
    response.kind = ContentKind::page;
    response.set("Content-Type", "text/html; charset=utf-8");
    response.body = std::string(no_web_app);
    return response;
}

Response get_web_file(App& app, const Request& request) {
    std::string path;
    for (const std::string& segment : request.segments) path += "/" + segment;
    if (const WebFile* file = find_file(path)) return file_answer(request, *file);
    // A person with a wrong address gets the app, which says so; a program gets the error.
    const bool is_person = request.header("sec-fetch-mode") == "navigate";
    if (!is_person || path.starts_with("/api/")) {
        throw Error(ErrorCode::not_found, "there is nothing here");
    }
    Response response = get_page(app, request);
    if (response.status == 200) response.status = 404;
    return response;
}

}  // namespace oort
