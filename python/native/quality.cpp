// SPDX-License-Identifier: Apache-2.0
#include "numeric/quality.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>

#include <string_view>

#include "base/json.h"
#include "base/options.h"
#include "engine.h"
#include "interruptible.h"
#include "numeric/as_given.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using Layout = nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

nb::dict quality(const PointRows& rows,
                 const Layout& layout,
                 const std::optional<LabelCodes>& labels,
                 std::string_view options_text,
                 int n_threads) {
    const oort::PointsView points = to_points(rows);
    const oort::MatrixView places{layout.data(), layout.shape(0), layout.shape(1)};
    const oort::Json json = oort::parse_json(options_text, "the options");
    const auto options = oort::options_from_json<oort::QualityOptions>(json.as_object());
    oort::Quality found = interruptible([&](std::stop_token stop) {
        oort::ThreadPool pool(n_threads);
        return oort::quality_as_given(
            points, places, to_labels(labels), options, pool, std::move(stop));
    });
    const auto by_row = [](std::vector<float>& values) {
        const std::size_t n = values.size();
        return to_numpy(std::move(values), {n});
    };
    nb::dict result;
    result["trustworthiness"] = found.trustworthiness;
    result["continuity"] = found.continuity;
    result["overlap"] = found.overlap;
    result["label_hit"] = found.label_hit;
    result["trustworthiness_by_row"] = by_row(found.trustworthiness_by_row);
    result["continuity_by_row"] = by_row(found.continuity_by_row);
    result["overlap_by_row"] = by_row(found.overlap_by_row);
    result["label_hit_by_row"] = by_row(found.label_hit_by_row);
    result["is_sampled"] = found.is_sampled;
    result["n_neighbors"] = found.n_neighbors;
    const std::size_t n_rows = found.rows.size();
    result["rows"] = to_numpy(std::move(found.rows), {n_rows});
    return result;
}

}  // namespace

void bind_quality(nb::module_& m) {
    m.def(
        "quality_options",
        [] { return oort::to_text(oort::options_to_json(oort::QualityOptions{})); },
        "The options and their defaults, as JSON.");
    m.def("quality",
          &quality,
          "points"_a.noconvert(),
          "layout"_a,
          "labels"_a.none(),
          "options"_a,
          "n_threads"_a);
}
