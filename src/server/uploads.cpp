// SPDX-License-Identifier: Apache-2.0
// Blobs come in pieces, each acknowledged when it is on disk; after a break the client asks where
// to go on.
#include <fmt/format.h>

#include <charconv>

#include "server/handlers.h"
#include "store/blobs.h"

namespace oort {

namespace {

constexpr std::uint64_t max_blob_bytes = std::uint64_t{1} << 40;

Digest digest_of(const Request& request) {
    const auto digest = parse_digest(request.parameter("sha256"));
    if (!digest) {
        throw Error(ErrorCode::invalid_argument, "a blob's name is 64 lower-case hex digits");
    }
    return *digest;
}

std::uint64_t number_header(const Request& request, std::string_view name, std::string_view shown) {
    const std::string_view text = request.header(name).value_or("");
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size() ||
        value > max_blob_bytes) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("the header {} must be a number in 0..{}", shown, max_blob_bytes));
    }
    return value;
}

void set_progress(Response& response, const BlobProgress& progress) {
    response.set("Upload-Offset", fmt::format("{}", progress.offset));
    if (progress.length) response.set("Upload-Length", fmt::format("{}", *progress.length));
}

/// Appends a request's body to a blob; drops it if the blob turned out to be there already.
class BlobSink : public BodySink {
  public:
    explicit BlobSink(std::unique_ptr<BlobUpload> upload) : upload_(std::move(upload)) {}

    void append(std::span<const std::byte> bytes) override {
        if (upload_) upload_->append(bytes);
    }

    /// Nothing if the blob was there already.
    std::optional<BlobProgress> finish() {
        return upload_ ? std::optional(upload_->finish()) : std::nullopt;
    }

  private:
    std::unique_ptr<BlobUpload> upload_;
};

}  // namespace

Response head_blob(App& app, const Request& request) {
    const BlobProgress progress = app.store.blobs().progress(digest_of(request));
    Response response;
    response.status = progress.complete ? 200 : 404;
    set_progress(response, progress);
    return response;
}

std::unique_ptr<BodySink> open_blob_sink(App& app, const Request& request) {
    const Digest digest = digest_of(request);
    const std::uint64_t offset = number_header(request, "upload-offset", "Upload-Offset");
    const std::uint64_t length = number_header(request, "upload-length", "Upload-Length");
    BlobStore& blobs = app.store.blobs();
    if (blobs.size(digest)) return std::make_unique<BlobSink>(nullptr);
    try {
        auto upload = blobs.upload(digest, offset, length);
        if (upload) return std::make_unique<BlobSink>(std::move(upload));
    } catch (const Error& error) {
        if (error.code() != ErrorCode::conflict) throw;
        Response response = error_response(error.code(), error.what());
        set_progress(response, blobs.progress(digest));
        throw Answer{std::move(response)};
    }
    Response response = error_response(ErrorCode::conflict, "another request is writing this blob");
    response.set("Retry-After", "1");
    set_progress(response, blobs.progress(digest));
    throw Answer{std::move(response)};
}

Response patch_blob(App& app, const Request& request) {
    const auto progress = static_cast<BlobSink&>(*request.sink)
                              .finish()
                              .value_or(app.store.blobs().progress(digest_of(request)));
    Response response =
        json_response(JsonObject{{"offset", progress.offset}, {"complete", progress.complete}});
    set_progress(response, progress);
    return response;
}

}  // namespace oort
