// SPDX-License-Identifier: Apache-2.0
#include <nanobind/nanobind.h>

#include "engine.h"
#include "errors.h"

namespace nb = nanobind;

oort::PointsView to_points(const PointRows& rows) {
    const auto view = [&](oort::ElementType type) {
        return oort::PointsView(rows.data(), rows.shape(0), rows.shape(1), type);
    };
    if (rows.dtype() == nb::dtype<float>()) return view(oort::ElementType::float32);
    if (rows.dtype() == nb::dtype<std::uint8_t>()) return view(oort::ElementType::uint8);
    const auto floating = static_cast<std::uint8_t>(nb::dlpack::dtype_code::Float);
    if (rows.dtype() == nb::dlpack::dtype{floating, 16, 1}) {
        return view(oort::ElementType::float16);
    }
    throw nb::type_error("points must be float32, float16 or uint8");
}

NB_MODULE(_engine, m) {
    m.doc() = "PCA, neighbours, t-SNE, UMAP and quality, as oort.PCA and its kin use them.";
    translate_errors();
    bind_projection(m);
    bind_pca(m);
    bind_neighbors(m);
    bind_quality(m);
}
