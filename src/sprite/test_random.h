// SPDX-License-Identifier: Apache-2.0
// Random inputs for tests, the same on every machine (SplitMix64; Steele, Lea, Flood 2014).
#pragma once

#include <cstdint>
#include <string>

namespace oort {

class TestRandom {
  public:
    explicit TestRandom(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        std::uint64_t z = state_ += 0x9E3779B97F4A7C15;
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
        z = (z ^ z >> 27) * 0x94D049BB133111EB;
        return z ^ z >> 31;
    }

    /// 0 <= result < n
    std::size_t below(std::size_t n) { return next() % n; }

    std::uint8_t byte() { return static_cast<std::uint8_t>(next()); }

    /// The text damaged in a few places: bytes changed, put in, taken out, or the end cut off.
    std::string damaged(std::string text) {
        for (std::size_t n = 1 + below(4); n > 0 && !text.empty(); --n) {
            const std::size_t at = below(text.size());
            switch (below(6)) {
                case 0: text.resize(at); break;
                case 1: text.erase(at, 1 + below(8)); break;
                case 2: text.insert(at, 1 + below(4), static_cast<char>(byte())); break;
                case 3: text.insert(at, 1, "\t\n\r\"\\[]'"[below(8)]); break;
                default: text[at] = static_cast<char>(byte()); break;
            }
        }
        return text;
    }

  private:
    std::uint64_t state_;
};

}  // namespace oort
