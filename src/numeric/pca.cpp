// SPDX-License-Identifier: Apache-2.0
#include "numeric/pca.h"

#include <fmt/format.h>

#include <limits>
#include <utility>

#include "base/options.h"
#include "numeric/components.h"
#include "numeric/principal.h"

namespace oort {

PcaResult pca(PointsView points,
              const PcaOptions& options,
              ThreadPool& pool,
              std::stop_token stop) {
    check_options(options);
    Principal principal =
        principal_directions(points, static_cast<std::size_t>(options.n_components), pool, stop);
    const std::size_t n = points.n_rows;
    const std::size_t n_used = principal.stats.finite_rows.size();
    PcaResult result;
    result.n_rows = n;
    result.n_rows_used = n_used;
    result.n_components = principal.n_components;
    result.mean.assign(principal.stats.means.begin(), principal.stats.means.end());
    if (n_used < n) {
        result.notes.push_back(
            fmt::format("{} of {} rows hold NaN or infinity and were left out", n - n_used, n));
    }
    if (result.n_components == 0) return result;
    result.components.assign(principal.components.begin(), principal.components.end());
    result.coordinates.assign(result.n_components * n, std::numeric_limits<float>::quiet_NaN());
    const int excess =
        project(points,
                principal,
                {.data = result.coordinates.data(), .row_step = 1, .component_step = n},
                pool,
                stop);
    if (excess > 0) {
        result.notes.push_back(fmt::format(
            "the coordinates are too large for float32 and were divided by 2^{}", excess));
    }
    result.explained_variance = std::move(principal.explained_variance);
    result.total_variance = principal.total_variance;
    return result;
}

}  // namespace oort
