#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs one peer in a process of its own, once for each seed, and prints a line of JSON.

    bench/.venv/bin/python bench/peers.py umap POINTS.npy --out LAYOUT --seeds 0 1 2 --threads 2

Writes LAYOUT.0.npy and so on. "seconds" are those of each computation: reading the file and importing the library are
not in them. "peak_memory_bytes" is the most that the process held up to the end of the first. POINTS become float32.
Some peers compile themselves with numba in the first call; --warm makes that happen before the clock starts.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
import warnings
from pathlib import Path

PACKAGES = {"pynndescent": "pynndescent", "opentsne": "openTSNE", "umap": "umap"}


def peak_memory_bytes():
    """Return the most memory that this process ever held (VmHWM)."""
    return int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024


def pynndescent(points, options, seed):
    """Return the neighbours, the points themselves left out."""
    import numpy as np
    from pynndescent import NNDescent

    k = min(options.k, len(points) - 1)
    found = NNDescent(points, n_neighbors=k + 1, n_jobs=options.threads, random_state=seed).neighbor_graph[0]
    # Its rows hold the point itself, nearly always first; where it is missing the last one goes.
    own = found == np.arange(len(found))[:, None]
    own[~own.any(axis=1), -1] = True
    return found[~own].reshape(len(found), k)


def opentsne(points, options, seed):
    """Return the layout of points in at most 50 dimensions: 250 iterations exaggerated, 500 not."""
    from openTSNE import TSNE

    return TSNE(perplexity=options.perplexity, n_jobs=options.threads, random_state=seed,
                negative_gradient_method="fft").fit(points)


def umap(points, options, seed):
    """Return the layout; with random_state it would run on one thread, so numpy gets the seed."""
    import numpy as np
    from umap import UMAP

    np.random.seed(seed)
    return UMAP(n_jobs=options.threads).fit_transform(points)


RUNNERS = {"pynndescent": pynndescent, "opentsne": opentsne, "umap": umap}


def main():
    """Run one peer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peer", choices=list(RUNNERS))
    parser.add_argument("points", type=Path)
    parser.add_argument("--out", required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--k", type=int, default=15)
    parser.add_argument("--perplexity", type=float, default=30)
    parser.add_argument("--warm", action="store_true", help="compile before the clock starts")
    options = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[name] = str(options.threads)
    warnings.simplefilter("ignore")
    import numpy as np

    package = __import__(PACKAGES[options.peer])
    points = np.load(options.points)
    points = np.ascontiguousarray(points.reshape(len(points), -1), dtype=np.float32)
    report = {"version": f"{options.peer} {package.__version__}", "seconds": []}
    if options.peer == "opentsne" and points.shape[1] > 50:
        from datasets import principal_components

        begin = time.perf_counter()
        reduced = principal_components(points)
        report["pca_seconds"] = time.perf_counter() - begin
    else:
        reduced = points
    run = RUNNERS[options.peer]
    if options.warm:
        run(reduced[:2000], options, 0)
    for seed in options.seeds:
        begin = time.perf_counter()
        result = run(reduced, options, seed)
        report["seconds"].append(time.perf_counter() - begin)
        report.setdefault("peak_memory_bytes", peak_memory_bytes())
        np.save(f"{options.out}.{seed}.npy", np.asarray(result))
    print(json.dumps(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
