// SPDX-License-Identifier: Apache-2.0
#include "embedding/dataset.h"

#include <bit>

namespace oort {

// A mapped file is read in place, so the machine must store numbers as the file does.
static_assert(std::endian::native == std::endian::little);

std::string_view to_name(ColumnKind kind) noexcept {
    switch (kind) {
        case ColumnKind::category: return "category";
        case ColumnKind::number: return "number";
        case ColumnKind::text: return "text";
    }
    return "text";
}

Vectors::Vectors(std::vector<float> values) {
    const auto owned = std::make_shared<const std::vector<float>>(std::move(values));
    values_ = *owned;
    owner_ = owned;
}

Vectors::Vectors(std::shared_ptr<const MappedFile> file) {
    const auto bytes = file->bytes();
    values_ = {reinterpret_cast<const float*>(bytes.data()), bytes.size() / sizeof(float)};
    owner_ = std::move(file);
}

}  // namespace oort
