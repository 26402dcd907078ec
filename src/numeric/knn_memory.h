// SPDX-License-Identifier: Apache-2.0
// Memory for large arrays of numbers: not written before use, so that its pages are first touched
// by the threads that fill them; at the start of a cache line; and in large pages where the system
// has them, since touching millions of small ones takes as long as computing what they hold.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <type_traits>

namespace oort {

/// Throws std::bad_alloc. To be given back by std::free.
void* allocate_large(std::size_t size_bytes);

struct FreeMemory {
    void operator()(void* memory) const noexcept { std::free(memory); }
};

template <class T>
using LargeArray = std::unique_ptr<T[], FreeMemory>;

/// n values, not initialised.
template <class T>
LargeArray<T> large_array(std::size_t n) {
    static_assert(std::is_trivial_v<T>);
    return LargeArray<T>(static_cast<T*>(allocate_large(n * sizeof(T))));
}

}  // namespace oort
