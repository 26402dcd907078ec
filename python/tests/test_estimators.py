# SPDX-License-Identifier: Apache-2.0
"""PCA, TSNE and UMAP: the same bytes as the program, scikit-learn's manners, no copies, Ctrl-C."""

from __future__ import annotations

import inspect
import json
import pickle
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from points import blobs

import oort
from oort import _engine
from oort.points import to_points

if TYPE_CHECKING:
    import pathlib

Estimator = Any
ESTIMATORS = (oort.PCA, oort.TSNE, oort.UMAP)
LAYOUTS = (oort.TSNE, oort.UMAP)

# 2-D and short, so that each test takes moments.
SHORT: dict[Any, dict[str, int]] = {
    oort.PCA: {"n_components": 2},
    oort.TSNE: {"n_iterations": 120, "early_iterations": 60},
    oort.UMAP: {"n_epochs": 60},
}


def short(kind: type, **options: Any) -> Estimator:
    return kind(**{**SHORT[kind], **options})


@pytest.mark.parametrize("kind", LAYOUTS)
def test_a_layout_keeps_clouds_apart(kind: type) -> None:
    points, labels = blobs()
    estimator = kind()
    layout = estimator.fit_transform(points)
    assert layout.shape == (300, 2)
    assert layout.dtype == np.float32
    assert oort.quality(points, layout, labels=labels).label_hit == pytest.approx(1, abs=0.02)
    assert estimator.report_["n_rows_used"] == 300
    assert estimator.report_["notes"] == []
    assert estimator.n_iter_ == estimator.report_["n_iterations"] > 0


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("kind", ESTIMATORS)
def test_the_program_gives_the_same_bytes(
    kind: type, dims: int, program: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    points, _ = blobs(700, 20)
    np.save(tmp_path / "points.npy", points)
    method = kind.__name__.lower()
    estimator = short(kind, random_state=7, n_jobs=1)
    estimator.set_params(n_components=dims)
    settings = [
        part
        for name, value in SHORT[kind].items()
        if name != "n_components"
        for part in ("--set", f"{name}={value}")
    ]
    command = [program, "project", tmp_path / "points.npy", "--method", method, "--dims", dims]
    command += [*settings, "--seed", 7, "--threads", 2, "--out", tmp_path / "layout.npy"]
    subprocess.run([str(part) for part in command], check=True, capture_output=True, timeout=120)
    assert np.array_equal(np.load(tmp_path / "layout.npy"), estimator.fit_transform(points))


@pytest.mark.parametrize("kind", LAYOUTS)
def test_seeds_repeat_and_threads_do_not_matter(kind: type) -> None:
    points, _ = blobs()
    first = short(kind, random_state=3, n_jobs=1).fit_transform(points)
    assert np.array_equal(first, short(kind, random_state=3, n_jobs=-1).fit_transform(points))
    assert not np.array_equal(first, short(kind, random_state=4).fit_transform(points))
    default = short(kind).fit_transform(points)
    assert np.array_equal(default, short(kind, random_state=None).fit_transform(points))
    state, same = np.random.RandomState(1), np.random.RandomState(1)
    drawn = [short(kind, random_state=state).fit_transform(points) for _ in range(2)]
    assert not np.array_equal(*drawn)
    assert np.array_equal(drawn[0], short(kind, random_state=same).fit_transform(points))


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_options_are_those_of_cpp(kind: type) -> None:
    signature = inspect.signature(kind)
    method = kind.__name__.lower()
    if kind is oort.PCA:
        options = json.loads(_engine.pca_options())
    else:
        request = json.loads(_engine.complete_request(json.dumps({"method": method})))
        options = {"n_components": request["n_components"], **request["options"]}
    for name, default in options.items():
        if name != "seed":
            assert signature.parameters[name].default == default
    documented = inspect.getdoc(kind) or ""
    for name, parameter in signature.parameters.items():
        assert name in documented, f"{name} is not described"
        by_keyword = inspect.Parameter.KEYWORD_ONLY
        assert name == "n_components" or parameter.kind is by_keyword
    assert kind().get_params() == {
        name: parameter.default for name, parameter in signature.parameters.items()
    }


@pytest.mark.parametrize(
    ("estimator", "sentence"),
    [
        (oort.TSNE(perplexity=400), "perplexity 400 is out of range: 2..100"),
        (oort.UMAP(n_components=4), "n_components 4 is out of range: 2..3"),
        (oort.UMAP(metric="taxi"), 'metric "taxi" is none of euclidean, cosine, dot'),
        (oort.UMAP(min_dist=2), "min_dist 2 is larger than spread 1"),
        (oort.UMAP(n_epochs="many"), 'n_epochs "many" is not of the right type'),
        (oort.TSNE(perplexity=float("nan")), 'perplexity "nan" is not of the right type'),
        (oort.PCA(0), "n_components 0 is out of range: 1..1000"),
        (oort.UMAP(random_state=-1), f"random_state -1 is out of range: 0..{2**64 - 1}"),
        (oort.UMAP(n_jobs=0), "n_jobs 0 is neither None nor a number of threads but 0"),
    ],
)
def test_a_bad_option_is_named_by_fit(estimator: Estimator, sentence: str) -> None:
    with pytest.raises(ValueError) as caught:
        estimator.fit(blobs(20)[0])
    assert str(caught.value) == sentence


def test_an_unknown_option_is_named_at_once() -> None:
    with pytest.raises(TypeError, match="'min_dst' for estimator UMAP"):
        oort.UMAP(min_dst=0.1)
    with pytest.raises(ValueError, match="'min_dst' for estimator UMAP"):
        oort.UMAP().set_params(min_dst=0.1)


def test_it_says_how_it_was_made() -> None:
    assert repr(oort.UMAP(3, min_dist=0.2)) == "UMAP(n_components=3, min_dist=0.2)"
    assert repr(oort.PCA()) == "PCA()"


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.uint8])
def test_arrays_that_cpp_reads_are_not_copied(dtype: type) -> None:
    points: np.ndarray = np.arange(60, dtype=dtype).reshape(20, 3)
    points.flags.writeable = False
    taken, _ = to_points(points)
    assert taken is points
    # Nanobind refuses what it would have to convert, so that taking it is proof.
    request = json.dumps({"method": "pca"})
    assert not _engine.Projection(taken, request, 1, None).is_done
    with pytest.raises(TypeError):
        _engine.Projection(points[:, ::2], request, 1, None)


def test_points_that_are_read_directly_give_the_bytes_of_float32() -> None:
    points = np.random.default_rng(0).integers(0, 256, (150, 9)).astype(np.uint8)
    wanted = short(oort.UMAP).fit_transform(points.astype(np.float32))
    for same in (points, points.astype(np.float16), points.astype(np.int64), points.tolist()):
        assert np.array_equal(short(oort.UMAP).fit_transform(same), wanted)
    assert np.array_equal(short(oort.UMAP).fit_transform(np.asfortranarray(points)), wanted)


def test_bools_are_bytes() -> None:
    points = np.random.default_rng(0).random((30, 8)) > 0.5
    taken, _ = to_points(points)
    assert taken.dtype == np.uint8
    assert np.shares_memory(taken, points)


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_rows_that_are_not_finite_are_left_out(kind: type) -> None:
    points, _ = blobs(120)
    points[5, 2] = np.nan
    points[9, 0] = np.inf
    estimator = short(kind)
    layout = estimator.fit_transform(points)
    assert np.flatnonzero(np.isnan(layout).any(axis=1)).tolist() == [5, 9]
    assert estimator.report_["n_rows_used"] == 118
    assert len(estimator.report_["notes"]) == 1
    placed = estimator.transform(points[4:7])
    assert np.isnan(placed).any(axis=1).tolist() == [False, True, False]


@pytest.mark.parametrize("kind", ESTIMATORS)
@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_rows_are_laid_out(kind: type, n: int) -> None:
    layout = short(kind).fit_transform(np.eye(n, 5, dtype=np.float32))
    assert len(layout) == n
    assert np.isfinite(layout).all()


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_a_new_row_has_its_place_whatever_comes_with_it(kind: type) -> None:
    points, _ = blobs(320)
    estimator = short(kind).fit(points[:300])
    before = estimator.embedding_.copy()
    together = estimator.transform(points[300:])
    assert together.dtype == np.float32
    assert np.array_equal(together[::-1], estimator.transform(points[300:][::-1]))
    alone = np.concatenate([estimator.transform(points[i : i + 1]) for i in range(300, 320)])
    assert np.array_equal(together, alone)
    assert np.array_equal(estimator.embedding_, before)


@pytest.mark.parametrize("kind", LAYOUTS)
def test_a_new_row_comes_to_its_own_kind(kind: type) -> None:
    points, labels = blobs(400)
    estimator = kind().fit(points[:300])
    placed = estimator.transform(points[300:])
    distances = ((placed[:, None] - estimator.embedding_[None]) ** 2).sum(axis=2)
    assert np.mean(labels[:300][distances.argmin(axis=1)] == labels[300:]) > 0.98


@pytest.mark.parametrize("kind", LAYOUTS)
def test_labels_pull_together(kind: type) -> None:
    points = np.random.default_rng(0).normal(size=(200, 5)).astype(np.float32)
    labels = np.arange(200) % 2
    free = short(kind).fit_transform(points)
    names = np.where(labels == 0, "even", "odd")
    led = short(kind, label_weight=0.9).fit_transform(points, names)
    assert np.array_equal(led, short(kind, label_weight=0.9).fit_transform(points, labels + 5))
    hit = oort.quality(points, free, labels=labels).label_hit
    assert hit is not None
    assert oort.quality(points, led, labels=labels).label_hit > hit + 0.2  # type: ignore[operator]
    nobody = short(kind, label_weight=0.9).fit_transform(points, np.full(200, -1))
    assert np.array_equal(nobody, short(kind, label_weight=0.9).fit_transform(points, [None] * 200))
    with pytest.raises(ValueError, match=r"y has the shape \(3,\) but there are 200 rows"):
        short(kind).fit(points, [1, 2, 3])


@pytest.mark.parametrize("kind", LAYOUTS)
def test_the_callback_sees_the_layout_and_may_stop_it(kind: type) -> None:
    points, _ = blobs(100)
    seen: list[tuple[int, np.ndarray]] = []
    watched = short(kind, callback=lambda i, layout: seen.append((i, layout)), callback_interval=25)
    layout = watched.fit_transform(points)
    assert np.array_equal(layout, short(kind).fit_transform(points))
    n = watched.n_iter_
    assert [i for i, _ in seen] == [*range(25, n, 25), n]
    assert np.array_equal(seen[-1][1], layout)
    assert not np.array_equal(seen[0][1], seen[1][1])

    stopped = short(kind, callback=lambda i, _: i < 20, callback_interval=10).fit(points)
    assert stopped.n_iter_ == 20
    assert stopped.embedding_.shape == (100, 2)
    with pytest.raises(ValueError, match="only in a finished projection"):
        stopped.transform(points[:2])

    def fail(_: int, __: np.ndarray) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        short(kind, callback=fail).fit(points)
    with pytest.raises(ValueError, match="callback_interval 0 is out of range"):
        short(kind, callback=fail, callback_interval=0).fit(points)


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_it_survives_pickling(kind: type) -> None:
    points, _ = blobs(120)
    estimator = short(kind).fit(points[:100])
    again = pickle.loads(pickle.dumps(estimator))
    assert np.array_equal(again.embedding_, estimator.embedding_)
    placed = estimator.transform(points[100:])
    assert np.array_equal(again.transform(points[100:]), placed)
    twice = pickle.loads(pickle.dumps(again))
    assert np.array_equal(twice.transform(points[100:]), placed)


def test_columns_of_frames_are_remembered() -> None:
    points, _ = blobs(50, 3)
    frame = pd.DataFrame(points, columns=["a", "b", "c"])
    estimator = oort.PCA(2).fit(frame)
    assert estimator.feature_names_in_.tolist() == ["a", "b", "c"]
    assert estimator.n_features_in_ == 3
    assert estimator.get_feature_names_out().tolist() == ["pca0", "pca1"]
    with pytest.raises(ValueError, match="must be in the same order"):
        estimator.transform(frame[["b", "a", "c"]])
    with pytest.raises(ValueError, match="unseen at fit time:\n- d"):
        estimator.transform(frame.rename(columns={"c": "d"}))
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        estimator.transform(points)
    estimator.fit(points)
    assert not hasattr(estimator, "feature_names_in_")


def test_pca_is_that_of_an_eigendecomposition() -> None:
    points, _ = blobs(200, 6)
    estimator = oort.PCA(4).fit(points)
    exact = points.astype(np.float64)
    values, vectors = np.linalg.eigh(np.cov(exact.T))
    assert np.allclose(estimator.explained_variance_, values[::-1][:4], rtol=1e-5)
    assert np.allclose(
        estimator.explained_variance_ratio_, values[::-1][:4] / values.sum(), rtol=1e-5
    )
    cosines = np.abs(np.sum(estimator.components_ * vectors.T[::-1][:4], axis=1))
    assert np.allclose(cosines, 1, atol=1e-5)
    singular = np.linalg.svd(exact - exact.mean(axis=0), compute_uv=False)[:4]
    assert np.allclose(estimator.singular_values_, singular, rtol=1e-5)
    assert np.allclose(estimator.transform(points), estimator.embedding_, atol=1e-4)
    whole = oort.PCA(6).fit(points)
    assert np.allclose(whole.inverse_transform(whole.embedding_), points, atol=1e-4)


@pytest.mark.parametrize(
    ("points", "sentence"),
    [
        ([1.0, 2.0], "Expected 2D array, got 1D array instead"),
        (np.zeros((2, 3, 4)), "Expected 2D array, got 3D array instead"),
        (np.zeros((0, 3)), "0 sample"),
        (np.zeros((3, 0)), "0 feature"),
        ([[1j]], "Complex data not supported"),
        ([["a"]], "could not convert string to float"),
    ],
)
def test_what_are_no_points_is_said(points: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        oort.PCA().fit(points)


def test_other_threads_run_meanwhile() -> None:
    points, _ = blobs(400)
    ticks: list[int] = []
    started = threading.Event()

    def count() -> None:
        started.set()
        while not done:
            ticks.append(1)
            pause.wait(0.001)

    done: list[bool] = []
    pause = threading.Event()
    thread = threading.Thread(target=count)
    thread.start()
    started.wait()
    before = len(ticks)
    oort.TSNE(n_iterations=2000).fit(points)
    during = len(ticks) - before
    done.append(True)
    thread.join()
    assert during > 1


INTERRUPTED_IMPORT = """
import signal, sys
from importlib.machinery import ExtensionFileLoader
make = ExtensionFileLoader.create_module
def make_and_interrupt(self, spec):
    module = make(self, spec)
    if spec.name == sys.argv[1]:
        ExtensionFileLoader.create_module = make
        signal.raise_signal(signal.SIGINT)
    return module
ExtensionFileLoader.create_module = make_and_interrupt
try:
    import oort
    oort.PCA
except KeyboardInterrupt:
    print("interrupted")
import oort
print(oort.PCA(n_components=2).fit_transform([[1, 0], [0, 1], [3, 3]]).shape)
"""


@pytest.mark.parametrize("module", ["oort._native", "oort._engine"])
def test_ctrl_c_while_a_module_is_loaded(module: str) -> None:
    script = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_IMPORT, module],
        capture_output=True,
        text=True,
        check=False,
    )
    assert script.stdout.split("\n")[:2] == ["interrupted", "(3, 2)"], script.stderr
    assert script.returncode == 0


CTRL_C = """
import os, signal, sys, threading, numpy as np, oort
points = np.random.default_rng(0).normal(size=(3000, 10)).astype(np.float32)
kind, when = sys.argv[1:]
def interrupt():
    os.kill(os.getpid(), signal.SIGINT)
estimator = getattr(oort, kind)(**{"TSNE": {"n_iterations": 100000},
                                   "UMAP": {"n_epochs": 100000}}[kind])
threading.Timer(float(when), interrupt).start()
try:
    estimator.fit(points)
except KeyboardInterrupt:
    print("stopped", hasattr(estimator, "embedding_"))
    # It can be used again.
    print(estimator.set_params(**{"TSNE": {"n_iterations": 5}, "UMAP": {"n_epochs": 5}}[kind])
          .fit_transform(points[:50]).shape)
else:
    print("ran to its end")
"""


@pytest.mark.parametrize("kind", ["TSNE", "UMAP"])
def test_ctrl_c_stops_it(kind: str) -> None:
    # Run to its end it would take minutes.
    script = subprocess.run(
        [sys.executable, "-c", CTRL_C, kind, "0.7"],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert script.stdout.split("\n")[:2] == ["stopped False", "(50, 2)"], script.stderr


def test_logging_loads_nothing_that_computes() -> None:
    code = (
        "import oort, sys; oort.Experiment; "
        "assert 'oort._engine' not in sys.modules; "
        "assert 'UMAP' in dir(oort); oort.UMAP; assert 'oort._engine' in sys.modules; "
        "assert not [name for name in sys.modules if name.startswith('sklearn')]"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
