// SPDX-License-Identifier: Apache-2.0
// Work on all cores for pictures: this room stands below numeric's pool and needs no more than
// this.
#pragma once

#include <cstddef>
#include <functional>

namespace oort {

/// Calls body(i) once for each i in [0, n), from as many threads as the machine has cores. Which
/// thread takes which i is left to chance, so bodies must not depend on it. The first exception is
/// thrown again here.
void for_each_strip(std::size_t n, const std::function<void(std::size_t)>& body);

}  // namespace oort
