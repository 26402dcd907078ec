// SPDX-License-Identifier: Apache-2.0
// How much of the points' neighbourhoods a layout keeps, in whole and for each point.
// Source: Venna and Kaski 2001 (trustworthiness, continuity); Lee and Verleysen 2009 (overlap of
// neighbourhoods).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <vector>

#include "numeric/matrix.h"
#include "numeric/neighbors.h"
#include "numeric/parallel.h"
#include "numeric/points.h"

namespace oort {

struct QualityOptions {
    /// Size of the neighbourhoods compared; at most (n - 1) / 2. 1..100.
    int n_neighbors = 15;

    /// Rows measured, drawn at random; all if there are no more. Larger is surer and slower (time n
    /// d per row).
    std::size_t n_sample = 2000;

    Metric metric = Metric::euclidean;
    std::uint64_t seed = 42;
};

template <class Field>
void fields(Field&& field, QualityOptions& o) {
    field("n_neighbors", o.n_neighbors, 1, 100);
    field("n_sample", o.n_sample, 1, 100'000'000);
    field("metric", o.metric);
    field("seed", o.seed);
}

/// Each in 0..1, 1 is best; whole = the mean over the rows measured.
struct Quality {
    std::vector<std::uint32_t> rows;  ///< the rows measured, ascending
    bool is_sampled = false;          ///< whether rows are fewer than all
    std::size_t n_neighbors = 0;      ///< as used
    double trustworthiness = 0;       ///< no strangers among a point's neighbours in the layout
    double continuity = 0;            ///< no true neighbour torn away from it
    double overlap = 0;  ///< share of the true neighbours found among those in the layout
    std::optional<double>
        label_hit;  ///< share of the neighbours in the layout that carry the row's own label
    /// One value per row of `rows`; label hits are empty without labels, NaN for a row without one.
    std::vector<float> trustworthiness_by_row, continuity_by_row, overlap_by_row, label_hit_by_row;
};

/// points  n x d, clean; layout n x dims, finite; labels n codes or empty.
/// Bit for bit the same on any number of threads. Throws Error(invalid_argument), Error(cancelled).
Quality quality(PointsView points,
                MatrixView layout,
                std::span<const std::uint32_t> labels,
                const QualityOptions& options,
                ThreadPool& pool,
                std::stop_token stop = {});

}  // namespace oort
