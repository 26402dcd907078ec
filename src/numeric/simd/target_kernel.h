// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace oort {

/// Highway's name of the instruction set that a kernel called now runs on: asked of one.
std::string dispatched_target();

}  // namespace oort
