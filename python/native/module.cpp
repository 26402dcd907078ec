// SPDX-License-Identifier: Apache-2.0
#include <nanobind/nanobind.h>

#include "errors.h"
#include "native.h"

NB_MODULE(_native, m) {
    m.doc() = "The C++ client, as oort.Experiment uses it.";
    translate_errors();
    bind_images(m);
    bind_experiment(m);
}
