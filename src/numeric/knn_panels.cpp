// SPDX-License-Identifier: Apache-2.0
#include "numeric/knn_panels.h"

#include <algorithm>

namespace oort {

Panels::Panels(Arithmetic arithmetic, std::size_t n_panels, std::size_t n_words)
    : arithmetic_(arithmetic),
      n_panels_(n_panels),
      n_words_(n_words),
      words_(large_array<std::int32_t>(n_panels * n_words * panel_points)),
      norms_(large_array<std::int32_t>(n_panels * panel_points)) {}

void Panels::clear(std::size_t panel) noexcept {
    const std::size_t size = n_words_ * panel_points;
    std::fill_n(words_.get() + panel * size, size, 0);
    std::fill_n(norms_.get() + panel * panel_points, panel_points, key_limit(arithmetic_));
}

void Panels::set(std::size_t position, const std::int32_t* words, std::int32_t norm) noexcept {
    std::int32_t* out =
        words_.get() + position / panel_points * n_words_ * panel_points + position % panel_points;
    for (std::size_t w = 0; w < n_words_; ++w) out[w * panel_points] = words[w];
    norms_[position] = norm;
}

void Panels::get(std::size_t position, std::int32_t* words) const noexcept {
    const std::int32_t* in =
        words_.get() + position / panel_points * n_words_ * panel_points + position % panel_points;
    for (std::size_t w = 0; w < n_words_; ++w) words[w] = in[w * panel_points];
}

}  // namespace oort
