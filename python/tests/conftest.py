# SPDX-License-Identifier: Apache-2.0
"""A real server for every test that needs one."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import oort

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("OORT_PROGRAM", ROOT / "build" / "release" / "oort"))


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("filterwarnings", "error")
    # hypothesis draws slowly on a machine that builds at the same time; that is no fault.
    from hypothesis import settings

    settings.register_profile("oort", deadline=None, max_examples=60)
    settings.load_profile("oort")


class Server:
    """`oort serve` on a port of its own."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.home = folder / "server-home"
        self.process: subprocess.Popen[bytes] | None = None
        self.port = 0
        self.start()

    def start(self) -> None:
        ready = self.folder / "ready.json"
        ready.unlink(missing_ok=True)
        with open(self.folder / "server.log", "ab") as log:
            self.process = subprocess.Popen(
                [
                    str(PROGRAM),
                    "serve",
                    "--data",
                    str(self.folder / "data"),
                    "--port",
                    str(self.port),
                    "--ready-file",
                    str(ready),
                ],
                stdout=log,
                stderr=log,
                env={**os.environ, "OORT_HOME": str(self.home)},
            )
        deadline = time.monotonic() + 20
        while not ready.exists():
            assert self.process.poll() is None, (self.folder / "server.log").read_text()
            assert time.monotonic() < deadline, "the server is not ready after 20 s"
            time.sleep(0.02)
        answer = json.loads(ready.read_text())
        self.url, self.token = answer["url"], answer["token"]
        self.port = int(self.url.rsplit(":", 1)[1])

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        assert self.process is not None
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.kill()

    def get_bytes(self, path: str) -> bytes:
        url = path if path.startswith("http") else self.url + path
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {self.token}"})
        with urllib.request.urlopen(request, timeout=20) as response:
            content: bytes = response.read()
        return content

    def get(self, path: str) -> Any:
        return json.loads(self.get_bytes(path))

    def knows(self, path: str) -> bool:
        try:
            self.get_bytes(path)
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return False
            raise
        return True

    def experiment(self, key: str) -> Any:
        return self.get(f"/api/v1/experiments/{key}")

    def assets(self, key: str, kind: str = "") -> list[Any]:
        query = f"?type={kind}" if kind else ""
        assets: list[Any] = self.get(f"/api/v1/experiments/{key}/assets{query}")["assets"]
        return assets

    def content(self, key: str, asset_id: str) -> bytes:
        return self.get_bytes(f"/api/v1/experiments/{key}/assets/{asset_id}/content")

    def template(self, key: str, asset_id: str) -> list[Any]:
        entries: list[Any] = json.loads(self.content(key, asset_id))["embeddings"]
        return entries

    def vectors(self, entry: Any) -> np.ndarray:
        content = self.get_bytes(entry["tensorPath"])
        rows: np.ndarray = np.frombuffer(content, "<f4").reshape(entry["tensorShape"])
        return rows

    def labels(self, entry: Any) -> str:
        return self.get_bytes(entry["metadataPath"]).decode()


@pytest.fixture(scope="session")
def program() -> pathlib.Path:
    if not PROGRAM.exists():
        pytest.skip(f"{PROGRAM} is not built: run `make build` or set OORT_PROGRAM")
    return PROGRAM


@pytest.fixture(autouse=True)
def home(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A data directory of the test's own; no server of this machine's user is ever found."""
    monkeypatch.setenv("OORT_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("OORT_URL", raising=False)
    monkeypatch.delenv("OORT_API_KEY", raising=False)
    return tmp_path / "home"


@pytest.fixture(scope="session")
def shared_server(
    program: pathlib.Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server"))
    yield server
    server.stop()


@pytest.fixture
def server(shared_server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """A server that lives for all tests, found through the environment."""
    monkeypatch.setenv("OORT_URL", shared_server.url)
    monkeypatch.setenv("OORT_API_KEY", shared_server.token)
    return shared_server


@pytest.fixture
def own_server(
    program: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Server]:
    """A server that the test may kill and start again."""
    server = Server(tmp_path)
    monkeypatch.setenv("OORT_URL", server.url)
    monkeypatch.setenv("OORT_API_KEY", server.token)
    yield server
    server.stop()


@pytest.fixture
def experiment(server: Server) -> Iterator[oort.Experiment]:
    with oort.Experiment(project_name="tests") as experiment:
        yield experiment
