# SPDX-License-Identifier: Apache-2.0
"""bench/engine.py runs, on data of a thousand rows and without the peers."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
# All but PCA, which needs a program of its own (-DOORT_BENCH=ON).
STAGES = ["neighbors", "neighbors_million", "tsne", "tsne_3d", "umap", "held_out", "million"]
RENDER = "import sys, pathlib, page; print(page.render(page.load(pathlib.Path(sys.argv[1])), ''))"


def test_the_benchmark_of_the_engine_runs(program: pathlib.Path, tmp_path: pathlib.Path) -> None:
    results = tmp_path / "results"
    command = [sys.executable, ROOT / "bench" / "engine.py", "--quick", "--no-peers"]
    command += ["--program", program, "--folder", tmp_path / "work", "--results", results]
    command += ["--only", *STAGES]
    done = subprocess.run([str(part) for part in command], timeout=300, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    for stage in STAGES:
        result = json.loads((results / f"{stage}.json").read_text())
        if stage == "tsne_3d":
            assert min(result["ms_an_iteration"]) > 0
        for row in result.get("rows", []):
            assert row["ours"]["median"] > 0
            assert all(0 < value <= 1 for value in row["ours"]["quality"].values()), row
    page = subprocess.run(
        [sys.executable, "-c", RENDER, str(results)],
        cwd=ROOT / "bench",
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert page.returncode == 0, page.stderr
    for part in ("neighbours, k = 90", "UMAP, 2-D: digits", "## A million rows", "ms an iteration"):
        assert part in page.stdout
