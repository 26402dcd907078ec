// SPDX-License-Identifier: Apache-2.0
// The native module is made of one function a noun. These files convert and release the GIL;
// nothing else.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstdint>

/// n x d, row-major.
using FloatRows =
    nanobind::ndarray<const float, nanobind::ndim<2>, nanobind::c_contig, nanobind::device::cpu>;

/// n x height x width x channels.
using PixelStack = nanobind::
    ndarray<const std::uint8_t, nanobind::ndim<4>, nanobind::c_contig, nanobind::device::cpu>;

/// height x width x channels.
using Pixels = nanobind::
    ndarray<const std::uint8_t, nanobind::ndim<3>, nanobind::c_contig, nanobind::device::cpu>;

/// n x 3.
using Colors = nanobind::
    ndarray<const std::uint8_t, nanobind::shape<-1, 3>, nanobind::c_contig, nanobind::device::cpu>;

void bind_images(nanobind::module_& m);
void bind_experiment(nanobind::module_& m);
