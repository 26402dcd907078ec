// SPDX-License-Identifier: Apache-2.0
#include "numeric/neighbors.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include <string_view>

#include "base/json.h"
#include "base/options.h"
#include "engine.h"
#include "interruptible.h"
#include "numeric/as_given.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

nb::dict neighbors(const PointRows& rows, std::string_view options_text, int n_threads) {
    const oort::PointsView points = to_points(rows);
    const oort::Json json = oort::parse_json(options_text, "the options");
    const auto options = oort::options_from_json<oort::NeighborsOptions>(json.as_object());
    oort::Neighbors found = interruptible([&](std::stop_token stop) {
        oort::ThreadPool pool(n_threads);
        return oort::neighbors_as_given(points, options, pool, std::move(stop));
    });
    nb::dict result;
    result["indices"] = to_numpy(std::move(found.indices), {found.n_rows, found.n_neighbors});
    result["distances"] = to_numpy(std::move(found.distances), {found.n_rows, found.n_neighbors});
    result["is_exact"] = found.is_exact;
    result["recall"] = found.recall;
    result["recall_sample"] = found.recall_sample;
    result["notes"] = found.notes;
    return result;
}

}  // namespace

void bind_neighbors(nb::module_& m) {
    m.def(
        "neighbors_options",
        [] { return oort::to_text(oort::options_to_json(oort::NeighborsOptions{})); },
        "The options and their defaults, as JSON.");
    m.def("neighbors", &neighbors, "points"_a.noconvert(), "options"_a, "n_threads"_a);
}
