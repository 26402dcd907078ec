// SPDX-License-Identifier: Apache-2.0
#include "base/time.h"

namespace oort {

Milliseconds now() noexcept {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

}  // namespace oort
