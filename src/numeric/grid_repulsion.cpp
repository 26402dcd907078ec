// SPDX-License-Identifier: Apache-2.0
#include "numeric/grid_repulsion.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "base/error.h"
#include "numeric/fft_scratch.h"
#include "numeric/simd/spline_kernel.h"

namespace oort {

namespace {

constexpr std::uint32_t stripe_rows =
    8;  // more than the 3 by which a stripe's points reach beyond it
constexpr std::size_t chunk_points = 16384;
constexpr std::size_t least_nodes = 32;

/// Where a finer spacing needs no more nodes than this, it is finer than usual.
constexpr std::size_t usual_nodes = 460;

/// A kernel is made anew when the spacing changes, so that goes in steps.
constexpr double spacing_step = 1.1;

/// Nodes along an axis that a layout of that extent needs.
std::size_t needed_nodes(double extent, double spacing) {
    return static_cast<std::size_t>(extent / spacing) + 6;
}

/// Grows with room to spare and shrinks late, for each change makes the kernel anew.
std::size_t fitted(std::size_t now, std::size_t needed) {
    if (needed <= now && needed * 2 > now) return now;
    return fft_length(std::max(least_nodes, needed + needed / 24));
}

/// 1 / (the spline's transform)^2 at (k + offset) / n, times factor.
std::vector<float> deconvolution(std::size_t n, double offset, double factor) {
    std::vector<float> out(n);
    for (std::size_t k = 0; k < n; ++k) {
        const double angle =
            2 * std::numbers::pi * (static_cast<double>(k) + offset) / static_cast<double>(n);
        const double spline = (2 + std::cos(angle)) / 3;
        out[k] = static_cast<float>(factor / (spline * spline));
    }
    return out;
}

}  // namespace

GridRepulsion::GridRepulsion(std::size_t n, ThreadPool& pool)
    : n_(n),
      pool_(pool),
      most_nodes_(std::max<std::size_t>(
          512, static_cast<std::size_t>(4 * std::sqrt(static_cast<double>(n))))),
      stripe_(n),
      order_(n),
      x_(n + 16),
      y_(n + 16) {}

void GridRepulsion::set_size(const Size& size) {
    for (const std::size_t nodes : {size.n_rows, size.n_columns}) {
        const bool is_possible = nodes <= fft_length(most_nodes_ + most_nodes_ / 24);
        if (nodes != 0 && !(is_possible && is_fft_length(nodes)))
            throw Error(ErrorCode::corrupt, "the checkpoint's grid cannot be");
    }
    size_ = size;
}

GridRepulsion::Extent GridRepulsion::find_extent(const float* layout) {
    constexpr float far = std::numeric_limits<float>::max();
    std::vector<Extent> parts(n_chunks(n_, chunk_points), {{far, far}, {-far, -far}});
    parallel_for(pool_, n_, chunk_points, [&](std::size_t begin, std::size_t end) {
        Extent part = parts[begin / chunk_points];
        for (std::size_t i = begin; i < end; ++i) {
            for (std::size_t c = 0; c < 2; ++c) {
                part.low[c] = std::min(part.low[c], layout[2 * i + c]);
                part.high[c] = std::max(part.high[c], layout[2 * i + c]);
            }
        }
        parts[begin / chunk_points] = part;
    });
    Extent extent = parts[0];
    for (const Extent& part : parts) {
        for (std::size_t c = 0; c < 2; ++c) {
            extent.low[c] = std::min(extent.low[c], part.low[c]);
            extent.high[c] = std::max(extent.high[c], part.high[c]);
        }
    }
    return extent;
}

void GridRepulsion::fit(const Extent& extent) {
    double wide[2];
    for (std::size_t c = 0; c < 2; ++c)
        wide[c] = static_cast<double>(extent.high[c]) - static_cast<double>(extent.low[c]);
    const double widest = std::max(wide[0], wide[1]);
    double spacing = finest;
    while (spacing < usual && needed_nodes(widest, spacing) > usual_nodes) spacing *= spacing_step;
    while (needed_nodes(widest, spacing) > most_nodes_) spacing *= spacing_step;
    spacing_ = static_cast<float>(spacing);
    size_.n_columns = fitted(size_.n_columns, needed_nodes(wide[0], spacing));
    size_.n_rows = fitted(size_.n_rows, needed_nodes(wide[1], spacing));
    const std::size_t nodes[2] = {size_.n_columns, size_.n_rows};
    for (std::size_t c = 0; c < 2; ++c) {
        const double middle =
            (static_cast<double>(extent.high[c]) + static_cast<double>(extent.low[c])) / 2;
        origin_[c] = static_cast<float>(middle - spacing * static_cast<double>(nodes[c] - 1) / 2);
    }
    const bool is_made = made_size_.n_rows == size_.n_rows &&
                         made_size_.n_columns == size_.n_columns && made_spacing_ == spacing_;
    if (!is_made) make_kernel();
}

SpectrumView GridRepulsion::spectrum() noexcept {
    return {re_.data(), im_.data(), pitch_};
}

void GridRepulsion::make_kernel() {
    const std::size_t rows = size_.n_rows;
    const std::size_t columns = size_.n_columns;
    plans_.clear();
    plans_.emplace_back(rows, 0.25);
    plans_.emplace_back(columns, 0.5);
    pitch_ = columns + 16;  // not a power of two apart, which would fall on the same cache lines
    values_.assign(rows * pitch_, 0);
    re_.resize(rows * pitch_);
    im_.resize(rows * pitch_);
    multiplier_.resize(rows * columns * 2);
    AlignedVector<float> imaginary(rows * pitch_, 0);
    const std::size_t lanes = fft_lanes();
    const auto row_factors = deconvolution(rows, 0.25, 1 / static_cast<double>(rows));
    for (std::size_t part = 0; part < 2; ++part) {
        // What reaches back from the other end: i times it down the columns, added to the cyclic
        // part along the rows and subtracted from the negacyclic one.
        const float sign = part == 0 ? 1.0F : -1.0F;
        parallel_for(pool_, rows, 16, [&](std::size_t begin, std::size_t end) {
            std::vector<float> back(columns);
            const auto fill = [&](std::size_t distance, float* out) {
                const float dy = static_cast<float>(distance) * spacing_;
                student_row(dy, 0, spacing_, columns, out);
                const float wide = static_cast<float>(columns) * spacing_;
                student_row(dy, -wide, spacing_, columns, back.data());
                for (std::size_t i = 1; i < columns; ++i) out[i] += sign * back[i];
            };
            for (std::size_t r = begin; r < end; ++r) {
                fill(r, values_.data() + r * pitch_);
                if (r > 0) fill(rows - r, imaginary.data() + r * pitch_);
            }
        });
        parallel_for(pool_, columns, lanes, [&](std::size_t begin, std::size_t) {
            forward_columns(plans_[0].view(),
                            values_.data(),
                            imaginary.data(),
                            pitch_,
                            begin,
                            spectrum(),
                            fft_scratch_floats(fft_scratch(rows)));
        });
        const auto column_factors = deconvolution(
            columns, 0.5 * static_cast<double>(part), 0.5 / static_cast<double>(columns));
        parallel_for(pool_, rows, lanes, [&](std::size_t begin, std::size_t) {
            kernel_rows(plans_[1].view(),
                        spectrum(),
                        begin,
                        part,
                        column_factors.data(),
                        row_factors.data(),
                        multiplier_.data() + begin * columns * 2,
                        fft_scratch_floats(fft_scratch(columns)));
        });
    }
    made_size_ = size_;
    made_spacing_ = spacing_;
}

void GridRepulsion::sort_into_stripes(const float* layout) {
    const std::size_t n_stripes = size_.n_rows / stripe_rows;
    const std::size_t chunks = n_chunks(n_, chunk_points);
    counts_.assign(chunks * n_stripes, 0);
    const float inverse_h = 1 / spacing_;
    parallel_for(pool_, n_, chunk_points, [&](std::size_t begin, std::size_t end) {
        std::uint32_t* counts = counts_.data() + begin / chunk_points * n_stripes;
        for (std::size_t i = begin; i < end; ++i) {
            const float row = (layout[2 * i + 1] - origin_[1]) * inverse_h;
            const std::uint32_t stripe = (static_cast<std::uint32_t>(row) - 1) / stripe_rows;
            stripe_[i] = stripe;
            ++counts[stripe];
        }
    });
    stripe_begin_.assign(n_stripes + 1, 0);
    std::uint32_t begin = 0;
    for (std::size_t stripe = 0; stripe < n_stripes; ++stripe) {
        for (std::size_t chunk = 0; chunk < chunks; ++chunk) {
            std::uint32_t& count = counts_[chunk * n_stripes + stripe];
            const std::uint32_t here = count;
            count = begin;
            begin += here;
        }
        stripe_begin_[stripe + 1] = begin;
    }
    parallel_for(pool_, n_, chunk_points, [&](std::size_t first, std::size_t end) {
        std::uint32_t* next = counts_.data() + first / chunk_points * n_stripes;
        for (std::size_t i = first; i < end; ++i) {
            const std::uint32_t at = next[stripe_[i]]++;
            order_[at] = static_cast<std::uint32_t>(i);
            x_[at] = layout[2 * i];
            y_[at] = layout[2 * i + 1];
        }
    });
}

void GridRepulsion::spread() {
    const std::size_t n_stripes = size_.n_rows / stripe_rows;
    const SplineGrid grid{origin_[0], origin_[1], 1 / spacing_, values_.data(), pitch_};
    // Stripes next to each other touch the same rows: first the even ones, then the odd.
    for (std::size_t odd = 0; odd < 2; ++odd) {
        pool_.run_tasks(n_stripes / 2, [&](std::size_t task) {
            const std::size_t stripe = 2 * task + odd;
            if (odd == 0) {
                std::fill_n(
                    values_.data() + stripe * stripe_rows * pitch_, 2 * stripe_rows * pitch_, 0.0F);
            }
            const std::size_t begin = stripe_begin_[stripe];
            spread_charges(
                {x_.data() + begin, y_.data() + begin, stripe_begin_[stripe + 1] - begin}, grid);
        });
    }
}

void GridRepulsion::convolve() {
    const std::size_t lanes = fft_lanes();
    const FftView down = plans_[0].view();
    const FftView along = plans_[1].view();
    parallel_for(pool_, size_.n_columns, lanes, [&](std::size_t begin, std::size_t) {
        float* scratch = fft_scratch_floats(fft_scratch(down.n));
        forward_columns(down, values_.data(), nullptr, pitch_, begin, spectrum(), scratch);
    });
    parallel_for(pool_, size_.n_rows, lanes, [&](std::size_t begin, std::size_t) {
        float* scratch = fft_scratch_floats(fft_scratch(along.n));
        filter_rows(along, multiplier_.data() + begin * along.n * 2, begin, spectrum(), scratch);
    });
    parallel_for(pool_, size_.n_columns, lanes, [&](std::size_t begin, std::size_t) {
        float* scratch = fft_scratch_floats(fft_scratch(down.n));
        inverse_columns(down, spectrum(), begin, values_.data(), pitch_, scratch);
    });
}

double GridRepulsion::gather(float* forces) {
    const std::size_t n_stripes = size_.n_rows / stripe_rows;
    const SplineGrid grid{origin_[0], origin_[1], 1 / spacing_, values_.data(), pitch_};
    sums_.assign(n_stripes, 0);
    pool_.run_tasks(n_stripes, [&](std::size_t stripe) {
        const std::size_t begin = stripe_begin_[stripe];
        const std::size_t count = stripe_begin_[stripe + 1] - begin;
        sums_[stripe] = gather_forces(
            {x_.data() + begin, y_.data() + begin, count}, grid, order_.data() + begin, forces);
    });
    double sum = 0;
    for (const double part : sums_) sum += part;
    return sum;
}

double GridRepulsion::compute(const float* layout, float* forces) {
    fit(find_extent(layout));
    sort_into_stripes(layout);
    spread();
    convolve();
    return gather(forces) - static_cast<double>(n_);
}

}  // namespace oort
