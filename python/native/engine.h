// SPDX-License-Identifier: Apache-2.0
// The second native module: what computes, apart from what logs, so that a training script that
// only logs loads neither BLAS nor TBB. Functions a noun; these files convert, release the GIL and
// look out for Ctrl-C; nothing else.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "numeric/points.h"

/// n x d, row-major; float32, float16 or uint8.
using PointRows =
    nanobind::ndarray<nanobind::ro, nanobind::ndim<2>, nanobind::c_contig, nanobind::device::cpu>;

/// A code for each row, missing_label where there is none.
using LabelCodes = nanobind::
    ndarray<const std::uint32_t, nanobind::ndim<1>, nanobind::c_contig, nanobind::device::cpu>;

/// Throws TypeError for other types of element. Valid as long as the array is.
oort::PointsView to_points(const PointRows& rows);

inline std::span<const std::uint32_t> to_labels(const std::optional<LabelCodes>& labels) {
    if (!labels) return {};
    return {labels->data(), labels->size()};
}

/// Gives the values to numpy without a copy.
template <class T>
nanobind::object to_numpy(std::vector<T> values, std::initializer_list<std::size_t> shape) {
    auto* owned = new std::vector<T>(std::move(values));
    const nanobind::capsule owner(
        owned, [](void* pointer) noexcept { delete static_cast<std::vector<T>*>(pointer); });
    return nanobind::cast(nanobind::ndarray<nanobind::numpy, T>(owned->data(), shape, owner));
}

void bind_projection(nanobind::module_& m);
void bind_pca(nanobind::module_& m);
void bind_neighbors(nanobind::module_& m);
void bind_quality(nanobind::module_& m);
