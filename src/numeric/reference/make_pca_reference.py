#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Print the numbers that pca_reference_test.cpp expects: scikit-learn's full solver in float64.

    bench/setup && bench/.venv/bin/python src/numeric/reference/make_pca_reference.py

The points come from a formula in integers, the same in the test, and are exact in float32.
"""

import numpy as np
from sklearn.decomposition import PCA


def points(n, d):
    """n x d values from -4 to 4 whose columns differ in spread and whose neighbours go together."""
    i, j = np.indices((n, d), dtype=np.int64)
    noise = (i * 7919 + j * 104729 + i * j * 31 + i * i * 17) % 257 - 128
    drift = (i * 37) % 101 - 50
    return (noise * (1 + j % 4) + drift * ((j * 5) % 7)) / 128.0


def show(name, values):
    """Print one C++ array."""
    print(f"const double {name}[] = {{{', '.join(f'{float(value):.12g}' for value in values)}}};")


def main():
    """Print one block for a tall and one for a wide set of points."""
    for name, n, d in (("tall", 60, 12), ("wide", 9, 25)):
        model = PCA(n_components=4, svd_solver="full")
        scores = model.fit_transform(points(n, d))
        signs = np.sign([row[np.argmax(np.abs(row))] for row in model.components_])
        show(f"{name}_variance", model.explained_variance_)
        show(f"{name}_ratio", model.explained_variance_ratio_)
        show(f"{name}_component", model.components_[0] * signs[0])
        show(f"{name}_last_component", model.components_[3] * signs[3])
        show(f"{name}_first_point", scores[0] * signs)
        show(f"{name}_last_point", scores[-1] * signs)


if __name__ == "__main__":
    main()
