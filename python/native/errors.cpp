// SPDX-License-Identifier: Apache-2.0
#include "errors.h"

#include <nanobind/nanobind.h>

#include <exception>
#include <string>

#include "base/error.h"

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

void translate_errors() {
    nb::register_exception_translator(raise);
}
