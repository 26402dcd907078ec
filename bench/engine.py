#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures the engine against its peers, a stage at a time, and keeps the figures in bench/results/STAGE.json.

    bench/.venv/bin/python bench/engine.py --mnist path/to/mnist.npz [--only STAGE …] [--quick]

Ours is the program's `oort project` and `oort neighbors` (pca_bench for PCA), each run in a process of its own; each
peer runs in another (peers.py), on as many threads. Layouts are judged by judge.py. --quick takes data of a thousand
rows and one seed: it proves that this script works and says nothing about speed.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

import datasets
import numpy as np
from judge import Judge

ROOT = Path(__file__).resolve().parent.parent
HERE = Path(__file__).resolve().parent
HELD_OUT = ("words", "patches", "mixture", "digits")
LOWER_INSTRUCTION_SET = "avx2"


class Bench:
    """What every stage needs: data, programs and how often to run them."""

    def __init__(self, options):
        self.options = options
        self.quick = options.quick
        self.seeds = [0] if options.quick else [0, 1, 2]
        self.folder = options.folder
        for part in ("data", "out"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)

    def data(self, name):
        """(points.npy, points, labels, what it is called); made once and kept."""
        path = self.folder / "data" / f"{name}{'-quick' if self.quick else ''}.npy"
        labels = path.with_suffix(".labels.npy")
        if not path.exists():
            points, codes = self._make(name)
            np.save(labels, codes)
            np.save(path, points)
        points = np.load(path, mmap_mode="r")
        title = "MNIST" if name == "mnist" and self.options.mnist else f"{name} (synthetic)"
        if name in HELD_OUT:
            title = name
        return path, points, np.load(labels), f"{title} {points.shape[0]:,} × {points.shape[1]:,}"

    def _make(self, name):
        if name == "mnist" and self.options.mnist:
            points, labels = datasets.load_mnist(self.options.mnist)
        elif name == "mnist":
            points, labels = datasets.mixture(70_000, 60, 784)
            points = np.clip(32 * points + 128, 0, 255)
        elif self.quick:
            return datasets.MAKERS["mixture" if name == "words" else name](1_500)
        else:
            return datasets.MAKERS[name]()
        points, labels = datasets.cut(points, labels, 1_500 if self.quick else None)
        return points.astype(np.float32), labels

    def run(self, command, environment=None):
        """Run it; what it prints last is JSON, or nothing."""
        print("$", *command, flush=True)
        done = subprocess.run(
            [str(part) for part in command], cwd=ROOT, env={**os.environ, **(environment or {})},
            stdout=subprocess.PIPE, check=True, text=True)
        return done.stdout

    def ours(self, command, points, out, *arguments, cpu=None):
        """The report of one run of the program."""
        report = self.folder / "out" / "report.json"
        limit = ["--cpu", cpu] if cpu else []
        # OpenBLAS chooses its kernels by itself.
        self.run([self.options.program, command, points, "--out", out, "--report", report, "--threads",
                  self.options.threads, *limit, *arguments], {"OPENBLAS_CORETYPE": "Haswell"} if cpu else None)
        return json.loads(report.read_text())

    def project(self, points, method, seed, dims=2, cpu=None, settings=()):
        """(report, layout) of one run of `oort project`."""
        out = self.folder / "out" / f"ours-{method}.npy"
        arguments = [part for setting in settings for part in ("--set", setting)]
        report = self.ours("project", points, out, "--method", method, "--dims", dims, "--seed", seed, *arguments,
                           cpu=cpu)
        return report, np.load(out)

    def neighbors(self, points, k, seed, cpu=None, settings=()):
        """(report, indices) of one run of `oort neighbors`."""
        out = self.folder / "out" / "ours.npz"
        arguments = [part for setting in settings for part in ("--set", setting)]
        report = self.ours("neighbors", points, out, "--k", k, "--seed", seed, *arguments, cpu=cpu)
        with np.load(out) as file:
            return report, file["indices"]

    def peer(self, name, points, seeds, *arguments):
        """(report, results by seed), or (None, {}) without peers."""
        if self.options.no_peers:
            return None, {}
        out = self.folder / "out" / f"peer-{name}"
        printed = self.run([sys.executable, HERE / "peers.py", name, points, "--out", out, "--threads",
                            self.options.threads, *arguments, "--seeds", *seeds])
        report = json.loads(printed.splitlines()[-1])
        return report, {seed: np.load(f"{out}.{seed}.npy") for seed in seeds}

    def judge(self, points, labels):
        """Keeps what does not depend on layouts in the folder."""
        return Judge(points, labels, self.folder / "cache")


def mean_of(judgements):
    """Mean of each figure over the seeds."""
    return {name: statistics.fmean(one[name] for one in judgements) for name in judgements[0]}


def row(stage, data, wanted, ours, peer=None, **more):
    """One line of the table; ours and peer are dicts with "seconds" and what else is known."""
    result = {"stage": stage, "data": data, "wanted": wanted, "ours": ours, "peer": peer, **more}
    ours["median"] = statistics.median(ours["seconds"])
    if ours.get("seconds_avx2"):
        ours["median_avx2"] = statistics.median(ours["seconds_avx2"])
    if peer:
        peer["median"] = statistics.median(peer["seconds"])
        result["ratio"] = peer["median"] / ours["median"]
        if "median_avx2" in ours:
            result["ratio_avx2"] = peer["median"] / ours["median_avx2"]
    return result


def one_pca(bench, name, solvers, wanted):
    path, _, _, title = bench.data(name)
    out = bench.folder / "out" / "pca.json"
    command = [sys.executable, HERE / "pca.py", "--points", path, "--name", title, "--components", 50, "--json", out,
               "--threads", bench.options.threads, "--runs", len(bench.seeds), "--native", bench.options.pca_bench]
    bench.run([*command, "--solvers", solvers])
    report = json.loads(out.read_text())
    bench.run([*command, "--solvers", ""], {"OORT_CPU": LOWER_INSTRUCTION_SET, "OPENBLAS_CORETYPE": "Haswell"})
    lower = json.loads(out.read_text())["results"]["oort"]
    rows = []
    for solver, least in wanted.items():
        ours, theirs = report["results"]["oort"], report["results"][f"scikit-learn {solver}"]
        rows.append(row(
            f"PCA {report['d']:,} → 50", title, least,
            {"seconds": ours["seconds"], "seconds_avx2": lower["seconds"],
             "quality": {"variance error": ours["variance_error"]}, "memory": ours["peak_rss_bytes"]},
            {"name": f"scikit-learn {report['scikit_learn']} {solver}", "seconds": theirs["seconds"],
             "quality": {"variance error": theirs["variance_error"]}}))
    return rows


def pca(bench):
    """PCA against scikit-learn's solvers."""
    rows = one_pca(bench, "mnist", "randomized,full", {"randomized": "5× / 10×", "full": "10× / 20×"})
    return {"rows": rows + one_pca(bench, "cifar_like", "randomized", {"randomized": "3.5× / 6×"})}


def one_graph(bench, name, k, settings, wanted, n_judged, peer_seeds):
    path, points, labels, title = bench.data(name)
    judge = bench.judge(points, labels)
    k = min(k, len(points) - 1)
    runs = [bench.neighbors(path, k, seed, settings=settings) for seed in bench.seeds]
    lower = [bench.neighbors(path, k, seed, LOWER_INSTRUCTION_SET, settings)[0] for seed in bench.seeds]
    report, found = bench.peer("pynndescent", path, peer_seeds, "--k", k, "--warm")

    def quality(graphs):
        return {f"recall@{size}": statistics.fmean(judge.recall(graph, size, n_judged) for graph in graphs)
                for size in sorted({15, k})}

    ours = {"seconds": [one["seconds_total"] for one, _ in runs], "quality": quality([graph for _, graph in runs]),
            "seconds_avx2": [one["seconds_total"] for one in lower],
            "said": {"recall": statistics.fmean(one["recall"] for one, _ in runs)}}
    peer = report and {"name": report["version"], "seconds": report["seconds"], "quality": quality(found.values()),
                       "memory": report["peak_memory_bytes"]}
    return row(f"neighbours, k = {k}", title, wanted, ours, peer, settings=list(settings))


def neighbors(bench):
    """The graph of the nearest 15 and 90 of every digit."""
    return {"rows": [one_graph(bench, "mnist", 15, ("recall=0.987",), "5× / 10×", 2000, bench.seeds),
                     one_graph(bench, "mnist", 90, ("recall=0.995",), "18× / 30×", 2000, bench.seeds[:1])]}


def neighbors_million(bench):
    """The graph of a million points."""
    return {"rows": [one_graph(bench, "neighborly", 15, (), "8× / 20×", 1000, bench.seeds[:1])]}


def one_layout(bench, name, method, peer_name, wanted, with_lower):
    """A method against its peer, with the quality of both over the seeds."""
    path, points, labels, title = bench.data(name)
    judge = bench.judge(points, labels)
    # Judged by functions of the peers.
    has_peers = not bench.options.no_peers
    perplexity = 30 if method == "tsne" and has_peers else None

    def judged(layouts):
        return mean_of([judge.judge(layout, perplexity, method == "umap" and has_peers) for layout in layouts])

    runs = [bench.project(path, method, seed) for seed in bench.seeds]
    ours = {"seconds": [one["seconds_total"] for one, _ in runs], "quality": judged([layout for _, layout in runs]),
            "memory": runs[0][0]["peak_memory_bytes"], "stages": runs[0][0]["seconds"],
            "said": {"recall": runs[0][0]["recall"]}}
    if with_lower:
        lower = [bench.project(path, method, seed, cpu=LOWER_INSTRUCTION_SET) for seed in bench.seeds]
        ours["seconds_avx2"] = [one["seconds_total"] for one, _ in lower]
        ours["quality_avx2"] = judged([lower[0][1]])
    report, layouts = bench.peer(peer_name, path, bench.seeds)
    peer = report and {"name": report["version"], "seconds": report["seconds"], "quality": judged(layouts.values()),
                       "memory": report["peak_memory_bytes"], "pca_seconds": report.get("pca_seconds", 0)}
    return row(method, title, wanted, ours, peer)


def tsne(bench):
    """t-SNE in two dimensions against openTSNE."""
    return {"rows": [one_layout(bench, "mnist", "tsne", "opentsne", "15× / 30×", with_lower=True)]}


def tsne_3d(bench):
    """t-SNE in three dimensions: how long an iteration takes."""
    path, _, _, title = bench.data("mnist")
    n_iterations = 50 if bench.quick else 400
    settings = (f"n_iterations={n_iterations}",)
    reports = [bench.project(path, "tsne", seed, 3, settings=settings)[0] for seed in bench.seeds]
    lower = [bench.project(path, "tsne", seed, 3, LOWER_INSTRUCTION_SET, settings)[0] for seed in bench.seeds[:1]]

    def each(some):
        return [1000 * one["seconds"]["optimise"] / one["n_iterations"] for one in some]

    return {"data": title, "n_iterations": n_iterations, "ms_an_iteration": each(reports),
            "ms_an_iteration_avx2": each(lower)}


def umap(bench):
    """UMAP in two dimensions against umap-learn, whose first run in a process is the cold one."""
    result = one_layout(bench, "mnist", "umap", "umap", "18× cold", with_lower=True)
    peer = result["peer"]
    rows = [result]
    if peer and len(peer["seconds"]) > 1:
        cold, warm = peer["seconds"][:1], peer["seconds"][1:]
        ours = result["ours"]
        rows = [row("umap", result["data"], "12× / 20×", dict(ours), {**peer, "name": peer["name"] + ", warm",
                                                                     "seconds": warm}),
                row("umap", result["data"], "18× / 30×", dict(ours), {**peer, "name": peer["name"] + ", cold",
                                                                     "seconds": cold})]
    return {"rows": rows}


def held_out(bench):
    """The gates of quality, on data that no setting was tuned on."""
    rows = []
    for name in HELD_OUT:
        rows.append(one_layout(bench, name, "tsne", "opentsne", "", with_lower=False))
        rows.append(one_layout(bench, name, "umap", "umap", "", with_lower=False))
    return {"rows": rows}


def million(bench):
    """A million rows, ours alone: does the layout still show the neighbourhoods?"""
    path, points, labels, title = bench.data("neighborly")
    judge = bench.judge(points, labels)
    rows = []
    for method in ("tsne", "umap"):
        report, layout = bench.project(path, method, 0)
        rows.append(row(method, title, "", {
            "seconds": [report["seconds_total"]], "memory": report["peak_memory_bytes"], "stages": report["seconds"],
            "quality": judge.judge(layout, n_rows=1000)}))
    return {"rows": rows}


STAGES = {"pca": pca, "neighbors": neighbors, "neighbors_million": neighbors_million, "tsne": tsne,
          "tsne_3d": tsne_3d, "umap": umap, "held_out": held_out, "million": million}


def processor():
    """The processor as the kernel names it."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def main():
    """Measure the stages asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mnist", type=Path, help="mnist.npz in the Keras layout; else a mixture of that shape")
    parser.add_argument("--only", nargs="+", choices=list(STAGES), default=list(STAGES), metavar="STAGE",
                        help=", ".join(STAGES))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--no-peers", action="store_true", help="ours alone, for where they are not installed")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--program", type=Path, default=ROOT / "build/release/oort")
    parser.add_argument("--pca-bench", type=Path, default=ROOT / "build/release/bench/pca_bench")
    parser.add_argument("--folder", type=Path, default=ROOT / "build/bench", help="for data and what is computed")
    parser.add_argument("--results", type=Path, default=HERE / "results")
    options = parser.parse_args()
    options.results.mkdir(parents=True, exist_ok=True)
    bench = Bench(options)
    for name in options.only:
        begin = time.perf_counter()
        result = STAGES[name](bench)
        result.update(date=datetime.date.today().isoformat(), machine=processor(), n_cpus=os.cpu_count(),
                      threads=options.threads, took_seconds=round(time.perf_counter() - begin))
        (options.results / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
        print(f"{name}: {result['took_seconds']} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
