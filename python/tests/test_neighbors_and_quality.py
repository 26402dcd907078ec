# SPDX-License-Identifier: Apache-2.0
"""oort.neighbors and oort.quality."""

from __future__ import annotations

import inspect
import json
import subprocess
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from points import blobs

import oort
from oort import _engine

if TYPE_CHECKING:
    import pathlib


def distances_of(points: np.ndarray, metric: str) -> Any:
    exact = points.astype(np.float64)
    if metric == "dot":
        return -exact @ exact.T
    if metric == "cosine":
        unit = exact / np.linalg.norm(exact, axis=1, keepdims=True)
        return 1 - unit @ unit.T
    difference = exact[:, None] - exact[None]
    return np.sqrt((difference**2).sum(axis=2))


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "dot"])
def test_neighbors_are_the_nearest(metric: str) -> None:
    points, _ = blobs(120)
    indices, distances = oort.neighbors(points, n_neighbors=7, metric=metric)
    exact = distances_of(points, metric)
    np.fill_diagonal(exact, np.inf)
    assert np.array_equal(indices, np.argsort(exact, axis=1, kind="stable")[:, :7])
    assert np.allclose(distances, np.sort(exact, axis=1)[:, :7], rtol=1e-4, atol=1e-4)
    assert indices.dtype == np.int32
    assert distances.dtype == np.float32


def test_neighbors_say_how_good_they_are() -> None:
    points, _ = blobs(50)
    found = oort.neighbors(points, n_neighbors=3, n_jobs=1)
    assert (found.recall, found.recall_sample, found.is_exact, found.notes) == (1, 0, True, [])
    assert found.indices is found[0]
    assert found.distances is found[1]


def test_rows_that_are_not_finite_are_nobodys_neighbors() -> None:
    points, _ = blobs(40)
    points[7, 0] = np.nan
    found = oort.neighbors(points, n_neighbors=4)
    assert (found.indices[7] == -1).all()
    assert np.isnan(found.distances[7]).all()
    others = np.delete(found.indices, 7, axis=0)
    assert not np.isin(others, [-1, 7]).any()
    assert len(found.notes) == 1


def test_more_neighbors_than_there_are_rows_are_cut() -> None:
    found = oort.neighbors(np.eye(4, dtype=np.float32), n_neighbors=10)
    assert found.indices.shape == (4, 3)
    assert len(found.notes) == 1


def test_the_program_gives_the_same_bytes(program: pathlib.Path, tmp_path: pathlib.Path) -> None:
    points, labels = blobs(500)
    points[3, 3] = np.inf
    np.save(tmp_path / "points.npy", points)
    command = [program, "neighbors", tmp_path / "points.npy", "--k", 6, "--metric", "cosine"]
    command += ["--out", tmp_path / "graph.npz"]
    subprocess.run([str(part) for part in command], check=True, capture_output=True, timeout=60)
    found = oort.neighbors(points, n_neighbors=6, metric="cosine")
    with np.load(tmp_path / "graph.npz") as graph:
        assert np.array_equal(graph["indices"], found.indices)
        assert np.array_equal(graph["distances"], found.distances, equal_nan=True)
    layout = oort.PCA(2).fit_transform(points)
    np.save(tmp_path / "layout.npy", layout)
    np.save(tmp_path / "labels.npy", labels)
    command = [program, "quality", tmp_path / "points.npy", tmp_path / "layout.npy"]
    command += ["--labels", tmp_path / "labels.npy"]
    done = subprocess.run(
        [str(part) for part in command], check=True, capture_output=True, timeout=60
    )
    said: dict[str, Any] = json.loads(done.stdout)
    ours = oort.quality(points, layout, labels=labels)
    for name in ("trustworthiness", "continuity", "overlap", "label_hit"):
        assert said[name] == pytest.approx(getattr(ours, name), rel=1e-12)


def test_quality_of_a_perfect_layout_is_one() -> None:
    points, labels = blobs(90, 2)
    quality = oort.quality(points, points, labels=labels, n_neighbors=5)
    assert (quality.trustworthiness, quality.continuity, quality.overlap) == (1, 1, 1)
    assert not quality.is_sampled
    assert quality.rows.tolist() == list(range(90))
    assert quality.label_hit == pytest.approx(quality.label_hit_by_row.mean())
    shuffled = oort.quality(points, points[np.random.default_rng(0).permutation(90)])
    assert shuffled.overlap < 0.5
    assert shuffled.label_hit is None


def test_quality_is_that_of_scikit_learn() -> None:
    from sklearn.manifold import trustworthiness

    points, _ = blobs(150)
    layout = oort.PCA(2).fit_transform(points)
    quality = oort.quality(points, layout, n_neighbors=6)
    assert quality.trustworthiness == pytest.approx(
        trustworthiness(points, layout, n_neighbors=6), abs=1e-6
    )
    assert quality.continuity == pytest.approx(
        trustworthiness(layout, points, n_neighbors=6), abs=1e-6
    )
    assert quality.trustworthiness_by_row.shape == (150,)


def test_quality_may_be_sampled() -> None:
    points, _ = blobs(200)
    quality = oort.quality(points, points[:, :2], n_sample=50, random_state=3)
    assert quality.is_sampled
    assert len(quality.rows) == 50
    again = oort.quality(points, points[:, :2], n_sample=50, random_state=3)
    assert np.array_equal(again.rows, quality.rows)


def test_unequal_rows_are_named() -> None:
    points, _ = blobs(30)
    with pytest.raises(ValueError, match="the layout has 29 rows but the points have 30"):
        oort.quality(points, points[:29])
    with pytest.raises(ValueError, match=r"labels has the shape \(2,\) but there are 30 rows"):
        oort.quality(points, points, labels=[1, 2])


@pytest.mark.parametrize(
    ("function", "options"),
    [(oort.neighbors, _engine.neighbors_options()), (oort.quality, _engine.quality_options())],
)
def test_options_are_those_of_cpp(function: Any, options: str) -> None:
    parameters = inspect.signature(function).parameters
    documented = inspect.getdoc(function) or ""
    for name, default in json.loads(options).items():
        if name != "seed":
            assert parameters[name].default == default
            assert name in documented
    with pytest.raises(ValueError, match="n_neighbors 0 is out of range"):
        function(*[blobs(9)[0]] * (1 if function is oort.neighbors else 2), n_neighbors=0)
