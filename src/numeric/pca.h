// SPDX-License-Identifier: Apache-2.0
// Principal component analysis: the directions in which centred points vary most.
// Source: Jolliffe, Principal Component Analysis, 2nd edition, sections 1.1 and 3.5. Exact: every
// row counts, none is sampled. Where it differs from scikit-learn:
// docs/algorithms/pca.md.
#pragma once

#include <cstddef>
#include <stop_token>
#include <string>
#include <vector>

#include "numeric/parallel.h"
#include "numeric/points.h"

namespace oort {

struct PcaOptions {
    /// How many directions to keep; more cost time only beyond about 16. 1..1000. More than there
    /// are rows or dimensions are cut to that number. The TensorFlow projector keeps 10 too.
    int n_components = 10;
};

template <class Field>
void fields(Field&& field, PcaOptions& o) {
    field("n_components", o.n_components, 1, 1000);
}

struct PcaResult {
    std::size_t n_rows = 0;        ///< of the points, those left out included
    std::size_t n_components = 0;  ///< k; 0 only if no row is finite
    /// k x n_rows: one block per component. The unit is that of the points. NaN for rows left out.
    std::vector<float> coordinates;
    /// k x d, orthonormal rows. Of each the loading of largest magnitude (the first of equals) is
    /// positive.
    std::vector<float> components;
    std::vector<double>
        explained_variance;          ///< k, falling; divided by n_rows_used - 1; 0 for a single row
    double total_variance = 0;       ///< of all d dimensions
    std::vector<float> mean;         ///< d
    std::size_t n_rows_used = 0;     ///< rows without NaN or infinity
    std::vector<std::string> notes;  ///< sentences for the person: what was left out or scaled
};

/// points  n x d. Rows with a NaN or an infinity take no part.
/// Time n d min(n, d) and one more pass over the points; memory about 12 min(n, d)^2 bytes beside
/// the result. Where min(n, d) exceeds 1500 and 24 (k + 14), time about 40 n d k and memory of a
/// few d k instead, and the variances are good to about 1e-6 (docs/algorithms/pca.md). The same
/// bits for any number of threads and on every run; close ones on another kind of processor. Throws
/// Error(invalid_argument) for bad options or points without rows or columns, Error(too_large) if
/// both n and d exceed 16,384 and k is too large for the second way, or n exceeds 2^32 - 1,
/// Error(cancelled) soon after `stop` is requested.
PcaResult pca(PointsView points,
              const PcaOptions& options,
              ThreadPool& pool,
              std::stop_token stop = {});

}  // namespace oort
