#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Judges layouts and neighbours, ours and the peers' by the same functions.

    bench/.venv/bin/python bench/judge.py POINTS.npy LAYOUT.npy … [--labels L.npy] [--kl 30] [--umap-loss]

Prints a line of JSON for each layout:

overlap15   share of a row's 15 true Euclidean neighbours found among its 15 nearest in the layout
hit15       share of a row's 15 nearest in the layout that carry its own label
kl          Kullback-Leibler divergence by openTSNE's function, perplexity affinities of the first 50 components
loss        UMAP's cross entropy on the graph that umap-learn makes of exact neighbours: attraction plus half the
            repulsion, which is what its descent follows (a negative moves one end only); loss_full counts it whole

Overlap is over 10,000 rows and hits over 20,000, drawn once with a fixed seed, or all if there are fewer. What does not
depend on the layout is kept in --cache by the digest of the points.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import pickle
import warnings
from pathlib import Path

import numpy as np

from datasets import principal_components

warnings.simplefilter("ignore")
CACHE = Path(__file__).resolve().parent.parent / "build" / "bench" / "cache"


def as_floats(points):
    """Rows of float32 with magnitudes up to 1, which changes no neighbour."""
    points = points.reshape(len(points), -1).astype(np.float32)
    return points / max(1.0, float(np.abs(points).max()))


def nearest_rows(points, rows, k):
    """The k nearest of all points to each of some rows, itself left out, nearest first; exact up to float32 ties."""
    square = np.einsum("ij,ij->i", points, points)
    found = np.empty((len(rows), k), dtype=np.int64)
    for begin in range(0, len(rows), 250):
        part = rows[begin : begin + 250]
        distances = square[None, :] - 2 * points[part] @ points.T
        distances[np.arange(len(part)), part] = np.inf
        near = np.argpartition(distances, k, axis=1)[:, :k]
        order = np.argsort(np.take_along_axis(distances, near, axis=1), axis=1)
        found[begin : begin + 250] = np.take_along_axis(near, order, axis=1)
    return found


def sample(n, count, seed):
    """Some rows, ascending; all if there are no more."""
    return np.sort(np.random.default_rng(seed).choice(n, min(n, count), replace=False))


def shared(found, truth):
    """Mean share of each row of truth that is in the same row of found."""
    return float(np.mean([len(set(a) & set(b)) / len(b) for a, b in zip(found.tolist(), truth.tolist())]))


class Judge:
    """What is known of one set of points; the parts are made when first asked for and kept in a folder."""

    def __init__(self, points, labels=None, cache=CACHE):
        self.points = points
        self.labels = labels
        digest = hashlib.sha256(np.ascontiguousarray(points[:: max(1, len(points) // 4096)])).hexdigest()[:16]
        self.folder = Path(cache) / f"{len(points)}x{points.shape[1]}-{digest}"

    def _kept(self, name, make):
        path = self.folder / f"{name}.pickle"
        if path.exists():
            return pickle.loads(path.read_bytes())
        value = make()
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}")
        partial.write_bytes(pickle.dumps(value, protocol=5))
        partial.rename(path)
        return value

    def truth(self, k, n_rows=10_000):
        """(rows, their k true neighbours)."""
        rows = sample(len(self.points), n_rows, 0)
        k = min(k, len(self.points) - 1)
        return rows, self._kept(f"truth-{k}-{n_rows}", lambda: nearest_rows(as_floats(self.points), rows, k))

    def recall(self, indices, k, n_rows=2000):
        """Share of the k true neighbours among the first columns of indices (n x at least k)."""
        rows, truth = self.truth(k, n_rows)
        return shared(indices[rows][:, :k], truth)

    def affinities(self, perplexity):
        """openTSNE's P of the first 50 principal components."""
        def make():
            import openTSNE

            points = as_floats(self.points)
            if points.shape[1] > 50:
                points = principal_components(points)
            method = "pynndescent" if len(points) > 5000 else "exact"
            return openTSNE.affinity.PerplexityBasedNN(
                points.astype(np.float64), perplexity=perplexity, n_jobs=2, random_state=0, method=method).P

        return self._kept(f"affinities-exact-{perplexity:g}", make)

    def kl(self, layout, perplexity):
        """Kullback-Leibler divergence by openTSNE's own function."""
        from openTSNE.tsne import kl_divergence_bh, kl_divergence_fft

        layout = np.ascontiguousarray(layout, dtype=np.float64)
        if layout.shape[1] == 3:
            return float(kl_divergence_bh(layout, self.affinities(perplexity), 1,
                                          bh_params={"theta": 0.2}, should_eval_error=True, n_jobs=2)[0])
        fft = {"n_interpolation_points": 3, "min_num_intervals": 50, "ints_in_interval": 1}
        return float(kl_divergence_fft(layout, self.affinities(perplexity), 1, fft_params=fft,
                                       should_eval_error=True, n_jobs=2)[0])

    def graph(self, k=15):
        """The fuzzy graph of exact neighbours that umap-learn would make: (heads, tails, weights)."""
        def make():
            import umap
            from sklearn.neighbors import NearestNeighbors

            points = as_floats(self.points)
            index = NearestNeighbors(n_neighbors=k, algorithm="brute", n_jobs=2).fit(points)
            distances, indices = index.kneighbors(points)
            graph = umap.umap_.fuzzy_simplicial_set(
                points, k, np.random.RandomState(0), "euclidean", knn_indices=indices, knn_dists=distances)[0].tocoo()
            return graph.row, graph.col, graph.data.astype(np.float64)

        return self._kept(f"graph-{k}", make)

    def umap_loss(self, layout, min_dist=0.1, spread=1.0, n_negatives=256):
        """(attraction + repulsion / 2, attraction + repulsion), a row's mean, five negatives an edge."""
        from umap.umap_ import find_ab_params

        heads, tails, weights = self.graph()
        a, b = find_ab_params(spread, min_dist)
        layout = np.asarray(layout, np.float64)
        n = len(layout)
        near = a * ((layout[heads] - layout[tails]) ** 2).sum(axis=1) ** b
        attraction = float((weights * np.log1p(near)).sum() / n)
        degree = np.bincount(heads, weights, minlength=n)
        rng = np.random.default_rng(0)
        repulsion = 0.0
        for _ in range(n_negatives):
            others = (np.arange(n) + rng.integers(1, n, n)) % n
            far = a * ((layout - layout[others]) ** 2).sum(axis=1) ** b
            repulsion += float((degree * np.log((1 + far) / (1e-3 + far))).sum() / n)
        repulsion *= 5 / n_negatives
        return attraction + repulsion / 2, attraction + repulsion

    def judge(self, layout, perplexity=None, with_loss=False, n_rows=10_000):
        """All figures that apply."""
        from sklearn.neighbors import NearestNeighbors

        layout = np.asarray(layout, np.float32)
        k = min(15, len(layout) - 1)
        index = NearestNeighbors(n_neighbors=k + 1, n_jobs=2).fit(layout)

        def nearest(rows):
            found = index.kneighbors(layout[rows], return_distance=False)
            own = found == rows[:, None]
            own[~own.any(axis=1), -1] = True
            return found[~own].reshape(len(rows), k)

        rows, truth = self.truth(k, n_rows)
        result = {"overlap15": shared(nearest(rows), truth)}
        if self.labels is not None:
            rows = sample(len(layout), 20_000, 1)
            result["hit15"] = float(np.mean(self.labels[nearest(rows)] == self.labels[rows][:, None]))
        if perplexity:
            result["kl"] = self.kl(layout, perplexity)
        if with_loss:
            result["loss"], result["loss_full"] = self.umap_loss(layout)
        return result


def main():
    """Judge the layouts named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("points", type=Path)
    parser.add_argument("layouts", type=Path, nargs="+")
    parser.add_argument("--labels", type=Path)
    parser.add_argument("--kl", type=float, metavar="PERPLEXITY")
    parser.add_argument("--umap-loss", action="store_true")
    parser.add_argument("--cache", type=Path, default=CACHE)
    options = parser.parse_args()
    points = np.load(options.points)
    points = points.reshape(len(points), -1)
    judge = Judge(points, np.load(options.labels).ravel() if options.labels else None, options.cache)
    for path in options.layouts:
        result = judge.judge(np.load(path), options.kl, options.umap_loss)
        print(json.dumps({"layout": path.name, **result}))


if __name__ == "__main__":
    main()
