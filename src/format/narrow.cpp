// SPDX-License-Identifier: Apache-2.0
// float64 to float32, with an account of what was lost.
#include <fmt/format.h>

#include <cmath>

#include "base/check.h"
#include "format/tensor.h"

namespace oort {

Narrowing narrow(std::span<const double> from, std::span<float> to) {
    CHECK(from.size() == to.size());
    std::size_t n_changed = 0;
    std::size_t n_overflowed = 0;
    for (std::size_t i = 0; i < from.size(); ++i) {
        const double wide = from[i];
        const auto value = static_cast<float>(wide);
        to[i] = value;
        // NaN differs from itself but is not changed.
        n_changed += static_cast<double>(value) != wide && wide == wide;
        n_overflowed += std::isinf(value) && !std::isinf(wide);
    }
    return {.n_rounded = n_changed - n_overflowed, .n_overflowed = n_overflowed};
}

std::optional<std::string> narrowing_note(const Narrowing& narrowing) {
    if (narrowing.exact()) return std::nullopt;
    std::string note;
    if (narrowing.n_rounded > 0) {
        note = fmt::format("{} numbers have more digits than float32 holds and were rounded",
                           narrowing.n_rounded);
    }
    if (narrowing.n_overflowed > 0) {
        note += fmt::format("{}{} numbers are beyond the range of float32 and became infinite",
                            note.empty() ? "" : "; ",
                            narrowing.n_overflowed);
    }
    return note + ".";
}

}  // namespace oort
