#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Print the numbers that neighbors_reference_test.cpp expects: scikit-learn's brute force in float64.

    bench/setup && bench/.venv/bin/python src/numeric/reference/make_neighbors_reference.py

The points come from a formula in integers, the same in the test, and are exact in float32.
"""

import numpy as np
from sklearn.neighbors import NearestNeighbors


def points(n, d):
    """n x d values from -4 to 4 whose columns differ in spread and whose neighbours go together."""
    i, j = np.indices((n, d), dtype=np.int64)
    noise = (i * 7919 + j * 104729 + i * j * 31 + i * i * 17) % 257 - 128
    drift = (i * 37) % 101 - 50
    return (noise * (1 + j % 4) + drift * ((j * 5) % 7)) / 128.0


def main():
    """Print the neighbours of three rows by each metric."""
    rows = points(60, 12)
    shown = [0, 29, 59]
    for metric in ("euclidean", "cosine"):
        model = NearestNeighbors(n_neighbors=4, algorithm="brute", metric=metric).fit(rows)
        distances, indices = model.kneighbors()
        show(metric, distances[shown], indices[shown])
    products = rows @ rows.T
    np.fill_diagonal(products, -np.inf)
    indices = np.argsort(-products, axis=1, kind="stable")[:, :4]
    show("dot", -np.take_along_axis(products, indices, axis=1)[shown], indices[shown])


def show(name, distances, indices):
    """Print two C++ arrays."""
    print(f"const std::uint32_t {name}_indices[] = {{{', '.join(map(str, indices.ravel()))}}};")
    values = ", ".join(f"{value:.12g}" for value in distances.ravel())
    print(f"const double {name}_distances[] = {{{values}}};")


if __name__ == "__main__":
    main()
