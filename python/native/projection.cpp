// SPDX-License-Identifier: Apache-2.0
#include "numeric/projection.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/json.h"
#include "engine.h"
#include "interruptible.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

oort::ProjectionRequest request_from(std::string_view text) {
    const oort::Json json = oort::parse_json(text, "the request");
    return oort::projection_request_from_json(json.as_object());
}

nb::object copy_of(oort::MatrixView matrix) {
    return to_numpy(std::vector<float>(matrix.data, matrix.data + matrix.n_rows * matrix.n_columns),
                    {matrix.n_rows, matrix.n_columns});
}

/// Keeps the points' array alive as long as the projection refers to it.
class PythonProjection {
  public:
    PythonProjection(PointRows points,
                     std::string_view request,
                     int n_threads,
                     const std::optional<LabelCodes>& labels)
        : points_(std::move(points)),
          pool_(n_threads),
          projection_(to_points(points_), request_from(request), pool_, {}, to_labels(labels)) {}

    void step(int iterations) {
        interruptible([&](std::stop_token stop) {
            projection_.step(iterations, std::move(stop));
            return true;
        });
    }

    bool is_done() const { return projection_.is_done(); }

    bool is_optimising() const { return projection_.stage() == oort::Stage::optimise; }

    int iteration() const { return projection_.iteration(); }

    nb::object layout() const { return copy_of(projection_.layout()); }

    std::string report() const { return oort::to_text(oort::to_json(projection_.report())); }

    nb::bytes checkpoint() const {
        const std::vector<std::byte> bytes = projection_.checkpoint();
        return nb::bytes(bytes.data(), bytes.size());
    }

    void restore(const nb::bytes& checkpoint) {
        const auto* data = reinterpret_cast<const std::byte*>(checkpoint.c_str());
        projection_.restore({data, data + checkpoint.size()});
    }

    nb::object place(const PointRows& rows) const {
        const oort::PointsView points = to_points(rows);
        return copy_of(interruptible([&](std::stop_token stop) {
                           return projection_.place(points, std::move(stop));
                       }).view());
    }

  private:
    PointRows points_;
    oort::ThreadPool pool_;
    oort::Projection projection_;
};

}  // namespace

void bind_projection(nb::module_& m) {
    m.def(
        "complete_request",
        [](std::string_view request) {
            return oort::to_text(oort::to_json(request_from(request)));
        },
        "request"_a,
        "The request with every option that it leaves out; both are JSON.");
    nb::class_<PythonProjection>(m, "Projection", "See src/numeric/projection.h.")
        .def(nb::init<PointRows, std::string_view, int, const std::optional<LabelCodes>&>(),
             "points"_a.noconvert(),
             "request"_a,
             "n_threads"_a,
             "labels"_a.none())
        .def("step", &PythonProjection::step, "iterations"_a)
        .def("layout", &PythonProjection::layout)
        .def("report", &PythonProjection::report)
        .def("checkpoint", &PythonProjection::checkpoint)
        .def("restore", &PythonProjection::restore, "checkpoint"_a)
        .def("place", &PythonProjection::place, "points"_a.noconvert())
        .def_prop_ro("is_done", &PythonProjection::is_done)
        .def_prop_ro("is_optimising", &PythonProjection::is_optimising)
        .def_prop_ro("iteration", &PythonProjection::iteration);
}
