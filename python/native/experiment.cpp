// SPDX-License-Identifier: Apache-2.0
#include "oort/experiment.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/variant.h>
#include <nanobind/stl/vector.h>

#include <string>
#include <tuple>
#include <vector>

#include "native.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using oort::Experiment;
using Release = nb::call_guard<nb::gil_scoped_release>;
using Logged = std::tuple<std::string, std::string, std::string>;
using ColorTuple = std::tuple<std::uint8_t, std::uint8_t, std::uint8_t>;
using Number = std::optional<std::int64_t>;

Logged to_tuple(oort::LoggedAsset asset) {
    return {std::move(asset.asset_id), std::move(asset.web_url), std::move(asset.api_url)};
}

std::span<const std::byte> view(const nb::bytes& bytes) {
    return std::as_bytes(std::span(bytes.c_str(), bytes.size()));
}

oort::EmbeddingImages to_images(const PixelStack& stack,
                                int tile_width,
                                int tile_height,
                                const std::optional<ColorTuple>& transparent,
                                const std::optional<Colors>& backgrounds) {
    oort::EmbeddingImages images = oort::EmbeddingImages::of({stack.data(), stack.size()},
                                                             static_cast<int>(stack.shape(2)),
                                                             static_cast<int>(stack.shape(1)),
                                                             static_cast<int>(stack.shape(3)));
    images.tile_width = tile_width;
    images.tile_height = tile_height;
    if (transparent) {
        images.transparent = {
            std::get<0>(*transparent), std::get<1>(*transparent), std::get<2>(*transparent)};
    }
    if (backgrounds) {
        if (backgrounds->shape(0) != stack.shape(0))
            throw nb::value_error("one background an image is needed");
        images.background = [colors = backgrounds->data()](std::size_t i) {
            return oort::Color{colors[3 * i], colors[3 * i + 1], colors[3 * i + 2]};
        };
    }
    return images;
}

Logged log_embedding(Experiment& experiment,
                     const FloatRows& vectors,
                     std::vector<std::string> label_names,
                     std::vector<std::vector<std::string>> label_columns,
                     const std::optional<PixelStack>& images,
                     std::string image_url,
                     int tile_width,
                     int tile_height,
                     const std::optional<ColorTuple>& transparent,
                     const std::optional<Colors>& backgrounds,
                     std::string title,
                     std::string template_filename,
                     std::string group) {
    const oort::Labels labels{std::move(label_names), std::move(label_columns)};
    oort::EmbeddingOptions options{.title = std::move(title),
                                   .template_filename = std::move(template_filename),
                                   .group = std::move(group),
                                   .image_url = std::move(image_url),
                                   .tile_width = tile_width,
                                   .tile_height = tile_height};
    std::optional<oort::EmbeddingImages> own;
    if (images) {
        own = to_images(*images, tile_width, tile_height, transparent, backgrounds);
        options.images = &*own;
    }
    const nb::gil_scoped_release release;
    return to_tuple(experiment.log_embedding(
        {vectors.data(), vectors.size()}, vectors.shape(1), labels, options));
}

oort::AssetOptions asset_options(std::string name,
                                 std::string type,
                                 std::string content_type,
                                 Number step,
                                 Number epoch,
                                 std::string metadata) {
    return {.name = std::move(name),
            .type = std::move(type),
            .content_type = std::move(content_type),
            .step = step,
            .epoch = epoch,
            .metadata_json = std::move(metadata)};
}

Logged log_asset(Experiment& experiment,
                 const std::string& path,
                 std::string name,
                 std::string type,
                 Number step,
                 Number epoch,
                 std::string metadata) {
    const auto options =
        asset_options(std::move(name), std::move(type), "", step, epoch, std::move(metadata));
    const nb::gil_scoped_release release;
    return to_tuple(experiment.log_asset(path, options));
}

Logged log_asset_data(Experiment& experiment,
                      const nb::bytes& data,
                      std::string name,
                      std::string type,
                      std::string content_type,
                      Number step,
                      Number epoch,
                      std::string metadata) {
    const auto options = asset_options(std::move(name),
                                       std::move(type),
                                       std::move(content_type),
                                       step,
                                       epoch,
                                       std::move(metadata));
    const auto bytes = view(data);
    const nb::gil_scoped_release release;
    return to_tuple(experiment.log_asset_data(bytes, options));
}

Logged log_image(Experiment& experiment,
                 const nb::bytes& encoded,
                 std::string name,
                 Number step,
                 Number epoch,
                 std::string metadata) {
    auto options = asset_options(std::move(name), "image", "", step, epoch, std::move(metadata));
    const auto bytes = view(encoded);
    const nb::gil_scoped_release release;
    return to_tuple(experiment.log_image(bytes, std::move(options)));
}

// Waits without the GIL, but takes it ten times a second so that Ctrl-C works.
void end(Experiment& experiment) {
    bool is_interrupted = false;
    {
        const nb::gil_scoped_release release;
        experiment.end([&] {
            const nb::gil_scoped_acquire acquire;
            is_interrupted = PyErr_CheckSignals() != 0;
            return !is_interrupted;
        });
    }
    if (is_interrupted) throw nb::python_error();
}

void bind_assets(nb::class_<Experiment>& experiment) {
    experiment
        .def(
            "log_embedding_image",
            [](Experiment& self, const nb::bytes& png) {
                const std::string_view bytes(png.c_str(), png.size());
                const nb::gil_scoped_release release;
                return to_tuple(self.log_embedding_image(bytes));
            },
            "png"_a)
        .def("log_asset",
             &log_asset,
             "path"_a,
             "name"_a,
             "type"_a,
             "step"_a.none(),
             "epoch"_a.none(),
             "metadata"_a)
        .def("log_asset_data",
             &log_asset_data,
             "data"_a,
             "name"_a,
             "type"_a,
             "content_type"_a,
             "step"_a.none(),
             "epoch"_a.none(),
             "metadata"_a)
        .def("log_image",
             &log_image,
             "encoded"_a,
             "name"_a,
             "step"_a.none(),
             "epoch"_a.none(),
             "metadata"_a);
}

void bind_values(nb::class_<Experiment>& experiment) {
    experiment
        .def(
            "log_metrics",
            [](Experiment& self,
               const std::vector<std::pair<std::string, double>>& metrics,
               Number step,
               Number epoch,
               std::optional<std::string> context) {
                const nb::gil_scoped_release release;
                self.log_metrics(metrics,
                                 {.step = step, .epoch = epoch, .context = std::move(context)});
            },
            "metrics"_a,
            "step"_a.none(),
            "epoch"_a.none(),
            "context"_a.none())
        .def(
            "log_parameters",
            [](Experiment& self,
               const std::vector<std::pair<std::string, oort::Value>>& parameters) {
                const nb::gil_scoped_release release;
                self.log_parameters(parameters);
            },
            "parameters"_a)
        .def("log_other", &Experiment::log_other, "key"_a, "value"_a, Release())
        .def(
            "add_tags",
            [](Experiment& self, const std::vector<std::string>& tags) {
                const nb::gil_scoped_release release;
                self.add_tags(tags);
            },
            "tags"_a)
        .def("set_name", &Experiment::set_name, "name"_a, Release())
        .def("set_step", &Experiment::set_step, "step"_a.none())
        .def("set_epoch", &Experiment::set_epoch, "epoch"_a.none())
        .def("set_context", &Experiment::set_context, "context"_a);
}

}  // namespace

void bind_experiment(nb::module_& m) {
    nb::class_<Experiment> experiment(m, "Experiment", "See include/oort/experiment.h.");
    experiment
        .def(
            "__init__",
            [](Experiment* self,
               std::string api_key,
               std::string project_name,
               std::string workspace,
               std::string experiment_key,
               std::string name,
               std::string url,
               double patience_s) {
                const nb::gil_scoped_release release;
                new (self) Experiment({.project_name = std::move(project_name),
                                       .workspace = std::move(workspace),
                                       .experiment_key = std::move(experiment_key),
                                       .name = std::move(name),
                                       .url = std::move(url),
                                       .api_key = std::move(api_key),
                                       .patience_s = patience_s});
            },
            "api_key"_a,
            "project_name"_a,
            "workspace"_a,
            "experiment_key"_a,
            "name"_a,
            "url"_a,
            "patience_s"_a)
        .def("log_embedding",
             &log_embedding,
             "vectors"_a,
             "label_names"_a,
             "label_columns"_a,
             "images"_a.none(),
             "image_url"_a,
             "tile_width"_a,
             "tile_height"_a,
             "transparent"_a.none(),
             "backgrounds"_a.none(),
             "title"_a,
             "template_filename"_a,
             "group"_a)
        .def("end", &end)
        .def_prop_ro("key", &Experiment::key)
        .def_prop_ro("name", &Experiment::name)
        .def_prop_ro("url", &Experiment::url)
        .def_prop_ro("is_alive", &Experiment::is_alive);
    bind_assets(experiment);
    bind_values(experiment);
}
