// SPDX-License-Identifier: Apache-2.0
// The web app's files, inside the program: there is no folder to serve, so no path to leave it by.
// The table is made from web/dist when the program is built (cmake/embed_web.cmake).
#pragma once

#include <span>
#include <string_view>

namespace oort {

struct WebFile {
    std::string_view path;  ///< "/index.html"
    std::string_view content_type;
    std::string_view sha256;  ///< hex
    std::string_view content;
};

/// Empty if the program was built without the web app.
std::span<const WebFile> web_files();

}  // namespace oort
