# SPDX-License-Identifier: Apache-2.0
"""kill -9 of the server in the middle of uploads: what was acknowledged is there, whole, afterwards.

Two kinds of clients run through at least N_KILLS kills at random moments:
  - raw ones speak the upload protocol themselves and keep a history of what the server acknowledged;
  - one real Experiment logs through its spool, and must finish by itself.
After the last restart every acknowledged blob and row is asked for and compared.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import random
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from server import PROGRAM, Server

N_KILLS = int(os.environ.get("OORT_KILLS", "200"))
N_CLIENTS = 4

pytestmark = pytest.mark.skipif(not PROGRAM.exists(), reason=f"{PROGRAM} is not built")


def curve_of(step: int) -> str:
    """The server thins curves of more than 10,000 points, so a new one begins in time."""
    return f"value-{step // 9000}"


class RawClient(threading.Thread):
    """Uploads blobs in chunks and rows in batches; `history` holds only what got a 2xx."""

    def __init__(self, server: Server, seed: int, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.server, self.random, self.stop = server, random.Random(seed), stop
        self.key, self.writer = uuid.uuid4().hex, uuid.uuid4().hex
        self.blobs: list[str] = []
        self.assets: dict[str, str] = {}
        self.metrics: list[float] = []
        self.applied = 0
        self.failure: BaseException | None = None

    def request(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, dict, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        try:
            authorization = {"Authorization": f"Bearer {self.server.token}"}
            connection.request(method, path, body, {**authorization, **headers})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def persist(self, action):
        """Repeats the action until the server is there to answer it."""
        while True:
            try:
                return action()
            except (OSError, http.client.HTTPException):
                if self.stop.is_set():
                    raise
                time.sleep(0.01)

    def upload(self, content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        path = f"/api/v1/blobs/{digest}"
        while True:
            status, headers, _ = self.persist(lambda: self.request("HEAD", path, b"", {}))
            if status == 200:
                break
            offset = int(headers["Upload-Offset"])
            chunk = content[offset : offset + 32768]
            status, headers, body = self.persist(
                lambda offset=offset, chunk=chunk: self.request(
                    "PATCH", path, chunk,
                    {
                        "Upload-Offset": str(offset),
                        "Upload-Length": str(len(content)),
                        "Content-Type": "application/octet-stream",
                    },
                )
            )
            assert status in (200, 409), (status, body)
            if status == 200 and json.loads(body)["complete"]:
                break
        self.blobs.append(digest)
        return digest

    def log(self, records: list[dict]) -> None:
        body = json.dumps({"writer": self.writer, "first": self.applied, "records": records}).encode()
        path = f"/api/v1/experiments/{self.key}/records"
        status, _, answer = self.persist(
            lambda: self.request("PUT", path, body, {"Content-Type": "application/json"})
        )
        assert status == 200, (status, answer)
        self.applied += len(records)
        assert json.loads(answer)["applied"] == self.applied

    def round(self) -> None:
        content = self.random.randbytes(self.random.randrange(0, 120_000))
        digest = self.upload(content)
        asset = uuid.uuid4().hex
        values = [self.random.random() for _ in range(self.random.randrange(1, 20))]
        step = len(self.metrics)
        records = [
            {
                "kind": "asset", "at": 1, "id": asset, "name": f"asset {asset}", "type": "asset",
                "sha256": digest, "size": len(content), "content_type": "application/octet-stream",
            }
        ]
        records += [
            {"kind": "metric", "at": 1, "name": curve_of(step), "value": value, "step": step + i}
            for i, value in enumerate(values)
        ]
        self.log(records)
        self.assets[asset] = digest
        self.metrics += values

    def run(self) -> None:
        try:
            start = {"kind": "experiment", "at": 1, "workspace": "default", "project": "crash", "name": None}
            self.log([start])
            while not self.stop.is_set():
                self.round()
        except BaseException as error:  # noqa: BLE001 - handed to the test, which fails with it
            if not (self.stop.is_set() and isinstance(error, (OSError, http.client.HTTPException))):
                self.failure = error

    def check(self) -> None:
        """Everything acknowledged is present once, and every byte is right."""
        listed = json.loads(self.get(f"/api/v1/experiments/{self.key}/assets"))["assets"]
        digests = {asset["id"]: asset["sha256"] for asset in listed}
        assert len(digests) == len(listed)
        for asset, digest in self.assets.items():
            assert digests[asset] == digest
            content = self.get(f"/api/v1/experiments/{self.key}/assets/{asset}/content")
            assert hashlib.sha256(content).hexdigest() == digest
        for digest in self.blobs:
            assert self.request("HEAD", f"/api/v1/blobs/{digest}", b"", {})[0] == 200
        logged = []
        for name in dict.fromkeys(curve_of(step) for step in range(len(self.metrics))):
            curve = json.loads(self.get(f"/api/v1/experiments/{self.key}/metrics/points?name={name}"))
            logged += [point[3] for point in curve["points"]]
        # A batch whose acknowledgement was lost with the server at the very end may be there too.
        assert logged[: len(self.metrics)] == self.metrics
        assert len(logged) - len(self.metrics) < 20

    def get(self, path: str) -> bytes:
        status, _, body = self.request("GET", path, b"", {})
        assert status == 200, (status, path, body)
        return body


SCRIPT = """
import sys, time
import numpy as np
from oort import Experiment

random = np.random.default_rng(0)
experiment = Experiment(project_name="crash", experiment_key=sys.argv[1])
for epoch in range(40):
    vectors = random.normal(size=(3000, 64)).astype(np.float32)
    experiment.log_embedding(vectors, [str(i % 7) for i in range(3000)],
                             title="epoch-%d" % epoch, group="layer")
    for step in range(50):
        experiment.log_metric("loss", epoch + step / 50, step=epoch * 50 + step)
    time.sleep(float(sys.argv[2]))
experiment.end()
"""


def start_experiment(server: Server, key: str, pause_s: float) -> subprocess.Popen:
    environment = {
        **os.environ,
        "OORT_HOME": str(server.home),
        "OORT_URL": server.url,
        "OORT_API_KEY": server.token,
    }
    return subprocess.Popen([sys.executable, "-c", SCRIPT, key, str(pause_s)], env=environment)


def check_experiment(client: RawClient, key: str) -> None:
    assets = json.loads(client.get(f"/api/v1/experiments/{key}/assets"))["assets"]
    templates = [asset for asset in assets if asset["type"] == "embeddings"]
    assert [template["name"] for template in templates] == ["template-layer-configs.json"]
    path = f"/api/v1/experiments/{key}/assets/{templates[0]['id']}/content"
    entries = json.loads(client.get(path))["embeddings"]
    assert [entry["tensorName"] for entry in entries] == [f"epoch-{i}" for i in range(40)]
    for entry in entries:
        assert len(client.get(entry["tensorPath"])) == 4 * 3000 * 64
    curve = json.loads(client.get(f"/api/v1/experiments/{key}/metrics/points?name=loss"))
    assert [point[0] for point in curve["points"]] == list(range(2000))
    state = json.loads(client.get(f"/api/v1/experiments/{key}"))["state"]
    assert state == "finished"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    server.start()
    yield server
    if server.process is not None and server.process.poll() is None:
        server.kill()


def test_every_acknowledged_blob_and_row_survives_kill_9(server: Server) -> None:
    chance = random.Random(2026)
    stop = threading.Event()
    clients = [RawClient(server, seed, stop) for seed in range(N_CLIENTS)]
    for client in clients:
        client.start()
    key = uuid.uuid4().hex
    # Slow enough that the experiment is still logging when most of the kills come.
    experiment = start_experiment(server, key, pause_s=min(1.0, N_KILLS / 200))
    try:
        for _ in range(N_KILLS):
            time.sleep(chance.uniform(0.005, 0.3))
            server.kill()
            server.start()
        assert experiment.wait(timeout=300) == 0
    finally:
        stop.set()
        if experiment.poll() is None:
            experiment.kill()
    for client in clients:
        client.join(timeout=30)
        assert client.failure is None, client.failure
    assert server.stop() == 0
    server.start()
    for client in clients:
        client.check()
    check_experiment(clients[0], key)
    assert sum(len(client.assets) for client in clients) > N_KILLS / 10
    assert server.stop() == 0
    spools = server.home / "spool"
    assert not spools.exists() or not any(path.is_dir() for path in spools.iterdir())
