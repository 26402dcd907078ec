// SPDX-License-Identifier: Apache-2.0
#include "numeric/umap_optimiser.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "numeric/random.h"

namespace oort {

namespace {

constexpr std::size_t slices_per_chunk = 64;

}  // namespace

UmapOptimiser::UmapOptimiser(UmapSlices slices,
                             MatrixView start,
                             const UmapCurve& curve,
                             const UmapSchedule& schedule,
                             std::uint64_t seed,
                             ThreadPool& pool)
    : slices_(std::move(slices)),
      curve_(curve),
      schedule_(schedule),
      seed_(seed),
      pool_(pool),
      n_components_(static_cast<int>(start.n_columns)) {
    const std::size_t stride = point_stride(n_components_);
    now_.resize(slices_.n_places() * stride);
    next_.resize(now_.size());
    velocity_.resize(now_.size());
    for (std::size_t place = 0; place < start.n_rows; ++place) {
        const float* row = start.row(slices_.row_at[place]);
        std::copy(row, row + start.n_columns, now_.data() + place * stride);
    }
}

void UmapOptimiser::run_once() {
    const double t = static_cast<double>(epoch_) / schedule_.n_epochs;
    EpochView epoch{};
    epoch.slices = slices_.view();
    epoch.now = now_.data();
    epoch.next = next_.data();
    epoch.velocity = velocity_.data();
    epoch.n_rows = slices_.row_at.size();
    epoch.a = static_cast<float>(curve_.a);
    epoch.b = static_cast<float>(curve_.b);
    epoch.step = static_cast<float>(schedule_.first_step * std::pow(1 - t, schedule_.step_power));
    epoch.momentum = static_cast<float>(schedule_.first_momentum +
                                        (schedule_.last_momentum - schedule_.first_momentum) * t);
    epoch.repulsion = static_cast<float>(schedule_.repulsion);
    epoch.n_negatives = static_cast<std::uint32_t>(schedule_.n_negatives);
    epoch.key = static_cast<std::uint32_t>(
        Random(seed_ ^ (0x9E3779B97F4A7C15ULL * static_cast<std::uint64_t>(epoch_ + 1))).next());
    parallel_for(
        pool_, slices_.n_slices(), slices_per_chunk, [&](std::size_t begin, std::size_t end) {
            run_umap_slices(epoch, n_components_, begin, end);
        });
    now_.swap(next_);
    ++epoch_;
}

void UmapOptimiser::run(int epochs) {
    for (int i = 0; i < epochs && epoch_ < schedule_.n_epochs; ++i) run_once();
}

void UmapOptimiser::resume(int epoch, const std::byte* points, const std::byte* velocity) noexcept {
    epoch_ = epoch;
    std::memcpy(now_.data(), points, now_.size() * sizeof(float));
    std::memcpy(velocity_.data(), velocity, velocity_.size() * sizeof(float));
}

Matrix UmapOptimiser::layout() const {
    const std::size_t stride = point_stride(n_components_);
    Matrix layout(slices_.row_at.size(), static_cast<std::size_t>(n_components_));
    for (std::size_t place = 0; place < layout.n_rows(); ++place) {
        const float* point = now_.data() + place * stride;
        std::copy(point, point + layout.n_columns(), layout.row(slices_.row_at[place]));
    }
    return layout;
}

}  // namespace oort
