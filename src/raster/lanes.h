// SPDX-License-Identifier: Apache-2.0
// Four lanes at a time: compiler vectors, which gcc and clang turn into SSE, NEON or WebAssembly
// SIMD.
#pragma once

#include <stdint.h>

namespace oort {

typedef float Float4 __attribute__((vector_size(16), aligned(4)));
typedef int32_t Int4 __attribute__((vector_size(16), aligned(4)));
typedef uint32_t Uint4 __attribute__((vector_size(16), aligned(4)));

inline Uint4 load(const uint32_t* p) {
    return *reinterpret_cast<const Uint4*>(p);
}

inline Float4 load(const float* p) {
    return *reinterpret_cast<const Float4*>(p);
}

inline void store(uint32_t* p, Uint4 v) {
    *reinterpret_cast<Uint4*>(p) = v;
}

/// All lanes the same.
inline Float4 spread(float value) {
    return Float4{} + value;
}

inline Uint4 spread(uint32_t value) {
    return Uint4{} + value;
}

inline Float4 clamped(Float4 v, float low, float high) {
    v = v < spread(low) ? spread(low) : v;
    return v > spread(high) ? spread(high) : v;
}

}  // namespace oort
