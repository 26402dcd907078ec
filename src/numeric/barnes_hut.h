// SPDX-License-Identifier: Apache-2.0
// The repulsion of t-SNE in three dimensions by the algorithm of Barnes and Hut: points far away
// repel as one, at their centre of mass.
// Source: van der Maaten 2014 (JMLR 15) section 4.2. The octree stands on points sorted along a
// Morton curve; 64 consecutive ones share one list of what repels them (Barnes 1990,
// J. Comput. Phys. 87), and what is far enough from 1,024 or 256 consecutive ones is found once
// for all of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "numeric/aligned_vector.h"
#include "numeric/morton_order.h"
#include "numeric/parallel.h"
#include "numeric/simd/repulsion_kernel.h"

namespace oort {

class BarnesHut {
  public:
    /// A cell of side s acts as one where s is less than `openness` times the distance between its
    /// centre of mass and the box of the points it acts on. Larger is faster and less exact.
    static constexpr double openness = 0.8;

    /// n  points. pool must outlive this object.
    BarnesHut(std::size_t n, ThreadPool& pool);

    /// forces (n x 4, the last one 0) = sum over j of (y_i - y_j) / (1 + |y_i - y_j|^2)^2 for the
    /// n x 4 layout; returns Z. Time O(n log n).
    double compute(const float* layout, float* forces);

  private:
    /// A cell of the octree. Cells stand in depth-first order; one without cells inside is a leaf.
    struct Cell {
        Source all;           ///< its points at their centre of mass
        float opening;        ///< (side / openness)^2
        std::uint32_t begin;  ///< of its points, in Morton order
        std::uint32_t end;
        std::uint32_t skip;  ///< the first cell that is not inside this one
    };

    /// Consecutive points and the box around them.
    struct Group {
        std::size_t begin;
        std::size_t end;
        std::array<float, 3> low;
        std::array<float, 3> high;
    };

    /// A subtree that one task builds.
    struct Branch {
        std::uint32_t begin;
        std::uint32_t end;
        std::uint32_t level;
        std::vector<Cell> cells;
    };

    void sort(const float* layout);
    Group group_of(std::size_t begin, std::size_t end) const;
    void build();
    void plan(std::uint32_t begin, std::uint32_t end, std::uint32_t level);
    void grow(std::uint32_t begin,
              std::uint32_t end,
              std::uint32_t level,
              std::vector<Cell>& cells) const;
    void join(std::uint32_t begin, std::uint32_t end, std::uint32_t level, std::size_t& branch);
    std::uint32_t child_end(std::uint32_t begin, std::uint32_t end, std::uint32_t level) const;
    Cell cell_of(std::uint32_t begin, std::uint32_t end, std::uint32_t level) const;
    void sort_out(const Cell* cell,
                  const Group& group,
                  std::vector<Source>& far,
                  std::vector<std::uint32_t>& near) const;
    double repel_group(const Group& group,
                       std::span<const std::uint32_t> cells,
                       std::vector<Source>& sources,
                       float* forces) const;
    double repel_few(const Group& group, const std::vector<Source>& sources, float* forces) const;

    std::size_t n_;
    ThreadPool& pool_;
    MortonOrder order_;
    AlignedVector<Source> sources_;  ///< the points in Morton order
    std::vector<Branch> branches_;
    std::vector<Cell> cells_;
    std::vector<double> sums_;
};

}  // namespace oort
