// SPDX-License-Identifier: Apache-2.0
#include "numeric/fft.h"

#include <cmath>
#include <numbers>

#include "base/check.h"

namespace oort {

namespace {

void append_turn(double turns, std::vector<float>& out) {
    const double angle = -2 * std::numbers::pi * turns;
    out.push_back(static_cast<float>(std::cos(angle)));
    out.push_back(static_cast<float>(std::sin(angle)));
}

}  // namespace

bool is_fft_length(std::size_t n) {
    if (n == 0 || n % 16 != 0) return false;
    for (const std::size_t radix : {2, 3, 5}) {
        while (n % radix == 0) n /= radix;
    }
    return n == 1;
}

std::size_t fft_length(std::size_t n) {
    std::size_t length = (n + 15) / 16 * 16;
    while (!is_fft_length(length)) length += 16;
    return length;
}

FftPlan::FftPlan(std::size_t n, double offset) : n_(n) {
    CHECK(is_fft_length(n));
    std::size_t left = n;
    for (const std::size_t radix : {8, 4, 2, 3, 5}) {
        for (; left % radix == 0; left /= radix)
            radices_.push_back(static_cast<std::uint8_t>(radix));
    }
    left = n;
    for (const std::size_t radix : radices_) {
        const std::size_t m = left / radix;
        for (std::size_t p = 0; p < m; ++p) {
            for (std::size_t k = 1; k < radix; ++k) {
                append_turn(static_cast<double>(p * k) / static_cast<double>(left), twiddles_);
            }
        }
        left = m;
    }
    for (std::size_t m = 0; m < n; ++m)
        append_turn(offset * static_cast<double>(m) / static_cast<double>(n), turns_);
}

}  // namespace oort
