// SPDX-License-Identifier: Apache-2.0
// t-SNE's optimisation as bytes, to go on from later: header, order of the points,
// points, movements, gains, check sum; in the byte order of the machine.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "numeric/tsne_optimiser.h"

namespace oort {

std::vector<std::byte> write_tsne_checkpoint(const TsneOptimiser& optimiser);

/// Throws Error(corrupt) if the bytes are damaged or were not written by an optimiser of the same
/// points, edges and number of iterations, and then changes nothing.
void read_tsne_checkpoint(std::span<const std::byte> bytes, TsneOptimiser& optimiser);

}  // namespace oort
