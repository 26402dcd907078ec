#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Print the numbers that fuzzy_graph_reference_test.cpp and umap_curve_test.cpp expect: umap-learn's.

    bench/setup && bench/.venv/bin/python src/numeric/reference/make_umap_reference.py

The points come from a formula in integers, the same in the test, and are exact in float32.
"""

import numpy as np
from umap.umap_ import (
    discrete_metric_simplicial_set_intersection,
    find_ab_params,
    fuzzy_simplicial_set,
)

N_ROWS, N_COLUMNS, N_NEIGHBORS = 24, 3, 6  # the row itself counts as a neighbour here


def points():
    """24 x 3 values from -4 to 4; the last three rows are equal."""
    i, j = np.indices((N_ROWS, N_COLUMNS), dtype=np.int64)
    values = ((i * 7919 + j * 104729 + i * j * 31 + i * i * 17) % 257 - 128) / 32.0
    values[-3:] = values[-3]
    return values.astype(np.float32)


def neighbors(x):
    """Indices and distances of each row's nearest rows, itself first, ties by index."""
    apart = np.sqrt(((x[:, None].astype(np.float64) - x[None]) ** 2).sum(2))
    np.fill_diagonal(apart, -1)
    order = np.argsort(apart, axis=1, kind="stable")[:, :N_NEIGHBORS]
    distances = np.maximum(np.take_along_axis(apart, order, 1), 0)
    return order.astype(np.int64), distances.astype(np.float32)


def show(name, values):
    """Print one C++ array."""
    print(f"const double {name}[] = {{{', '.join(f'{float(value):.9g}' for value in values)}}};")


def main():
    """Print rho, sigma, the united weights with and without labels, and a and b."""
    x = points()
    indices, distances = neighbors(x)
    state = np.random.RandomState(0)
    graph, sigmas, rhos = fuzzy_simplicial_set(
        x, N_NEIGHBORS, state, "euclidean", knn_indices=indices, knn_dists=distances
    )
    show("expected_rho", rhos)
    show("expected_sigma", sigmas)
    for row in (0, 7, 22):
        show(f"expected_weights_{row}", np.asarray(graph.todense())[row])
    labels = np.array([i % 3 if i % 5 else -1 for i in range(N_ROWS)])
    graph = discrete_metric_simplicial_set_intersection(graph, labels, far_dist=2.5 / (1 - 0.5))
    show("expected_labelled_7", np.asarray(graph.todense())[7])
    for min_dist, spread in ((0.1, 1.0), (0.0, 1.0), (0.5, 1.0), (1.0, 1.0), (0.05, 0.5)):
        a, b = find_ab_params(spread, min_dist)
        # Oort measures distances in units of the spread.
        print(f"{{{min_dist}, {spread}, {a * spread ** (2 * b):.9g}, {b:.9g}}},")


if __name__ == "__main__":
    main()
