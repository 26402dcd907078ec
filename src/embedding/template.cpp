// SPDX-License-Identifier: Apache-2.0
#include "embedding/template.h"

namespace oort {

bool is_raw_tensor(const AssetRef& tensor) noexcept {
    return tensor.path.empty() || tensor.path.ends_with(".bytes");
}

}  // namespace oort
