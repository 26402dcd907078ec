#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Print the numbers that tsne_reference_test.cpp expects: scikit-learn's affinities and gradient.

    bench/setup && bench/.venv/bin/python src/numeric/reference/make_tsne_reference.py

Points and layout come from a formula in integers, the same in the test, and are exact in float32.
"""

import numpy as np
from sklearn.manifold._t_sne import _joint_probabilities_nn, _kl_divergence_bh
from sklearn.neighbors import NearestNeighbors

N, D, K, PERPLEXITY = 60, 5, 30, 10


def points(n, d, salt):
    """n x d values from -4 to 4."""
    i, j = np.indices((n, d), dtype=np.int64)
    return (((i * 7919 + j * 104729 + i * j * 31 + i * i * 17 + salt) % 257) - 128) / 32.0


def show(name, values):
    """Print one C++ array."""
    print(f"const double {name}[] = {{{', '.join(f'{float(value):.10g}' for value in values)}}};")


def main():
    """Print some affinities, and divergence and gradient in 2 and 3 dimensions."""
    x = points(N, D, 0)
    graph = NearestNeighbors(n_neighbors=K).fit(x).kneighbors_graph(mode="distance")
    graph.data **= 2
    joint = _joint_probabilities_nn(graph, PERPLEXITY, 0)
    show("affinity_sums", np.asarray(joint.sum(axis=1)).ravel()[:8])
    show("first_affinities", joint.toarray()[0, :12])
    for dims in (2, 3):
        y = points(N, dims, 5).astype(np.float32)
        divergence, gradient = _kl_divergence_bh(
            y.ravel(), joint, 1, N, dims, angle=0, skip_num_points=0, num_threads=1
        )
        show(f"divergence_{dims}", [divergence])
        show(f"gradient_{dims}", gradient.reshape(N, dims)[:3].ravel())


if __name__ == "__main__":
    main()
