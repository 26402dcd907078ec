#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Time oort's PCA against scikit-learn's on the same points, in the same run, on as many threads.

    bench/setup
    cmake --preset release -DOORT_BENCH=ON && ninja -C build/release pca_bench
    bench/.venv/bin/python bench/pca.py --mnist path/to/mnist.npz

Every solver makes N components and the coordinates of all points, once to warm up and then --runs times, in
turns; medians are compared. "exact" is the eigendecomposition of the covariance in float64.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import sklearn
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_info, threadpool_limits

HERE = Path(__file__).resolve().parent


def load_points(arguments):
    """Return (name, points): n x d float32."""
    if arguments.points is not None:
        return arguments.name or Path(arguments.points).stem, np.load(arguments.points).astype(np.float32)
    if arguments.shape is None and arguments.mnist is not None:
        with np.load(arguments.mnist) as file:
            images = np.concatenate([file["x_train"], file["x_test"]])
        return "MNIST", (images.reshape(len(images), -1) / np.float32(255)).astype(np.float32)
    n, d = (int(part) for part in (arguments.shape or "70000x784").split("x"))
    rng = np.random.default_rng(0)
    rank = min(n, d, 64)
    spread = 0.9 ** np.arange(rank, dtype=np.float32)
    points = (rng.standard_normal((n, rank), np.float32) * spread) @ rng.standard_normal((rank, d), np.float32)
    points += np.float32(0.3) * rng.standard_normal((n, d), np.float32)
    return "synthetic: 64 falling directions and noise", points


def run_native(arguments, path, points, n_runs, components_path):
    """Return the report of pca_bench and the components it found."""
    n, d = points.shape
    command = [arguments.native, path, n, d, arguments.components, arguments.threads, n_runs, components_path]
    output = subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE)
    components = np.fromfile(components_path, np.float32).reshape(-1, d)
    return json.loads(output.stdout), components


def exact_pca(points, k):
    """Return (variances, components) by float64; k x d."""
    n, d = points.shape
    centred = points.astype(np.float64)
    centred -= centred.mean(axis=0)
    if n < d:
        values, vectors = np.linalg.eigh(centred @ centred.T)
        vectors = centred.T @ vectors[:, ::-1][:, :k]
        return values[::-1][:k] / (n - 1), (vectors / np.linalg.norm(vectors, axis=0)).T
    values, vectors = np.linalg.eigh(centred.T @ centred)
    return values[::-1][:k] / (n - 1), vectors[:, ::-1][:, :k].T


def accuracy(variances, components, exact):
    """Compare with exact: largest relative error of a variance, and cosine of the largest angle between the spaces."""
    exact_variances, exact_components = exact
    error = np.abs(np.asarray(variances) / exact_variances - 1).max()
    cosines = np.linalg.svd(np.asarray(components, np.float64) @ exact_components.T, compute_uv=False)
    return {"variance_error": float(error), "subspace_cosine": float(min(cosines.min(), 1.0))}


def measure(arguments, points):
    """Run all solvers in turns; return {solver: {"seconds": […], accuracy…}}."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "points.f32")
        points.tofile(path)
        exact = exact_pca(points, arguments.components)
        results = {"oort": {"seconds": []}}
        for solver in filter(None, arguments.solvers.split(",")):
            results[f"scikit-learn {solver}"] = {"seconds": []}
        for turn in range(arguments.runs + 1):
            # Each process of ours warms up by a run of its own.
            report, components = run_native(arguments, path, points, 2, Path(folder, "components"))
            if turn > 0:
                results["oort"]["seconds"].append(report["seconds"][1])
            results["oort"].update(accuracy(report["explained_variance"], components, exact))
            results["oort"]["first_seconds"] = report["seconds"][0]
            results["oort"]["peak_rss_bytes"] = report["peak_rss_bytes"]
            for solver in filter(None, arguments.solvers.split(",")):
                model = PCA(n_components=arguments.components, svd_solver=solver, random_state=0)
                begin = time.perf_counter()
                model.fit_transform(points)
                seconds = time.perf_counter() - begin
                result = results[f"scikit-learn {solver}"]
                if turn > 0:
                    result["seconds"].append(seconds)
                result.update(accuracy(model.explained_variance_, model.components_, exact))
    return results


def main():
    """Print a table and, if asked, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mnist", help="mnist.npz of Keras; without it the points are synthetic")
    parser.add_argument("--shape", help="NxD: synthetic points of this shape (default 70000x784)")
    parser.add_argument("--points", help="points.npy instead")
    parser.add_argument("--name", help="what those are called")
    parser.add_argument("--components", type=int, default=10)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--solvers", default="randomized,full,covariance_eigh")
    parser.add_argument("--native", default=HERE.parent / "build/release/bench/pca_bench")
    parser.add_argument("--json", help="write the results to this file")
    arguments = parser.parse_args()
    if not Path(arguments.native).exists():
        sys.exit(f"pca.py: {arguments.native} is missing; build it with -DOORT_BENCH=ON")

    name, points = load_points(arguments)
    n, d = points.shape
    print(f"{name}: {n} x {d} float32 -> {arguments.components}, {arguments.threads} threads, "
          f"median of {arguments.runs}, scikit-learn {sklearn.__version__}, numpy {np.__version__}")
    with threadpool_limits(limits=arguments.threads):
        blas = [f"{lib['internal_api']} {lib['version']} {lib.get('architecture')} x{lib['num_threads']}"
                for lib in threadpool_info()]
        results = measure(arguments, points)
    ours = statistics.median(results["oort"]["seconds"])
    for solver, result in results.items():
        result["median_seconds"] = statistics.median(result["seconds"])
        result["ratio"] = result["median_seconds"] / ours
        spread = f"({min(result['seconds']):.4f}..{max(result['seconds']):.4f})"
        print(f"  {solver:30} {result['median_seconds']:8.4f} s  {spread}"
              f"  {result['ratio']:6.2f}x  variance error {result['variance_error']:.1e}"
              f"  subspace cosine {result['subspace_cosine']:.9f}")
    print(f"  oort's first run {results['oort']['first_seconds']:.4f} s, peak memory "
          f"{results['oort']['peak_rss_bytes'] / 1e6:.0f} MB with the points; BLAS of the peers: {', '.join(blas)}")
    if arguments.json:
        report = {"points": name, "n": n, "d": d, "components": arguments.components, "threads": arguments.threads,
                  "blas": blas, "scikit_learn": sklearn.__version__, "n_cpus": os.cpu_count(), "results": results}
        Path(arguments.json).write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
