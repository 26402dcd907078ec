// SPDX-License-Identifier: Apache-2.0
#include "client/http.h"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <exception>
#include <mutex>

#include "base/check.h"
#include "base/error.h"

namespace oort {

namespace {

// Replies to a client are short JSON; more than this is not a server of ours.
constexpr std::size_t max_reply_bytes = std::size_t{64} << 20;

struct HeaderList {
    curl_slist* list = nullptr;

    HeaderList() = default;
    HeaderList(const HeaderList&) = delete;
    HeaderList& operator=(const HeaderList&) = delete;

    ~HeaderList() { curl_slist_free_all(list); }

    void add(const std::string& line) {
        list = curl_slist_append(list, line.c_str());
        CHECK(list != nullptr);
    }
};

// Where the body of an answer goes.
struct BodyTaker {
    CURL* curl;
    const HttpRequest& request;
    HttpResponse& response;
    std::exception_ptr failure = nullptr;  ///< of on_body: it must not pass through C
};

std::size_t take_body(char* data, std::size_t size, std::size_t n, void* target) {
    auto& taker = *static_cast<BodyTaker*>(target);
    long status = 0;
    curl_easy_getinfo(taker.curl, CURLINFO_RESPONSE_CODE, &status);
    if (taker.request.on_body && status == 200) {
        try {
            taker.request.on_body(std::as_bytes(std::span(data, size * n)));
        } catch (...) {
            taker.failure = std::current_exception();
            return 0;
        }
        return size * n;
    }
    auto& body = taker.response.body;
    if (body.size() + size * n > max_reply_bytes) return 0;
    body.append(data, size * n);
    return size * n;
}

std::size_t take_header(char* data, std::size_t size, std::size_t n, void* target) {
    auto& response = *static_cast<HttpResponse*>(target);
    const std::string_view line(data, size * n);
    // A second status line (after "100 Continue") begins the headers anew.
    if (line.starts_with("HTTP/")) response.headers.clear();
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return size * n;
    std::string name(line.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    std::string_view value = line.substr(colon + 1);
    const auto first = value.find_first_not_of(" \t");
    const auto last = value.find_last_not_of(" \t\r\n");
    response.headers[name] =
        first == std::string_view::npos ? "" : std::string(value.substr(first, last - first + 1));
    return size * n;
}

struct Watcher {
    const std::atomic<bool>* cancelled = nullptr;
    std::function<void(std::uint64_t)> on_upload;
    curl_off_t n_bytes = 0;
};

int watch(void* target, curl_off_t, curl_off_t, curl_off_t, curl_off_t uploaded) {
    auto& watcher = *static_cast<Watcher*>(target);
    if (watcher.on_upload && uploaded > watcher.n_bytes) {
        watcher.n_bytes = uploaded;
        watcher.on_upload(static_cast<std::uint64_t>(uploaded));
    }
    return watcher.cancelled != nullptr && watcher.cancelled->load() ? 1 : 0;
}

void start_curl() {
    static std::once_flag once;
    std::call_once(once, [] {
        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
            throw Error(ErrorCode::internal, "libcurl cannot be initialised");
        }
    });
}

void set_method(CURL* curl, const HttpRequest& request) {
    if (request.method == "GET") return;
    if (request.method == "HEAD") {
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
        return;
    }
    const char* const body =
        request.body.empty() ? "" : reinterpret_cast<const char*>(request.body.data());
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(
        curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

}  // namespace

std::optional<std::string> HttpResponse::header(const std::string& name) const {
    const auto found = headers.find(name);
    if (found == headers.end()) return std::nullopt;
    return found->second;
}

struct HttpClient::Handle {
    CURL* curl = nullptr;
    Watcher watcher;
};

HttpClient::HttpClient(const std::atomic<bool>* cancelled,
                       std::function<void(std::uint64_t)> on_upload)
    : handle_(std::make_unique<Handle>()) {
    start_curl();
    handle_->curl = curl_easy_init();
    handle_->watcher = {cancelled, std::move(on_upload)};
    if (handle_->curl == nullptr) throw Error(ErrorCode::internal, "libcurl gives no handle");
}

HttpClient::~HttpClient() {
    curl_easy_cleanup(handle_->curl);
}

HttpResponse HttpClient::send(const HttpRequest& request) {
    CURL* curl = handle_->curl;
    HttpResponse response;
    HeaderList headers;
    for (const std::string& line : request.headers) headers.add(line);
    headers.add("Expect:");  // a server of ours reads the body at once
    char reason[CURL_ERROR_SIZE] = "";
    BodyTaker taker{.curl = curl, .request = request, .response = response};

    curl_easy_reset(curl);  // keeps the connection
    curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "oort-client");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, 5000L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, 60L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout_s * 1000));
    curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, 1L << 20);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.list);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &taker);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &response);
    handle_->watcher.n_bytes = 0;
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &handle_->watcher);
    set_method(curl, request);

    const CURLcode code = curl_easy_perform(curl);
    if (taker.failure) std::rethrow_exception(taker.failure);
    if (code != CURLE_OK) {
        response = {};
        response.failure = reason[0] != '\0' ? reason : curl_easy_strerror(code);
        return response;
    }
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    response.status = static_cast<int>(status);
    return response;
}

}  // namespace oort
