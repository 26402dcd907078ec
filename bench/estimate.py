#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compare the estimate of a projection with what it costs, on a grid of sizes and methods.

    bench/estimate.py build/release/oort [--quick]

Runs `oort project` on made-up points, reads its report and prints the table of docs/algorithms/estimate.md:
seconds and memory, estimated and measured, and their ratio. Exits 1 if a ratio is beyond a factor of two.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

GRID = [
    (1_000, 50),
    (10_000, 20),
    (10_000, 784),
    (70_000, 50),
    (70_000, 784),
    (10_000, 3_072),
    (300_000, 128),  # not t-SNE in 3-D, which takes minutes
]
QUICK = [(1_000, 50), (10_000, 784)]
METHODS = [("pca", 2), ("tsne", 2), ("tsne", 3), ("umap", 2)]
SHORT = [("pca", 2), ("tsne", 2), ("umap", 2)]


def make_points(path: Path, n_rows: int, n_columns: int) -> None:
    """Write a mixture of 30 Gaussians of about 15 dimensions each, like the data people have."""
    random = np.random.default_rng(1)
    n_hidden = min(15, n_columns)
    points = np.empty((n_rows, n_columns), np.float32)
    groups = np.array_split(np.arange(n_rows), 30)
    for rows in groups:
        axes = random.normal(size=(n_hidden, n_columns)).astype(np.float32)
        centre = 3 * random.normal(size=n_columns).astype(np.float32)
        points[rows] = random.normal(size=(len(rows), n_hidden)).astype(np.float32) @ axes + centre
    points += random.normal(scale=0.1, size=points.shape).astype(np.float32)
    np.save(path, points[random.permutation(n_rows)])


def run(oort: str, points: Path, method: str, n_components: int) -> dict:
    report = points.with_name("report.json")
    subprocess.run(
        [oort, "project", points, "--method", method, "--dims", str(n_components),
         "--out", points.with_name("layout.npy"), "--report", report],
        check=True, stderr=subprocess.DEVNULL,
    )
    return json.loads(report.read_text())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("oort", help="the program")
    parser.add_argument("--quick", action="store_true", help="two small sizes only")
    parser.add_argument("--sizes", help="instead of the grid: ROWSxCOLUMNS,…")
    parser.add_argument("--stages", help="file to append each stage's seconds to, as JSON lines")
    arguments = parser.parse_args()
    grid = QUICK if arguments.quick else GRID
    if arguments.sizes:
        grid = [tuple(int(part) for part in size.split("x")) for size in arguments.sizes.split(",")]

    is_good = True
    print("| method | points | estimated s | measured s | ratio | estimated MB | measured MB | ratio |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        points = Path(folder) / "points.npy"
        for n_rows, n_columns in grid:
            make_points(points, n_rows, n_columns)
            for method, n_components in METHODS if n_rows <= 100_000 else SHORT:
                report = run(arguments.oort, points, method, n_components)
                estimate = report["estimate"]
                seconds, memory = report["seconds_total"], report["peak_memory_bytes"]
                ratios = estimate["seconds"] / seconds, estimate["memory_bytes"] / memory
                # Below 50 ms nobody waits, and starting threads is most of it.
                is_good &= all(0.5 <= ratio <= 2 for ratio in ratios) or seconds < 0.05
                cells = [f"{method} {n_components}-D", f"{n_rows} x {n_columns}",
                         f"{estimate['seconds']:.3g}", f"{seconds:.3g}", f"{ratios[0]:.2f}",
                         f"{estimate['memory_bytes'] / 1e6:.0f}", f"{memory / 1e6:.0f}", f"{ratios[1]:.2f}"]
                print("| " + " | ".join(cells) + " |", flush=True)
                if arguments.stages:
                    line = {"method": method, "dims": n_components, "n": n_rows, "d": n_columns,
                            "measured": report["seconds"], "estimated": estimate["stages"], "memory": memory}
                    with Path(arguments.stages).open("a") as file:
                        file.write(json.dumps(line) + "\n")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
