# SPDX-License-Identifier: Apache-2.0
"""docs/benchmarks.md out of bench/results/*.json: what was measured, in words and tables."""

from __future__ import annotations

import json
from pathlib import Path

HEAD = """# Benchmarks

Written by `make bench`. Other machines give other seconds; ratios are what to compare. Run it yourself:

```
make bench                                    # synthetic data of the same shapes
make bench MNIST=path/to/mnist.npz            # the real digits
bench/run --mnist path/to/mnist.npz --only tsne umap
```

`--only` measures some stages again and leaves the others' figures, each with the day it was measured, as
`bench/results/` keeps them:

{days}
"""

ENGINE = """
## The engine against its peers

Ours is `oort project` and `oort neighbors`, each run in a process of its own (`pca_bench` for PCA, warmed up like its
peer); a peer runs in another process, on as many threads ({threads}). Points are float32 in memory. Reading files,
starting Python and importing libraries are not in the seconds. Ours are medians over {n_seeds} seeds; so are the
peers', but for those of about 20 seconds and more in the neighbours' table, which run once. *AVX2* is ours with
`--cpu avx2`, compared with the same peer. *Wanted* is the least ratio and the one aimed for.

- openTSNE gets the first 50 exact principal components, whose computation is not in its seconds; ours starts from all
  columns.
- pynndescent has compiled itself before its clock starts. umap-learn's first run in a process is *cold*, the others are
  *warm*.
- Recall is over the true neighbours of a sample of rows, a point itself not counted. Overlap@15 is the share of a row's
  15 true neighbours among its 15 nearest in the layout (10,000 rows), hit@15 the share of these with its own label
  (20,000 rows). KL is by openTSNE's own function, on its affinities. Loss is UMAP's cross entropy on the graph that
  umap-learn makes of exact neighbours, attraction plus half the repulsion; *loss_full* counts the repulsion whole.
"""

HELD_OUT = """
## Quality on data that no setting was tuned on

MNIST was used to choose settings; these were not (`bench/datasets.py` makes them). *words*: PPMI and SVD word vectors
of the sources of the locked Python packages. *patches*: pieces of two photographs. *mixture*: anisotropic clusters
whose sizes spread over two decades. *digits*: the small set of scikit-learn. Means over {n_seeds} seeds. A gate holds
if KL is at most 0.3 % above the peer's, and overlap@15 and hit@15 are not more than 0.003 below.
"""

NAMES = {"tsne": "t-SNE, 2-D", "umap": "UMAP, 2-D"}
FORMS = {"variance error": "{:.1e}", "overlap15": "{:.4f}", "hit15": "{:.4f}", "kl": "{:.4f}", "loss": "{:.3f}",
         "loss_full": "{:.3f}"}


def load(folder: Path) -> dict[str, dict]:
    """Return what is kept of each stage, by name."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def quality(figures: dict) -> str:
    """Return "recall@15 0.9903, …"."""
    return ", ".join(f"{name} {FORMS.get(name, '{:.4f}').format(value)}" for name, value in figures.items())


def seconds(value: float | None) -> str:
    """Return seconds with three figures."""
    if value is None:
        return ""
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def times(value: float | None) -> str:
    """Return a ratio."""
    return "" if value is None else f"{value:.1f}×"


def speed_table(rows: list[dict]) -> str:
    """Return the table of times, with the quality beside each."""
    lines = []
    for row in rows:
        ours, peer = row["ours"], row["peer"]
        lines.append([
            f"{NAMES.get(row['stage'], row['stage'])}: {row['data']}", seconds(ours["median"]),
            seconds(ours.get("median_avx2")),
            f"{peer['name']}: {seconds(peer['median'])}" if peer else "",
            times(row.get("ratio")), times(row.get("ratio_avx2")), row["wanted"],
            quality(ours["quality"]), quality(peer["quality"]) if peer else ""])
    return table(["stage", "ours, s", "AVX2, s", "peer, s", "faster by", "AVX2", "wanted", "our quality",
                  "the peer's"], lines)


def memory_table(rows: list[dict]) -> str:
    """Return the table of peak memory."""
    lines, seen = [], set()
    for row in rows:
        ours, peer = row["ours"], row["peer"]
        if not peer or "memory" not in ours or "memory" not in peer or row["stage"] in seen:
            continue
        seen.add(row["stage"])
        lines.append([f"{NAMES.get(row['stage'], row['stage'])}: {row['data']}", f"{ours['memory'] / 1e6:.0f} MB",
                      f"{peer['name'].split(',')[0]}: {peer['memory'] / 1e6:.0f} MB",
                      f"{ours['memory'] / peer['memory']:.2f}"])
    return table(["peak memory of the whole process, points included", "ours", "peer", "share"], lines)


def gates(row: dict) -> str:
    """Return which gates hold, and by how much one fails."""
    if not row["peer"]:
        return "not judged"
    ours, peer = row["ours"]["quality"], row["peer"]["quality"]
    faults = []
    if "kl" in ours and ours["kl"] > 1.003 * peer["kl"]:
        faults.append(f"KL {ours['kl'] / peer['kl'] - 1:+.1%}")
    faults += [f"{name} {ours[name] - peer[name]:+.4f}" for name in ("overlap15", "hit15")
               if name in ours and ours[name] < peer[name] - 0.003]
    return "hold" if not faults else "**fail**: " + ", ".join(faults)


def held_out_table(rows: list[dict]) -> str:
    """Return the table of the gates."""
    lines = []
    for row in rows:
        peer = row["peer"]
        lines.append([f"{NAMES[row['stage']]}: {row['data']}", quality(row["ours"]["quality"]),
                      f"{peer['name']}: {quality(peer['quality'])}" if peer else "", gates(row),
                      times(row.get("ratio"))])
    return table(["layout", "ours", "peer", "gates", "faster by"], lines)


def million_table(rows: list[dict]) -> str:
    """Return the table of a million rows."""
    lines = [[f"{NAMES[row['stage']]}: {row['data']}", seconds(row["ours"]["median"]),
              f"{row['ours']['memory'] / 1e6:.0f} MB", quality(row["ours"]["quality"])] for row in rows]
    return table(["layout", "seconds", "peak memory", "quality"], lines)


def engine(results: dict[str, dict]) -> str:
    """Return the part about the engine, as far as it was measured."""
    rows = [row for name in ("pca", "neighbors", "neighbors_million", "tsne", "umap")
            for row in results.get(name, {}).get("rows", [])]
    if not rows:
        return ""
    n_seeds = max(len(row["ours"]["seconds"]) for row in rows)
    text = ENGINE.format(threads=max(one["threads"] for one in results.values() if "threads" in one), n_seeds=n_seeds)
    text += "\n" + speed_table(rows)
    if "tsne_3d" in results:
        each = results["tsne_3d"]
        text += (f"\nt-SNE in 3-D, {each['data']}, {each['n_iterations']} iterations: "
                 f"{sorted(each['ms_an_iteration'])[len(each['ms_an_iteration']) // 2]:.1f} ms an iteration "
                 f"(AVX2 {each['ms_an_iteration_avx2'][0]:.1f} ms); wanted: 18.5 ms, aimed for: 10 ms.\n")
    text += "\n" + memory_table(rows)
    text += "\nCommand: `bench/.venv/bin/python bench/engine.py --mnist mnist.npz`.\n"
    layouts = [row for row in rows if row["stage"] in NAMES]
    held_out = results.get("held_out", {}).get("rows", [])
    if held_out:
        text += HELD_OUT.format(n_seeds=n_seeds) + "\n" + held_out_table([*layouts[:2], *held_out])
    if "million" in results:
        text += "\n## A million rows\n\nOurs alone, overlap over 1,000 rows.\n\n"
        text += million_table(results["million"]["rows"])
    return text


def render(results: dict[str, dict], sections: str) -> str:
    """Return the whole page; `sections` is what is not of the engine."""
    machines = {}
    for name, one in results.items():
        machines.setdefault(f"{one['date']}, {one['machine']}, {one['n_cpus']} cores", []).append(name)
    days = "\n".join(f"- {when}: {', '.join(names)}" for when, names in machines.items())
    return HEAD.format(days=days) + sections + engine(results)
