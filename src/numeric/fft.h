// SPDX-License-Identifier: Apache-2.0
// Tables of a complex fast Fourier transform: Stockham's, of radix 8, 4, 2, 3 and 5 (Van Loan 1992,
// "Computational Frameworks for the Fast Fourier Transform", section 1.7), run on many sequences
// side by side by simd/fft_kernel.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "numeric/simd/fft_kernel.h"

namespace oort {

/// The least length at or above n that is a multiple of 16 and a product of 2, 3 and 5.
std::size_t fft_length(std::size_t n);

/// Is n such a length?
bool is_fft_length(std::size_t n);

/// Of one length, at the frequencies k + offset.
class FftPlan {
  public:
    FftPlan(std::size_t n, double offset);

    std::size_t n() const noexcept { return n_; }

    /// Valid as long as the plan is.
    FftView view() const noexcept {
        return {n_, radices_.data(), radices_.size(), twiddles_.data(), turns_.data()};
    }

  private:
    std::size_t n_;
    std::vector<std::uint8_t> radices_;
    std::vector<float> twiddles_;
    std::vector<float> turns_;
};

}  // namespace oort
