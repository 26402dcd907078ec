// SPDX-License-Identifier: Apache-2.0
#include "numeric/morton_order.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace oort {

namespace {

constexpr std::size_t chunk_points = 16384;
constexpr std::uint32_t digit_bits = 10;
constexpr std::uint32_t code_bits = 30;
constexpr std::size_t n_digits = std::size_t{1} << digit_bits;

/// Two zeros before each of ten bits.
std::uint32_t spread_by_two(std::uint32_t x) {
    x = (x | x << 16) & 0x030000FF;
    x = (x | x << 8) & 0x0300F00F;
    x = (x | x << 4) & 0x030C30C3;
    return (x | x << 2) & 0x09249249;
}

/// A zero before each of sixteen bits.
std::uint32_t spread_by_one(std::uint32_t x) {
    x = (x | x << 8) & 0x00FF00FF;
    x = (x | x << 4) & 0x0F0F0F0F;
    x = (x | x << 2) & 0x33333333;
    return (x | x << 1) & 0x55555555;
}

struct Box {
    std::array<float, 3> low;
    std::array<float, 3> high;
};

constexpr float far = std::numeric_limits<float>::max();
constexpr Box empty_box{{far, far, far}, {-far, -far, -far}};

void extend(Box& box, const float* point, std::size_t n_dims) {
    for (std::size_t c = 0; c < n_dims; ++c) {
        box.low[c] = std::min(box.low[c], point[c]);
        box.high[c] = std::max(box.high[c], point[c]);
    }
}

Box box_of(const float* points, std::size_t n, std::size_t stride, ThreadPool& pool) {
    const std::size_t n_dims = stride == 2 ? 2 : 3;
    std::vector<Box> parts(n_chunks(n, chunk_points), empty_box);
    parallel_for(pool, n, chunk_points, [&](std::size_t begin, std::size_t end) {
        Box part = empty_box;
        for (std::size_t i = begin; i < end; ++i) extend(part, points + stride * i, n_dims);
        parts[begin / chunk_points] = part;
    });
    Box box = empty_box;
    for (const Box& part : parts) {
        extend(box, part.low.data(), n_dims);
        extend(box, part.high.data(), n_dims);
    }
    return box;
}

}  // namespace

MortonOrder::MortonOrder(std::size_t n, ThreadPool& pool)
    : n_(n), pool_(pool), keys_(n), other_keys_(n) {}

void MortonOrder::sort_by_digit(std::uint32_t shift) {
    const std::size_t chunks = n_chunks(n_, chunk_points);
    counts_.assign(chunks * n_digits, 0);
    const auto digit = [shift](std::uint64_t key) { return key >> shift & (n_digits - 1); };
    parallel_for(pool_, n_, chunk_points, [&](std::size_t begin, std::size_t end) {
        std::uint32_t* counts = counts_.data() + begin / chunk_points * n_digits;
        for (std::size_t i = begin; i < end; ++i) ++counts[digit(keys_[i])];
    });
    std::uint32_t total = 0;
    for (std::size_t d = 0; d < n_digits; ++d) {
        for (std::size_t chunk = 0; chunk < chunks; ++chunk) {
            std::uint32_t& count = counts_[chunk * n_digits + d];
            const std::uint32_t here = count;
            count = total;
            total += here;
        }
    }
    parallel_for(pool_, n_, chunk_points, [&](std::size_t begin, std::size_t end) {
        std::uint32_t* next = counts_.data() + begin / chunk_points * n_digits;
        for (std::size_t i = begin; i < end; ++i) other_keys_[next[digit(keys_[i])]++] = keys_[i];
    });
    std::swap(keys_, other_keys_);
}

void MortonOrder::sort(const float* points, std::size_t stride) {
    const std::size_t n_dims = stride == 2 ? 2 : 3;
    const Box box = box_of(points, n_, stride, pool_);
    side_ = std::numeric_limits<float>::min();
    for (std::size_t c = 0; c < n_dims; ++c) side_ = std::max(side_, box.high[c] - box.low[c]);
    const auto cells = static_cast<float>(1U << levels(stride));
    const float scale = cells / side_;
    parallel_for(pool_, n_, chunk_points, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            std::uint32_t code = 0;
            for (std::size_t c = 0; c < n_dims; ++c) {
                const float at = (points[stride * i + c] - box.low[c]) * scale;
                const auto cell = static_cast<std::uint32_t>(std::min(at, cells - 1));
                code |= (stride == 2 ? spread_by_one(cell) : spread_by_two(cell)) << c;
            }
            keys_[i] = std::uint64_t{code} << 32 | i;
        }
    });
    for (std::uint32_t shift = 32; shift < 32 + code_bits; shift += digit_bits)
        sort_by_digit(shift);
}

}  // namespace oort
