// SPDX-License-Identifier: Apache-2.0
// Colours as numbers and a table of at most 256 of them.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

namespace oort {

/// Red in the lowest byte, alpha in the highest: the four bytes of an RGBA pixel in memory.
using Color = std::uint32_t;

inline constexpr Color pack(unsigned red, unsigned green, unsigned blue, unsigned alpha) {
    return red | green << 8 | blue << 16 | alpha << 24;
}

inline constexpr unsigned alpha_of(Color color) {
    return color >> 24;
}

inline constexpr bool is_gray(Color color) {
    return (color & 0xFF) == (color >> 8 & 0xFF) && (color & 0xFF) == (color >> 16 & 0xFF);
}

/// Every fully transparent colour is the same colour.
inline constexpr Color normal(Color color) {
    return alpha_of(color) == 0 ? 0 : color;
}

/// Up to 256 colours in order of first appearance. Any number of threads may call index_of() at
/// once: a colour already known costs no lock.
class Palette {
  public:
    static constexpr int full = -1;

    /// The number of this colour, now if not before; `full` if it would be the 257th.
    int index_of(Color color) {
        for (std::size_t slot = slot_of(color);; slot = (slot + 1) % n_slots) {
            const std::uint64_t entry = slots_[slot].load(std::memory_order_acquire);
            if (entry == 0) return insert(color);
            if (static_cast<Color>(entry >> 16) == color) {
                return static_cast<int>(entry & 0xFFFF) - 1;
            }
        }
    }

    /// Only while no other thread adds colours.
    const std::vector<Color>& colors() const { return colors_; }

  private:
    static constexpr std::size_t n_slots = 1024;

    static std::size_t slot_of(Color color) { return color * 0x9E3779B1U >> 22; }

    int insert(Color color);

    std::array<std::atomic<std::uint64_t>, n_slots> slots_{};  // 0 or color << 16 | index + 1
    std::vector<Color> colors_;
    std::mutex mutex_;
};

}  // namespace oort
