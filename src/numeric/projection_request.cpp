// SPDX-License-Identifier: Apache-2.0
// What is asked for, as JSON and back: one text for one request, because keys are made of it.
#include <fmt/format.h>

#include "base/error.h"
#include "base/options.h"
#include "numeric/projection.h"

namespace oort {

namespace {

// PCA as a layout has nothing to choose but its dimensions.
struct NoOptions {};

template <class Field>
void fields(Field&&, NoOptions&) {}

struct Head {
    Method method = ProjectionRequest{}.method;
    int n_components = ProjectionRequest{}.n_components;
};

template <class Field>
void fields(Field&& field, Head& o) {
    field("method", o.method);
    field("n_components", o.n_components, 2, 3);
}

}  // namespace

std::uint64_t ProjectionRequest::seed() const noexcept {
    switch (method) {
        case Method::pca: return 0;
        case Method::tsne: return tsne.seed;
        case Method::umap: return umap.seed;
    }
    return 0;
}

int code_version(Method method) noexcept {
    switch (method) {
        case Method::pca: return 1;
        case Method::tsne: return 1;
        case Method::umap: return 1;
    }
    return 0;
}

std::string_view title_of(Method method) noexcept {
    switch (method) {
        case Method::pca: return "PCA";
        case Method::tsne: return "t-SNE";
        case Method::umap: return "UMAP";
    }
    return {};
}

void check_request(const ProjectionRequest& request) {
    check_options(Head{request.method, request.n_components});
    if (request.method == Method::tsne) check_options(request.tsne);
    if (request.method != Method::umap) return;
    check_options(request.umap);
    if (request.umap.min_dist > request.umap.spread) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("min_dist {} is larger than spread {}",
                                request.umap.min_dist,
                                request.umap.spread));
    }
}

ProjectionRequest projection_request_from_json(const JsonObject& object) {
    JsonObject head = object;
    JsonObject options;
    if (const Json* given = object.if_contains("options")) {
        if (!given->is_object()) {
            throw Error(ErrorCode::invalid_argument,
                        fmt::format("options {} is no object", to_text(*given)));
        }
        options = given->get_object();
        head.erase("options");
    }
    const Head known = options_from_json<Head>(head);
    ProjectionRequest request;
    request.method = known.method;
    request.n_components = known.n_components;
    switch (request.method) {
        case Method::pca: options_from_json<NoOptions>(options); break;
        case Method::tsne: request.tsne = options_from_json<TsneOptions>(options); break;
        case Method::umap: request.umap = options_from_json<UmapOptions>(options); break;
    }
    check_request(request);
    return request;
}

JsonObject to_json(const ProjectionRequest& request) {
    JsonObject object = options_to_json(Head{request.method, request.n_components});
    switch (request.method) {
        case Method::pca: object["options"] = JsonObject(); break;
        case Method::tsne: object["options"] = options_to_json(request.tsne); break;
        case Method::umap: object["options"] = options_to_json(request.umap); break;
    }
    return object;
}

JsonArray options_schema_of(Method method) {
    switch (method) {
        case Method::pca: break;
        case Method::tsne: return options_schema<TsneOptions>();
        case Method::umap: return options_schema<UmapOptions>();
    }
    return {};
}

}  // namespace oort
