// SPDX-License-Identifier: Apache-2.0
#include "sprite/palette.h"

namespace oort {

int Palette::insert(Color color) {
    const std::lock_guard lock(mutex_);
    std::size_t slot = slot_of(color);
    for (;; slot = (slot + 1) % n_slots) {
        const std::uint64_t entry = slots_[slot].load(std::memory_order_relaxed);
        if (entry == 0) break;
        // Another thread was quicker.
        if (static_cast<Color>(entry >> 16) == color) return static_cast<int>(entry & 0xFFFF) - 1;
    }
    if (colors_.size() == 256) return full;
    colors_.push_back(color);
    slots_[slot].store(std::uint64_t{color} << 16 | colors_.size(), std::memory_order_release);
    return static_cast<int>(colors_.size()) - 1;
}

}  // namespace oort
