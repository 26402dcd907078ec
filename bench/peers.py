#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs one peer once, in a process of its own, and prints a line of JSON: seconds, peak memory, version.

    bench/.venv/bin/python bench/peers.py umap POINTS.npy --out LAYOUT.npy --seed 1 --threads 2

Seconds are those of the computation: reading the file and importing the library are not in them. "cold" is the first
call in the process, with numba's compilation, "warm" one that comes after it. POINTS are taken as float32.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
from pathlib import Path


def peak_memory_bytes():
    """Return the most memory that this process ever held (VmHWM)."""
    return int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024


def timed(compute):
    """Return (result, seconds)."""
    begin = time.perf_counter()
    result = compute()
    return result, time.perf_counter() - begin


def run_pca(points, options):
    """Fit and transform --runs times after one to warm up; the explained variances go to --out."""
    import sklearn
    from sklearn.decomposition import PCA

    seconds = []
    for _ in range(options.runs + 1):
        model = PCA(options.k, svd_solver=options.solver, random_state=options.seed)
        _, once = timed(lambda model=model: model.fit_transform(points))
        seconds.append(once)
    return model.explained_variance_, {"seconds": seconds[1:], "version": f"scikit-learn {sklearn.__version__}"}


def run_pynndescent(points, options):
    """Neighbours without the point itself; numba is warmed up on the first 2,000 rows."""
    import numpy as np
    import pynndescent

    def search(some):
        index = pynndescent.NNDescent(some, n_neighbors=options.k + 1, n_jobs=options.threads,
                                      random_state=options.seed, metric=options.metric)
        return index.neighbor_graph[0]

    if options.warm:
        search(points[:2000])
    found, seconds = timed(lambda: search(points))
    # Its rows hold the point itself, nearly always first; where it is missing the last one goes.
    own = found == np.arange(len(found))[:, None]
    own[~own.any(axis=1), -1] = True
    return found[~own].reshape(len(found), options.k), {
        "seconds": seconds, "version": f"pynndescent {pynndescent.__version__}"}


def run_opentsne(points, options):
    """openTSNE of the first 50 principal components, which are not in the seconds."""
    import openTSNE
    from sklearn.decomposition import PCA

    reduced, pca_seconds = points, 0.0
    if points.shape[1] > 50:
        reduced, pca_seconds = timed(
            lambda: PCA(50, svd_solver="randomized", random_state=options.seed).fit_transform(points))
    model = openTSNE.TSNE(n_components=options.dims, perplexity=options.perplexity, n_jobs=options.threads,
                          random_state=options.seed, negative_gradient_method="fft" if options.dims == 2 else "bh")
    layout, seconds = timed(lambda: model.fit(reduced))
    return layout, {"seconds": seconds, "pca_seconds": pca_seconds, "version": f"openTSNE {openTSNE.__version__}"}


def run_umap(points, options):
    """umap-learn with its defaults; with a seed it would run on one thread, so it gets one only by numpy."""
    import numpy as np
    import umap

    def fit():
        np.random.seed(options.seed)
        return umap.UMAP(n_components=options.dims, n_jobs=options.threads).fit_transform(points)

    layout, cold = timed(fit)
    memory = peak_memory_bytes()
    report = {"cold_seconds": cold, "peak_memory_bytes": memory, "version": f"umap-learn {umap.__version__}"}
    if options.warm:
        layout, report["seconds"] = timed(fit)
    return layout, report


RUNNERS = {"pca": run_pca, "pynndescent": run_pynndescent, "opentsne": run_opentsne, "umap": run_umap}


def main():
    """Run one peer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peer", choices=list(RUNNERS))
    parser.add_argument("points", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--k", type=int, default=15, help="neighbours or components")
    parser.add_argument("--dims", type=int, default=2)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--metric", default="euclidean")
    parser.add_argument("--perplexity", type=float, default=30)
    parser.add_argument("--solver", default="randomized")
    parser.add_argument("--warm", action="store_true", help="compile before the clock starts")
    options = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[name] = str(options.threads)
    import warnings

    import numpy as np

    warnings.simplefilter("ignore")
    points = np.load(options.points)
    points = np.ascontiguousarray(points.reshape(len(points), -1), dtype=np.float32)
    result, report = RUNNERS[options.peer](points, options)
    report.setdefault("peak_memory_bytes", peak_memory_bytes())
    np.save(options.out, np.asarray(result))
    print(json.dumps(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
