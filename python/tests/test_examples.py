# SPDX-License-Identifier: Apache-2.0
"""The example scripts run as a person would run them, against a real server."""

from __future__ import annotations

import io
import os
import pathlib
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import PIL.Image
import pytest

if TYPE_CHECKING:
    from conftest import Server

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"

COLORS = [
    (255, 0, 0),
    (0, 255, 0),
    (0, 0, 255),
    (255, 255, 0),
    (0, 255, 255),
    (128, 128, 0),
    (0, 128, 128),
    (128, 0, 128),
    (255, 0, 255),
    (255, 255, 255),
]


def run(name: str, *arguments: str) -> str:
    """Run a script; give the key of its experiment."""
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name), *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    url = done.stdout.strip().rsplit("\n", 1)[-1]
    return url.rsplit("/", 1)[1]


def entries(server: Server, key: str) -> list[Any]:
    """The entries of all templates, in logged order."""
    return [
        entry
        for asset in server.assets(key, "embeddings")
        for entry in server.template(key, asset["id"])
    ]


def sprite(server: Server, entry: Any) -> np.ndarray:
    content = server.get_bytes(entry["sprite"]["imagePath"])
    return np.asarray(PIL.Image.open(io.BytesIO(content)).convert("RGBA"))


def test_four_points(server: Server) -> None:
    key = run("four_points.py")
    (entry,) = entries(server, key)
    assert entry["tensorName"] == "Comet Embedding"
    assert "sprite" not in entry
    np.testing.assert_array_equal(server.vectors(entry), np.eye(4))
    assert server.labels(entry).split() == ["one", "two", "three", "four"]
    assert server.experiment(key)["state"] == "finished"


def test_four_pictures(server: Server) -> None:
    key = run("four_pictures.py")
    first, second = entries(server, key)
    for entry in (first, second):
        assert entry["sprite"]["singleImageDim"] == [2, 2]
        lit = np.argwhere(sprite(server, entry)[..., 0] == 255).tolist()
        assert lit == [[0, 0], [0, 3], [3, 0], [3, 3]]
    assert first["sprite"]["imagePath"] != second["sprite"]["imagePath"]


def spread_in_classes(server: Server, entry: Any) -> float:
    vectors, labels = server.vectors(entry), np.array(server.labels(entry).split())
    return sum(float(vectors[labels == label].std(axis=0).sum()) for label in set(labels))


def test_groups(server: Server) -> None:
    key = run("groups.py")
    (asset,) = server.assets(key, "embeddings")
    assert asset["name"] == "template-hidden-layer-1-configs.json"
    assert asset["group"] == "hidden-layer-1"
    found = server.template(key, asset["id"])
    assert [entry["tensorName"] for entry in found] == [f"epoch-{i}" for i in range(8)]
    spreads = [spread_in_classes(server, entry) for entry in found]
    assert spreads == sorted(spreads, reverse=True)


def mnist_file(tmp_path: pathlib.Path) -> pathlib.Path:
    """The real digits where they are at hand, else digits drawn here in the same layout."""
    given = os.environ.get("OORT_MNIST") or ROOT.parent / "shared" / "data" / "mnist.npz"
    if pathlib.Path(given).exists():
        return pathlib.Path(given)
    random = np.random.default_rng(0)
    path = tmp_path / "mnist.npz"
    np.savez(
        path,
        x_train=np.zeros((60000, 28, 28), np.uint8),
        y_train=np.zeros(60000, np.uint8),
        x_test=random.integers(0, 256, (10000, 28, 28), dtype=np.uint8),
        y_test=random.integers(0, 10, 10000, dtype=np.uint8),
    )
    return path


def test_mnist(server: Server, tmp_path: pathlib.Path) -> None:
    path = mnist_file(tmp_path)
    key = run("mnist.py", "--mnist", str(path))
    with np.load(path) as data:
        digits, classes = data["x_test"], data["y_test"]
    (entry,) = entries(server, key)
    assert entry["tensorShape"] == [10000, 784]
    np.testing.assert_array_equal(
        server.vectors(entry), digits.reshape(10000, 784).astype("float32") / 255
    )
    assert server.labels(entry).split() == [str(label) for label in classes]
    atlas = sprite(server, entry)
    assert atlas.shape == (2800, 2800, 4)
    for row in (0, 1, 2, 99, 100, 101, 5000, 9999):
        y, x = row // 100 * 28, row % 100 * 28
        ink = np.round(digits[row].astype("float32") / 255) > 0
        tile = atlas[y : y + 28, x : x + 28]
        assert (tile[ink] == (2, 2, 2, 255)).all()
        assert (tile[~ink] == (*COLORS[classes[row]], 255)).all()


@pytest.fixture(scope="session")
def cpp_example() -> pathlib.Path:
    """Built with the program by CMake."""
    built = ROOT / "build" / "release" / "examples" / "cpp" / "log_embedding"
    path = pathlib.Path(os.environ.get("OORT_CPP_EXAMPLE", built))
    if not path.exists():
        pytest.skip(f"{path} is not built: run `make build` or set OORT_CPP_EXAMPLE")
    return path


def test_the_cpp_example(server: Server, cpp_example: pathlib.Path) -> None:
    done = subprocess.run([cpp_example], capture_output=True, text=True, timeout=60, check=True)
    key, web_url = done.stdout.split()
    assert web_url.startswith(f"{server.url}/experiments/{key}/projector/")
    (entry,) = entries(server, key)
    assert entry["tensorShape"] == [600, 10]
    assert server.labels(entry).split() == [str(i // 200) for i in range(600)]
    atlas = sprite(server, entry)
    assert atlas.shape == (25 * 8, 25 * 8, 4)
    assert atlas[0, 7].tolist() == [229, 82, 82, 255]
    assert atlas[0, 0].tolist() == [255, 255, 255, 255]
