// SPDX-License-Identifier: Apache-2.0
// UMAP's optimisation as bytes, to go on from later: header, points, velocities, check sum; in the
// byte order of the machine.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "numeric/umap_optimiser.h"

namespace oort {

std::vector<std::byte> write_umap_checkpoint(const UmapOptimiser& optimiser);

/// Throws Error(corrupt) if the bytes are damaged or were not written by an optimiser of the same
/// number of rows, components and epochs, and then changes nothing.
void read_umap_checkpoint(std::span<const std::byte> bytes, UmapOptimiser& optimiser);

}  // namespace oort
