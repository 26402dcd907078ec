// SPDX-License-Identifier: Apache-2.0
// The optimisation of UMAP's layout: in each epoch every edge draws its ends together by its weight
// and every point is pushed from points drawn at random, all seen where they stood before the
// epoch, so that no order of work shows in the result.
// Source: McInnes, Healy, Melville 2018 (arXiv:1802.03426) section 3.2 and algorithm 5 for the
// forces; docs/algorithms/umap.md for the steps, which are ours.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "numeric/matrix.h"
#include "numeric/parallel.h"
#include "numeric/umap_curve.h"
#include "numeric/umap_slices.h"

namespace oort {

struct UmapSchedule {
    int n_epochs = 300;
    int n_negatives = 16;          ///< drawn for each point in each epoch, a multiple of 16
    double repulsion = 2.5;        ///< of all negatives of a point together, beside its degree
    double first_step = 0.4;       ///< falls to 0 as (1 - t)^2
    double first_momentum = 0.95;  ///< falls to last_momentum along a straight line
    double last_momentum = 0.5;
    double caution = 0.25;  ///< share of the repulsion that counts as stiffness
};

/// What is best for n rows; measured, see docs/algorithms/umap.md.
UmapSchedule umap_schedule(std::size_t n_rows);

/// Both forces' coefficients for the kernel.
struct ForceTables {
    ForceTable attraction, repulsion;
};

ForceTables tabulate_forces(const UmapCurve& curve);

class UmapOptimiser {
  public:
    /// start  n x 2 or n x 3, in the graph's rows.
    UmapOptimiser(UmapSlices slices,
                  MatrixView start,
                  const UmapCurve& curve,
                  const UmapSchedule& schedule,
                  std::uint64_t seed,
                  ThreadPool& pool);

    void run(int epochs);

    int epoch() const noexcept { return epoch_; }

    int n_epochs() const noexcept { return schedule_.n_epochs; }

    /// In the graph's rows.
    Matrix layout() const;

    std::size_t n_rows() const noexcept { return slices_.row_at.size(); }

    int n_components() const noexcept { return n_components_; }

    /// Points and velocities, place by place: with the epoch, all that changes.
    std::span<const float> points() const noexcept { return now_; }

    std::span<const float> velocity() const noexcept { return velocity_; }

    /// Goes on from what these were in another such optimiser; as many bytes as they have.
    void resume(int epoch, const std::byte* points, const std::byte* velocity) noexcept;

  private:
    void run_once();

    UmapSlices slices_;
    UmapCurve curve_;
    UmapSchedule schedule_;
    std::uint64_t seed_;
    ThreadPool& pool_;
    ForceTables tables_;
    int n_components_;
    int epoch_ = 0;
    std::vector<float> now_, next_, velocity_;
};

}  // namespace oort
