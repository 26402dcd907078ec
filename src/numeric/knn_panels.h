// SPDX-License-Identifier: Apache-2.0
// Memory laid out in panels of 32 points, as the kernels read it (simd/join_kernel.h).
#pragma once

#include <cstddef>
#include <cstdint>

#include "numeric/knn_memory.h"
#include "numeric/simd/join_kernel.h"

namespace oort {

class Panels {
  public:
    Panels() = default;

    /// Room for n_panels panels, without points.
    Panels(Arithmetic arithmetic, std::size_t n_panels, std::size_t n_words);

    /// Empties a panel. Needed once for each before its points are set: that the thread which fills
    /// it touches it first.
    void clear(std::size_t panel) noexcept;

    /// Puts a point at a position, which is 32 times its panel and its place there.
    void set(std::size_t position, const std::int32_t* words, std::int32_t norm) noexcept;

    /// Takes the words of the point at a position.
    void get(std::size_t position, std::int32_t* words) const noexcept;

    std::int32_t norm(std::size_t position) const noexcept { return norms_[position]; }

    std::size_t n_panels() const noexcept { return n_panels_; }

    PanelsView view() const noexcept { return view(0, n_panels_); }

    PanelsView view(std::size_t first_panel, std::size_t count) const noexcept {
        return {words_.get() + first_panel * panel_points * n_words_,
                norms_.get() + first_panel * panel_points,
                count,
                n_words_};
    }

  private:
    Arithmetic arithmetic_ = Arithmetic::int16;
    std::size_t n_panels_ = 0;
    std::size_t n_words_ = 0;
    LargeArray<std::int32_t> words_;
    LargeArray<std::int32_t> norms_;
};

}  // namespace oort
