// SPDX-License-Identifier: Apache-2.0
// Working memory for the kernels of simd/fft_kernel.h, kept by each thread: to allocate it anew for
// each of thousands of short tasks would cost more than the tasks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace oort {

/// `count` floats of this thread, aligned for any vector, of any content; valid until its next
/// call.
inline float* fft_scratch_floats(std::size_t count) {
    thread_local std::vector<float> floats;
    constexpr std::size_t alignment = 64;
    if (floats.size() < count + alignment / sizeof(float))
        floats.resize(count + alignment / sizeof(float));
    const auto address = reinterpret_cast<std::uintptr_t>(floats.data());
    return floats.data() + (alignment - address % alignment) % alignment / sizeof(float);
}

}  // namespace oort
