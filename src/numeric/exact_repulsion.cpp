// SPDX-License-Identifier: Apache-2.0
#include "numeric/exact_repulsion.h"

#include <algorithm>
#include <vector>

#include "numeric/simd/repulsion_kernel.h"

namespace oort {

double exact_repulsion(
    const float* layout, std::size_t n, std::size_t stride, float* forces, ThreadPool& pool) {
    std::vector<Source> sources(n);
    for (std::size_t i = 0; i < n; ++i) {
        const float* row = layout + i * stride;
        sources[i] = {row[0], row[1], stride == 4 ? row[2] : 0, 1};
    }
    std::vector<double> sums(n_chunks(n, repulsion_targets));
    parallel_for(pool, n, repulsion_targets, [&](std::size_t begin, std::size_t end) {
        RepulsionTargets targets{};
        for (std::size_t i = begin; i < end; ++i) {
            targets.at[0][i - begin] = sources[i].x;
            targets.at[1][i - begin] = sources[i].y;
            targets.at[2][i - begin] = sources[i].z;
        }
        repel(sources.data(), begin, targets);
        repel_each_other(end - begin, targets);
        repel(sources.data() + end, n - end, targets);
        double sum = 0;
        for (std::size_t i = begin; i < end; ++i) {
            for (std::size_t c = 0; c < stride; ++c)
                forces[i * stride + c] = c < 3 ? targets.force[c][i - begin] : 0;
            sum += static_cast<double>(targets.total[i - begin]);
        }
        sums[begin / repulsion_targets] = sum;
    });
    double total = 0;
    for (const double sum : sums) total += sum;
    return total;
}

}  // namespace oort
