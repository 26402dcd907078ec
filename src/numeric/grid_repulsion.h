// SPDX-License-Identifier: Apache-2.0
// The repulsion of t-SNE in two dimensions by one convolution on a grid.
// Where Linderman et al. 2019 interpolate four charges for two kernels, here is one charge and one
// kernel: phi(y) = sum over j of 1 / (1 + |y - y_j|^2) gives the normalisation Z = sum phi(y_i) - n
// and, differentiated, the force: sum over j of (y_i - y_j) / (1 + |y_i - y_j|^2)^2 is -1/2 grad
// phi(y_i). Charges go to the grid and phi comes back by cubic B-splines, as in the smooth particle
// mesh Ewald method (Essmann et al. 1995); the kernel's transform is divided by that of the spline,
// so that phi is exact from node to node.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "numeric/aligned_vector.h"
#include "numeric/fft.h"
#include "numeric/parallel.h"

namespace oort {

class GridRepulsion {
  public:
    /// Nodes of the grid, fft_length()s; it grows and shrinks with the layout. All that a result
    /// depends on besides the layout.
    struct Size {
        std::size_t n_rows = 0;
        std::size_t n_columns = 0;
    };

    /// n  points. pool must outlive this object.
    GridRepulsion(std::size_t n, ThreadPool& pool);

    /// forces (n x 2) = sum over j of (y_i - y_j) / (1 + |y_i - y_j|^2)^2 for the n x 2 layout;
    /// returns Z. Time O(n + g log g) for g nodes, about (extent / spacing)^2.
    double compute(const float* layout, float* forces);

    Size size() const noexcept { return size_; }

    /// Throws Error(corrupt) for a size that cannot be.
    void set_size(const Size& size);

    /// Distance of neighbouring nodes. It is `finest` for small layouts, such as all are while
    /// groups form, and grows to `usual` with the layout; beyond that only if the layout is wider
    /// than 4 sqrt(n) nodes (at least 512).
    double spacing() const noexcept { return static_cast<double>(spacing_); }

    static constexpr double finest = 0.2;
    static constexpr double usual = 0.38;

  private:
    struct Extent {
        float low[2];
        float high[2];
    };

    Extent find_extent(const float* layout);
    void fit(const Extent& extent);
    void sort_into_stripes(const float* layout);
    void spread();
    void convolve();
    void make_kernel();
    double gather(float* forces);
    SpectrumView spectrum() noexcept;

    std::size_t n_;
    ThreadPool& pool_;
    std::size_t most_nodes_;
    Size size_;
    float spacing_ = static_cast<float>(finest);
    float origin_[2] = {0, 0};
    // What the plans and the kernel were made for.
    Size made_size_;
    float made_spacing_ = 0;
    std::vector<FftPlan> plans_;  // down the columns, along the rows
    AlignedVector<float> multiplier_;
    std::size_t pitch_ = 0;
    AlignedVector<float> values_;
    AlignedVector<float> re_;
    AlignedVector<float> im_;
    // The points in order of their stripes of grid rows.
    std::vector<std::uint32_t> stripe_;
    std::vector<std::uint32_t> counts_;
    std::vector<std::size_t> stripe_begin_;
    std::vector<std::uint32_t> order_;
    std::vector<float> x_;
    std::vector<float> y_;
    std::vector<double> sums_;
};

}  // namespace oort
