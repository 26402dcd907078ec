#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Print the numbers that quality_reference_test.cpp expects: scikit-learn's trustworthiness, both ways round.

    bench/setup && bench/.venv/bin/python src/numeric/reference/make_quality_reference.py

The points come from a formula in integers, the same in the test, and are exact in float32.
"""

import numpy as np
from sklearn.manifold import trustworthiness
from sklearn.neighbors import NearestNeighbors


def points(n, d):
    """n x d values from -4 to 4 whose columns differ in spread and whose neighbours go together."""
    i, j = np.indices((n, d), dtype=np.int64)
    noise = (i * 7919 + j * 104729 + i * j * 31 + i * i * 17) % 257 - 128
    drift = (i * 37) % 101 - 50
    return (noise * (1 + j % 4) + drift * ((j * 5) % 7)) / 128.0


def layout(n):
    """The fourth and the last of twelve columns, each moved a little, so that no two distances are equal."""
    i = np.arange(n, dtype=np.int64)
    columns = points(n, 12)[:, [3, 11]]
    moved = columns + np.stack([(i * i * i * 53) % 9973, (i * i * 29) % 8999], axis=1) / 4096.0
    squares = ((moved[:, None] - moved[None]) ** 2).sum(axis=2)
    assert all(len(set(row)) == n for row in squares)
    return moved


def neighbors(values, k):
    """n x k indices, without the point itself."""
    return NearestNeighbors(n_neighbors=k, algorithm="brute").fit(values).kneighbors(return_distance=False)


def main():
    """Print a row {k, trustworthiness, continuity, overlap} for each metric and k."""
    n = 65
    flat = layout(n)
    for metric in ("euclidean", "cosine"):
        values = points(n, 12)
        if metric == "cosine":
            values = values / np.linalg.norm(values, axis=1, keepdims=True)
        for k in (1, 5, 15, 32):
            shared = [len(set(a) & set(b)) for a, b in zip(neighbors(values, k), neighbors(flat, k), strict=True)]
            print(
                f"    {{Metric::{metric}, {k}, {trustworthiness(values, flat, n_neighbors=k):.12g}, "
                f"{trustworthiness(flat, values, n_neighbors=k):.12g}, {np.mean(shared) / k:.12g}}},"
            )


if __name__ == "__main__":
    main()
