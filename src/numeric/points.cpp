// SPDX-License-Identifier: Apache-2.0
#include "numeric/points.h"

#include <cstring>

#include "numeric/simd/convert_kernel.h"

namespace oort {

std::size_t size_bytes(ElementType type) noexcept {
    switch (type) {
        case ElementType::float32: return 4;
        case ElementType::float16: return 2;
        case ElementType::uint8: return 1;
    }
    return 0;
}

void PointsView::read(std::size_t first, std::size_t count, float* out) const noexcept {
    const std::size_t begin = first * n_columns;
    const std::size_t n = count * n_columns;
    if (n == 0) return;
    switch (type) {
        case ElementType::float32:
            std::memcpy(out, static_cast<const float*>(data) + begin, n * sizeof(float));
            break;
        case ElementType::float16:
            floats_from_halves(static_cast<const std::uint16_t*>(data) + begin, n, out);
            break;
        case ElementType::uint8:
            floats_from_bytes(static_cast<const std::uint8_t*>(data) + begin, n, out);
            break;
    }
}

}  // namespace oort
