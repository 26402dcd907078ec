#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Data sets for the benchmarks, made on the spot: the same bytes of input on every machine with the same lock file.

    bench/.venv/bin/python bench/datasets.py NAME OUT.npy [--labels OUT_labels.npy] [--n ROWS]

Held out, which means that no setting of ours was tuned on them:

words      PPMI and SVD word vectors (Levy, Goldberg, Dagan 2015) of the words in the sources of the locked packages,
           100-d, unit length; a word's label is the sub-package in which it occurs most often for that one's size.
mixture    60 anisotropic, partly curved clusters in 96-d, their sizes spread over two decades, with 5 % background.
patches    8 x 8 colour patches of the two photographs that scikit-learn carries, as bytes; a patch's label is the
           photograph and the cell of a 4 x 4 grid that it comes from.
digits     scikit-learn's 1,797 hand-written digits of 8 x 8.

For timing only:

cifar_like   60,000 x 3,072 bytes: colour pictures of smooth random fields with the power spectrum of photographs
             (amplitude falling about as 1 / frequency) and a mean of their own class. Not CIFAR: the same shape and
             a spectrum that falls like it.
neighborly   1,000,000 x 128 floats: 2,000 clusters on two levels, each a curved sheet of 6 to 14 dimensions with noise
             about it, so that neighbourhoods are neither a ball of noise nor a copy.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import numpy as np

WORD_PACKAGES = ("numpy", "scipy", "sklearn", "numba", "umap", "openTSNE", "pynndescent", "joblib", "llvmlite")
WORD = re.compile(r"[A-Z]?[a-z]{2,}|[A-Z]{2,}")


def cut(points, labels, n_rows):
    """Return n_rows rows drawn at random, in their order; all if there are no more."""
    if n_rows is None or n_rows >= len(points):
        return points, labels
    rows = np.sort(np.random.default_rng(0).choice(len(points), n_rows, replace=False))
    return np.ascontiguousarray(points[rows]), labels[rows]


def _read_words():
    """Return (vocabulary, word of each token with -1 between files, sub-package of each token, sub-package names)."""
    packages = Path(np.__file__).resolve().parent.parent
    ids: dict[str, int] = {}
    tokens, places, names = [], [], {}
    for package in WORD_PACKAGES:
        files = [path for path in (packages / package).rglob("*") if path.suffix in {".py", ".pyi", ".rst"}]
        for path in sorted(files, key=lambda path: path.relative_to(packages).as_posix()):
            parts = path.relative_to(packages).parts
            place = names.setdefault("/".join(parts[:2]) if len(parts) > 2 else parts[0], len(names))
            words = WORD.findall(path.read_text(encoding="utf-8", errors="ignore"))
            tokens.extend(ids.setdefault(word.lower(), len(ids)) for word in words)
            tokens.append(-1)
            places.extend([place] * (len(words) + 1))
    return list(ids), np.array(tokens), np.array(places), list(names)


def words(n_rows=None, window=4, least=4, n_dims=100):
    """Word vectors of the packages' sources: n x 100 float32 of unit length, and sub-package codes."""
    from scipy.sparse import coo_matrix, csr_matrix, diags
    from sklearn.utils.extmath import randomized_svd

    vocabulary, tokens, places, names = _read_words()
    counts = np.bincount(tokens[tokens >= 0], minlength=len(vocabulary))
    kept = np.flatnonzero(counts >= least)
    number = np.full(len(vocabulary) + 1, -1)
    number[kept] = np.arange(len(kept))
    tokens = number[tokens]  # the last, at -1, is -1
    together = csr_matrix((len(kept), len(kept)), dtype=np.float64)
    for apart in range(1, window + 1):
        left, right = tokens[:-apart], tokens[apart:]
        both = (left >= 0) & (right >= 0)
        ones = np.ones(both.sum())
        together = together + coo_matrix((ones, (left[both], right[both])), shape=together.shape).tocsr()
    together = together + together.T
    of_word = np.asarray(together.sum(axis=1)).ravel()
    of_context = of_word**0.75
    of_context /= of_context.sum()
    pairs = together.tocoo()
    weights = np.log(pairs.data / (of_word[pairs.row] * of_context[pairs.col]))
    positive = weights > 0
    ppmi = csr_matrix((weights[positive], (pairs.row[positive], pairs.col[positive])), shape=together.shape)
    u, s, _ = randomized_svd(ppmi, n_dims, n_iter=7, random_state=0)
    points = u * np.sqrt(s)
    points /= np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-12)
    inside = tokens >= 0
    where = coo_matrix((np.ones(inside.sum()), (tokens[inside], places[inside])), shape=(len(kept), len(names)))
    where = where.tocsr() @ diags(1 / np.sqrt(np.bincount(places, minlength=len(names))))
    labels = np.asarray(where.argmax(axis=1)).ravel()
    return cut(points.astype(np.float32), labels.astype(np.int32), n_rows)


def mixture(n_rows=20_000, n_clusters=60, n_dims=96):
    """Clusters of unequal size and shape: n x 96 float32, and their numbers (n_clusters = the background)."""
    rng = np.random.default_rng(1)
    n_background = n_rows // 20
    shares = 10 ** rng.uniform(-1, 1, n_clusters)
    sizes = np.maximum(1, np.floor(shares / shares.sum() * (n_rows - n_background)).astype(int))
    n_background = n_rows - sizes.sum()
    families = rng.normal(0, 0.8, (12, n_dims))
    points, labels = [], []
    for cluster, size in enumerate(sizes):
        rank = rng.integers(2, 20)
        basis, _ = np.linalg.qr(rng.normal(size=(n_dims, rank)))
        inner = rng.normal(size=(size, rank)) * 4 * (1 + np.arange(rank)) ** -rng.uniform(0.3, 1.2)
        sheet = inner @ basis.T
        if cluster % 3 == 0:
            bend, _ = np.linalg.qr(rng.normal(size=(n_dims, 1)))
            sheet += (inner[:, :1] ** 2 / 6) @ bend.T
        centre = families[rng.integers(len(families))] + rng.normal(0, 0.35, n_dims)
        points.append(centre + sheet + rng.normal(0, rng.uniform(0.1, 0.8), (size, n_dims)))
        labels.append(np.full(size, cluster))
    points.append(rng.normal(0, 1, (n_background, n_dims)))
    labels.append(np.full(n_background, n_clusters))
    order = rng.permutation(n_rows)
    return np.concatenate(points)[order].astype(np.float32), np.concatenate(labels)[order].astype(np.int32)


def patches(n_rows=20_000, size=8):
    """Patches of two photographs: n x 192 uint8, and where they come from."""
    from sklearn.datasets import load_sample_images

    rng = np.random.default_rng(2)
    pictures = load_sample_images().images
    points, labels = [], []
    for i, picture in enumerate(pictures):
        height, width = (side - size + 1 for side in picture.shape[:2])
        count = n_rows // len(pictures) + (i < n_rows % len(pictures))
        corners = np.sort(rng.choice(height * width, count, replace=False))
        rows, columns = corners // width, corners % width
        windows = np.lib.stride_tricks.sliding_window_view(picture, (size, size, 3))[rows, columns, 0]
        points.append(windows.reshape(count, -1))
        labels.append(16 * i + 4 * (4 * rows // height) + 4 * columns // width)
    return np.concatenate(points).astype(np.uint8), np.concatenate(labels).astype(np.int32)


def digits(n_rows=None):
    """Scikit-learn's digits: 1,797 x 64 float32."""
    from sklearn.datasets import load_digits

    points, labels = load_digits(return_X_y=True)
    return cut(points.astype(np.float32), labels.astype(np.int32), n_rows)


def cifar_like(n_rows=60_000, side=32):
    """Pictures with the spectrum of photographs: n x 3,072 uint8, and their classes."""
    rng = np.random.default_rng(3)
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None, :]) * side
    falling = (1 / np.maximum(frequency, 0.5) ** 1.3).astype(np.float32)
    colours = np.array([[1, 0.25, 0.1], [1, 0, -0.2], [1, -0.25, 0.1]], np.float32)
    classes = rng.integers(0, 10, n_rows)

    def fields(count):
        noise = rng.standard_normal((count, 3, side, side), np.float32)
        smooth = np.fft.irfft2(np.fft.rfft2(noise) * falling, s=(side, side)).astype(np.float32)
        return np.einsum("npij,cp->nijc", smooth / smooth.std(), colours).reshape(count, -1)

    means = fields(10)
    points = np.empty((n_rows, 3 * side * side), np.uint8)
    for begin in range(0, n_rows, 5000):
        part = classes[begin : begin + 5000]
        values = 128 + 45 * (fields(len(part)) + 0.5 * means[part])
        points[begin : begin + 5000] = np.clip(values, 0, 255).astype(np.uint8)
    return points, classes.astype(np.int32)


def neighborly(n_rows=1_000_000, n_dims=128, n_clusters=2_000):
    """Many curved sheets on two levels: n x 128 float32, and their numbers."""
    rng = np.random.default_rng(4)
    n_clusters = max(1, min(n_clusters, n_rows // 100))
    families = rng.standard_normal((max(1, n_clusters // 20), n_dims), np.float32)
    shares = 10 ** rng.uniform(-0.7, 0.7, n_clusters)
    labels = np.sort(rng.choice(n_clusters, n_rows, p=shares / shares.sum()))
    points = np.empty((n_rows, n_dims), np.float32)
    bounds = np.searchsorted(labels, np.arange(n_clusters + 1))
    for cluster in range(n_clusters):
        begin, end = bounds[cluster], bounds[cluster + 1]
        rank = int(rng.integers(6, 15))
        inner = rng.standard_normal((end - begin, rank), np.float32)
        inner *= (0.5 + rng.random(rank, np.float32)) ** 2
        bent = np.concatenate([inner, np.sin(1.5 * inner), inner[:, :1] * inner], axis=1)
        lift = rng.standard_normal((bent.shape[1], n_dims), np.float32) / np.float32(np.sqrt(n_dims))
        centre = families[rng.integers(len(families))] + 0.5 * rng.standard_normal(n_dims, np.float32)
        noise = 0.06 * rng.standard_normal((end - begin, n_dims), np.float32)
        points[begin:end] = centre + bent @ lift + noise
    order = rng.permutation(n_rows)
    return points[order], labels[order].astype(np.int32)


MAKERS = {
    "words": words,
    "mixture": mixture,
    "patches": patches,
    "digits": digits,
    "cifar_like": cifar_like,
    "neighborly": neighborly,
}


def principal_components(points, n_components=50):
    """The first components of points [n, d], exact: randomized ones lose part of a slow spectrum."""
    from sklearn.decomposition import PCA

    return PCA(n_components, svd_solver="covariance_eigh").fit_transform(points)


def load_mnist(path):
    """The 70,000 digits of mnist.npz in the Keras layout: n x 784 uint8, and the digits."""
    with np.load(path) as file:
        points = np.concatenate([file["x_train"], file["x_test"]])
        labels = np.concatenate([file["y_train"], file["y_test"]])
    return points.reshape(len(points), -1), labels.astype(np.int32)


def main():
    """Write one data set to a file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=list(MAKERS))
    parser.add_argument("out", type=Path)
    parser.add_argument("--labels", type=Path)
    parser.add_argument("--n", type=int, help="rows; default: as many as the benchmark takes")
    options = parser.parse_args()
    make = MAKERS[options.name]
    points, labels = make() if options.n is None else make(options.n)
    np.save(options.out, points)
    if options.labels:
        np.save(options.labels, labels)
    print(f"{options.name}: {points.shape[0]:,} x {points.shape[1]:,} {points.dtype}, {len(np.unique(labels))} labels")


if __name__ == "__main__":
    main()
