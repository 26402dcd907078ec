// SPDX-License-Identifier: Apache-2.0
#include "numeric/pca.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include <string_view>

#include "base/json.h"
#include "base/options.h"
#include "engine.h"
#include "interruptible.h"
#include "numeric/reduce.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using FloatMatrix = nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using FloatVector = nb::ndarray<const float, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

nb::dict pca(const PointRows& rows, std::string_view options_text, int n_threads) {
    const oort::PointsView points = to_points(rows);
    const oort::Json json = oort::parse_json(options_text, "the options");
    const auto options = oort::options_from_json<oort::PcaOptions>(json.as_object());
    oort::PcaResult found = interruptible([&](std::stop_token stop) {
        oort::ThreadPool pool(n_threads);
        return oort::pca(points, options, pool, std::move(stop));
    });
    nb::dict result;
    result["coordinates"] =
        to_numpy(std::move(found.coordinates), {found.n_components, found.n_rows});
    result["components"] =
        to_numpy(std::move(found.components), {found.n_components, points.n_columns});
    result["explained_variance"] =
        to_numpy(std::move(found.explained_variance), {found.n_components});
    result["total_variance"] = found.total_variance;
    result["mean"] = to_numpy(std::move(found.mean), {points.n_columns});
    result["n_rows_used"] = found.n_rows_used;
    result["notes"] = found.notes;
    return result;
}

nb::object pca_place(const PointRows& rows,
                     const FloatMatrix& components,
                     const FloatVector& mean,
                     int n_threads) {
    const oort::PointsView points = to_points(rows);
    oort::Reduced reduced;
    reduced.components.assign(components.data(), components.data() + components.size());
    reduced.mean.assign(mean.data(), mean.data() + mean.size());
    reduced.explained_variance.resize(components.shape(0));
    const oort::Matrix placed = interruptible([&](std::stop_token stop) {
        oort::ThreadPool pool(n_threads);
        return oort::place(points, reduced, pool, std::move(stop));
    });
    const std::size_t size = placed.n_rows() * placed.n_columns();
    return to_numpy(std::vector<float>(placed.row(0), placed.row(0) + size),
                    {placed.n_rows(), placed.n_columns()});
}

}  // namespace

void bind_pca(nb::module_& m) {
    m.def(
        "pca_options",
        [] { return oort::to_text(oort::options_to_json(oort::PcaOptions{})); },
        "The options and their defaults, as JSON.");
    m.def("pca", &pca, "points"_a.noconvert(), "options"_a, "n_threads"_a);
    m.def("pca_place", &pca_place, "points"_a.noconvert(), "components"_a, "mean"_a, "n_threads"_a);
}
