// SPDX-License-Identifier: Apache-2.0
#include "numeric/knn_memory.h"

#ifdef __linux__
#include <sys/mman.h>
#endif

#include <new>

namespace oort {

namespace {

constexpr std::size_t cache_line = 64;
constexpr std::size_t large_page = std::size_t{2} << 20;

}  // namespace

void* allocate_large(std::size_t size_bytes) {
    const std::size_t unit = size_bytes < 2 * large_page ? cache_line : large_page;
    const std::size_t size = (size_bytes / unit + 1) * unit;
    void* memory = std::aligned_alloc(unit, size);
    if (memory == nullptr) throw std::bad_alloc();
#ifdef __linux__
    // A wish; without large pages it is as before.
    if (unit == large_page) madvise(memory, size, MADV_HUGEPAGE);
#endif
    return memory;
}

}  // namespace oort
