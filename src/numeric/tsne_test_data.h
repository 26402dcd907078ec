// SPDX-License-Identifier: Apache-2.0
// Points, neighbours and a plain t-SNE gradient for the tests of t-SNE.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "numeric/matrix.h"
#include "numeric/neighbors.h"
#include "numeric/random.h"

namespace oort {

/// n points around n_groups centres far apart, point i around centre i % n_groups.
inline Matrix grouped_points(std::size_t n, std::size_t d, std::size_t n_groups, double apart) {
    Random random(7);
    Matrix centres(n_groups, d);
    for (std::size_t g = 0; g < n_groups; ++g) {
        for (std::size_t j = 0; j < d; ++j)
            centres.row(g)[j] = static_cast<float>(apart * random.normal());
    }
    Matrix points(n, d);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < d; ++j)
            points.row(i)[j] = centres.row(i % n_groups)[j] + static_cast<float>(random.normal());
    }
    return points;
}

inline double distance_between(const float* a, const float* b, std::size_t d) {
    double square = 0;
    for (std::size_t j = 0; j < d; ++j) {
        const double away = static_cast<double>(a[j]) - static_cast<double>(b[j]);
        square += away * away;
    }
    return std::sqrt(square);
}

/// The k nearest by comparing all with all; k is cut to n - 1.
inline Neighbors plain_neighbors(MatrixView points, std::size_t k) {
    const std::size_t n = points.n_rows;
    Neighbors out;
    out.n_rows = n;
    out.n_neighbors = std::min(k, n - 1);
    for (std::size_t i = 0; i < n; ++i) {
        std::vector<std::pair<double, std::uint32_t>> all;
        for (std::size_t j = 0; j < n; ++j) {
            if (j != i) {
                all.emplace_back(distance_between(points.row(i), points.row(j), points.n_columns),
                                 static_cast<std::uint32_t>(j));
            }
        }
        std::sort(all.begin(), all.end());
        for (std::size_t j = 0; j < out.n_neighbors; ++j) {
            out.indices.push_back(all[j].second);
            out.distances.push_back(static_cast<float>(all[j].first));
        }
    }
    return out;
}

/// Some layout to start from.
inline Matrix some_layout(std::size_t n, std::size_t n_dims, double deviation) {
    Random random(11);
    Matrix layout(n, n_dims);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t c = 0; c < n_dims; ++c)
            layout.row(i)[c] = static_cast<float>(deviation * random.normal());
    }
    return layout;
}

/// Rows of 2 floats, or of 4 for three dimensions, as the optimiser has them.
inline std::vector<float> padded_rows(const Matrix& layout) {
    const std::size_t stride = layout.n_columns() == 2 ? 2 : 4;
    std::vector<float> rows(layout.n_rows() * stride + 16);
    for (std::size_t i = 0; i < layout.n_rows(); ++i)
        std::copy_n(layout.row(i), layout.n_columns(), rows.data() + i * stride);
    return rows;
}

struct PlainRepulsion {
    std::vector<double> forces;  ///< n x n_dims
    double z = 0;
};

/// The repulsion by its definition.
inline PlainRepulsion plain_repulsion(const Matrix& layout) {
    const std::size_t n_dims = layout.n_columns();
    PlainRepulsion out{std::vector<double>(layout.n_rows() * n_dims), 0};
    for (std::size_t i = 0; i < layout.n_rows(); ++i) {
        for (std::size_t j = 0; j < layout.n_rows(); ++j) {
            if (j == i) continue;
            const double distance = distance_between(layout.row(i), layout.row(j), n_dims);
            const double q = 1 / (1 + distance * distance);
            out.z += q;
            for (std::size_t c = 0; c < n_dims; ++c) {
                out.forces[i * n_dims + c] +=
                    q * q *
                    (static_cast<double>(layout.row(i)[c]) - static_cast<double>(layout.row(j)[c]));
            }
        }
    }
    return out;
}

/// Length of the difference over that of the expected forces. forces: rows of 2 or 4 floats.
inline double relative_error(const std::vector<float>& forces,
                             const std::vector<double>& expected,
                             std::size_t n_dims) {
    const std::size_t stride = n_dims == 2 ? 2 : 4;
    double error = 0;
    double norm = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        const double force = static_cast<double>(forces[i / n_dims * stride + i % n_dims]);
        error += (force - expected[i]) * (force - expected[i]);
        norm += expected[i] * expected[i];
    }
    return std::sqrt(error / norm);
}

}  // namespace oort
