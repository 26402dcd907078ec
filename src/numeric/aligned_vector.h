// SPDX-License-Identifier: Apache-2.0
// A std::vector whose elements begin on a cache line, and, where it is large, on a huge page: the
// arrays that an optimiser walks through thousands of times. Elements that are not given a value
// (resize, the constructor of a size alone) have any: large arrays are filled by many threads, and
// take no memory before that.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <new>
#include <utility>
#include <vector>

namespace oort {

template <class T>
struct AlignedAllocator {
    using value_type = T;

    AlignedAllocator() = default;

    template <class U>
    AlignedAllocator(const AlignedAllocator<U>&) noexcept {}

    T* allocate(std::size_t count) {
        constexpr std::size_t line = 64;
        constexpr std::size_t huge_page = std::size_t{1} << 21;
        const std::size_t unit = count * sizeof(T) < 2 * huge_page ? line : huge_page;
        const std::size_t bytes = (count * sizeof(T) + unit - 1) / unit * unit;
        void* const memory = std::aligned_alloc(unit, bytes);
        if (memory == nullptr) throw std::bad_alloc();
        // Advice only: without huge pages everything is as right, and a little slower.
        if (unit == huge_page) madvise(memory, bytes, MADV_HUGEPAGE);
        return static_cast<T*>(memory);
    }

    template <class U>
    void construct(U* at) noexcept {
        ::new (static_cast<void*>(at)) U;
    }

    template <class U, class... Arguments>
    void construct(U* at, Arguments&&... arguments) {
        ::new (static_cast<void*>(at)) U(std::forward<Arguments>(arguments)...);
    }

    void deallocate(T* memory, std::size_t) noexcept { std::free(memory); }

    bool operator==(const AlignedAllocator&) const noexcept { return true; }
};

template <class T>
using AlignedVector = std::vector<T, AlignedAllocator<T>>;

}  // namespace oort
