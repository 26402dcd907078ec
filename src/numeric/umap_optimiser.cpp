// SPDX-License-Identifier: Apache-2.0
#include "numeric/umap_optimiser.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>
#include <utility>

#include "numeric/random.h"

namespace oort {

namespace {

constexpr std::size_t slices_per_chunk = 64;
constexpr std::size_t rows_per_chunk = 8192;

/// Parabolas through each octave's values at the three Chebyshev nodes.
template <class Function>
ForceTable tabulate(const Function& function) {
    ForceTable table{};
    for (int exponent = -16; exponent < 16; ++exponent) {
        double m[3];
        double y[3];
        for (int k = 0; k < 3; ++k) {
            m[k] = 1.5 + 0.5 * std::cos((2 * k + 1) * std::numbers::pi / 6);
            y[k] = function(std::ldexp(m[k], exponent));
        }
        const double slope_01 = (y[1] - y[0]) / (m[1] - m[0]);
        const double slope_12 = (y[2] - y[1]) / (m[2] - m[1]);
        const double bend = (slope_12 - slope_01) / (m[2] - m[0]);
        const std::size_t row = static_cast<std::size_t>(exponent + 127) & 31;
        table.c[2][row] = static_cast<float>(bend);
        table.c[1][row] = static_cast<float>(slope_01 - bend * (m[0] + m[1]));
        table.c[0][row] = static_cast<float>(y[0] - slope_01 * m[0] + bend * m[0] * m[1]);
    }
    return table;
}

}  // namespace

ForceTables tabulate_forces(const UmapCurve& curve) {
    const auto [a, b] = curve;
    ForceTables tables;
    tables.attraction = tabulate([a = a, b = b](double square) {
        return 2 * a * b * std::pow(square, b - 1) / (1 + a * std::pow(square, b));
    });
    tables.repulsion = tabulate([a = a, b = b](double square) {
        const double push =
            2 * b / ((static_cast<double>(softening) + square) * (1 + a * std::pow(square, b)));
        return std::min(push, static_cast<double>(largest_push) / std::sqrt(square));
    });
    return tables;
}

UmapSchedule umap_schedule(std::size_t n_rows) {
    UmapSchedule schedule;
    schedule.n_epochs = n_rows <= 10'000 ? 500 : n_rows <= 200'000 ? 300 : 200;
    // A cluster's share of the negatives falls with the number of clusters, and with it the room
    // it takes; beyond this many rows repulsion grows so that clusters keep their room.
    const double excess = std::max(1.0, static_cast<double>(n_rows) / 100'000);
    schedule.repulsion *= excess;
    schedule.n_negatives = 16 * static_cast<int>(std::ceil(std::min(excess, 4.0)));
    return schedule;
}

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
      tables_(tabulate_forces(curve)),
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
    epoch.attraction = &tables_.attraction;
    epoch.repulsion = &tables_.repulsion;
    epoch.step = static_cast<float>(schedule_.first_step * (1 - t) * (1 - t));
    epoch.caution = static_cast<float>(schedule_.caution);
    epoch.momentum = static_cast<float>(schedule_.first_momentum +
                                        (schedule_.last_momentum - schedule_.first_momentum) * t);
    epoch.repulsion_weight = static_cast<float>(schedule_.repulsion);
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
    parallel_for(pool_, layout.n_rows(), rows_per_chunk, [&](std::size_t begin, std::size_t end) {
        for (std::size_t place = begin; place < end; ++place) {
            std::copy_n(now_.data() + place * stride,
                        layout.n_columns(),
                        layout.row(slices_.row_at[place]));
        }
    });
    return layout;
}

}  // namespace oort
