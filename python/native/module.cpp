// SPDX-License-Identifier: Apache-2.0
#include <nanobind/nanobind.h>

#include "base/error.h"
#include "native.h"

namespace nb = nanobind;

namespace {

// The table in base/error.cpp says which code is which exception; this door only looks it up.
void raise(const std::exception_ptr& thrown, void* /*unused*/) {
    try {
        std::rethrow_exception(thrown);
    } catch (const oort::Error& error) {
        const std::string name(oort::error_info(error.code()).python_exception);
        const nb::object builtins = nb::module_::import_("builtins");
        const nb::object type = nb::hasattr(builtins, name.c_str()) ? builtins.attr(name.c_str())
                                                                    : builtins.attr("RuntimeError");
        PyErr_SetString(type.ptr(), error.what());
    }
}

}  // namespace

NB_MODULE(_native, m) {
    m.doc() = "The C++ client, as oort.Experiment uses it.";
    nb::register_exception_translator(raise);
    bind_images(m);
    bind_experiment(m);
}
