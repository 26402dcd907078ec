# SPDX-License-Identifier: Apache-2.0
"""Projections through the real program: server, worker processes, browsers' sockets.

What `oort project` gives for the same points and options is the truth; whatever happens to the worker or the
server on the way (kill -9, pause, stop, too little memory), the layout must have the same bytes.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from server import PROGRAM, Server
from socket_client import FramesSocket

pytestmark = pytest.mark.skipif(not PROGRAM.exists(), reason=f"{PROGRAM} is not built")

N_ROWS, N_DIMS = 4000, 20
LONG = {"n_epochs": 100_000}  # so that there is a middle in which things can happen


def points(n_rows: int = N_ROWS) -> np.ndarray:
    random = np.random.default_rng(5)
    centres = random.normal(size=(6, N_DIMS)) * 8
    return (centres[np.arange(n_rows) % 6] + random.normal(size=(n_rows, N_DIMS))).astype("<f4")


class Client:
    """What a page asks of the server."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.key = uuid.uuid4().hex

    def ask(self, method: str, path: str, body: object = None, headers: dict | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        try:
            headers = {"Authorization": f"Bearer {self.server.token}", **(headers or {})}
            if body is not None and not isinstance(body, bytes):
                body = json.dumps(body).encode()
                headers["Content-Type"] = "application/json"
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def json(self, method: str, path: str, body: object = None) -> dict:
        status, answer = self.ask(method, path, body)
        assert status < 300, (status, answer)
        return json.loads(answer)

    def log(self, vectors: np.ndarray, labels: list[str]) -> None:
        names = {"1" * 32: ("vectors", vectors.tobytes()), "2" * 32: ("labels", "\n".join(labels).encode())}
        template = {"embeddings": [{
            "tensorName": "points", "tensorShape": list(vectors.shape),
            "tensorPath": f"/api/asset/download?assetId={'1' * 32}&experimentKey={self.key}&name=x.bytes",
            "metadataPath": f"/api/asset/download?assetId={'2' * 32}&experimentKey={self.key}",
        }]}
        names["c" * 32] = ("embeddings", json.dumps(template).encode())
        records = [{"kind": "experiment", "at": 1, "workspace": "w", "project": "p", "name": None}]
        for asset, (kind, content) in names.items():
            digest = sha256(content).hexdigest()
            status, _ = self.ask("PATCH", f"/api/v1/blobs/{digest}", content,
                                 {"Upload-Offset": "0", "Upload-Length": str(len(content))})
            assert status == 200
            records.append({"kind": "asset", "at": 2, "id": asset, "name": kind, "type": kind,
                            "sha256": digest, "size": len(content)})
        self.json("PUT", f"/api/v1/experiments/{self.key}/records",
                  {"writer": uuid.uuid4().hex, "first": 0, "records": records})

    def wish(self, **more: object) -> dict:
        return {"experiment": self.key, "template": "c" * 32, "entry": 0, "method": "umap", "n_components": 2, **more}

    def project(self, **more: object) -> dict:
        return self.json("POST", "/api/v1/projections", self.wish(**more))

    def status(self, key: str) -> dict:
        return self.json("GET", f"/api/v1/projections/{key}")

    def act(self, key: str, action: str) -> dict:
        return self.json("PATCH", f"/api/v1/projections/{key}", {"action": action})

    def wait(self, key: str, reached: Callable[[dict], bool], seconds: float = 120) -> dict:
        deadline = time.monotonic() + seconds
        while True:
            status = self.status(key)
            if reached(status):
                return status
            assert status["state"] not in ("failed", "cancelled"), status["error"]
            assert time.monotonic() < deadline, status
            time.sleep(0.02)

    def layout(self, key: str, n_components: int = 2) -> np.ndarray:
        """n x n_components, in file order."""
        status, drawn = self.ask("GET", f"/api/v1/projections/{key}/layout")
        assert status == 200, drawn
        entry = f"/api/v1/experiments/{self.key}/templates/{'c' * 32}/entries/0"
        order = np.frombuffer(self.ask("GET", f"{entry}/order")[1], "<u4")
        layout = np.empty((len(order), n_components), "<f4")
        layout[order] = np.frombuffer(drawn, "<f4").reshape(n_components, -1).T
        return layout


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    server.start()
    yield server
    if server.process.poll() is None:
        assert server.stop() == 0


@pytest.fixture
def client(server: Server) -> Client:
    client = Client(server)
    client.log(points(), [f"group {i % 6}" for i in range(N_ROWS)])
    return client


@pytest.fixture(scope="session")
def straight(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What the same points give without server, worker and interruption."""
    folder = tmp_path_factory.mktemp("straight")
    source, target = folder / "points.npy", folder / "layout.npy"
    np.save(source, points())
    chosen = [word for name, value in LONG.items() for word in ("--set", f"{name}={value}")]
    subprocess.run([PROGRAM, "project", source, "--method", "umap", "--out", target, *chosen],
                   check=True, capture_output=True)
    return np.load(target).astype("<f4").tobytes()


def workers(server: Server) -> list[int]:
    """Process ids of the server's workers."""
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(server.process.pid)],
                           capture_output=True, text=True, check=False).stdout
    return [int(pid) for pid in found.split()]


def is_under_way(status: dict) -> bool:
    return status["stage"] == "optimise" and status["iteration"] > 50


def test_a_killed_worker_costs_nothing_but_time(
    server: Server, client: Client, tmp_path: Path, straight: bytes
) -> None:
    key = client.project(options=LONG)["key"]
    with FramesSocket(server, key) as socket:
        client.wait(key, is_under_way)
        # A pause makes a checkpoint, so there is something to go on from however quick the machine is.
        client.act(key, "pause")
        checkpoint = tmp_path / "data" / "cache" / "checkpoints" / key
        deadline = time.monotonic() + 60
        while not checkpoint.exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        before = client.status(key)["iteration"]
        client.act(key, "continue")
        client.wait(key, lambda s: s["iteration"] > before)
        (worker,) = workers(server)
        os.kill(worker, signal.SIGKILL)
        client.wait(key, lambda s: s["state"] == "running" and worker not in workers(server))
        resumed = client.wait(key, lambda s: s["stage"] == "optimise" or s["state"] == "done")
        assert resumed["iteration"] >= before > 0, "it began where the checkpoint was"
        done = client.wait(key, lambda s: s["state"] == "done")
        assert done["iteration"] == LONG["n_epochs"]
        messages = list(socket.messages())
    assert json.loads(messages[-1])["state"] == "done"
    assert isinstance(messages[-2], bytes), "the last frame comes before the last word"
    assert client.layout(key).tobytes() == straight


def test_a_killed_server_takes_its_worker_along_and_goes_on(server: Server, client: Client, straight: bytes) -> None:
    key = client.project(options=LONG)["key"]
    client.wait(key, is_under_way)
    (worker,) = workers(server)
    server.kill()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{worker}").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not Path(f"/proc/{worker}").exists(), "the worker ended with its server"
    server.start()
    client.wait(key, lambda s: s["state"] == "done")
    assert client.layout(key).tobytes() == straight


def test_pause_stop_and_continue_change_no_byte(server: Server, client: Client, straight: bytes) -> None:
    key = client.project(options=LONG)["key"]
    client.wait(key, is_under_way)
    assert client.act(key, "pause")["state"] == "paused"
    time.sleep(0.5)
    paused = client.status(key)["iteration"]
    time.sleep(0.5)
    assert client.status(key)["iteration"] == paused, "nothing moves while it is paused"
    assert client.act(key, "continue")["state"] == "running"
    client.wait(key, lambda s: s["iteration"] > paused)
    assert client.act(key, "stop")["state"] == "stopped"
    with FramesSocket(server, key) as socket:
        messages = list(socket.messages())  # it ends once the worker has handed everything over
    stopped = json.loads(messages[-1])
    assert stopped["state"] == "stopped"
    assert np.isfinite(client.layout(key)).all(), "the layout so far stays visible"
    client.act(key, "continue")
    resumed = client.wait(key, lambda s: s["stage"] == "optimise" and s["state"] == "running")
    assert resumed["iteration"] >= stopped["iteration"] > 0
    client.wait(key, lambda s: s["state"] == "done")
    assert client.layout(key).tobytes() == straight


def test_two_who_ask_share_one_computation_and_one_who_is_slow_holds_nobody_up(
    server: Server, client: Client
) -> None:
    first = client.project(options=LONG)
    second = client.project(options=LONG)
    assert first["key"] == second["key"]
    key = first["key"]
    client.wait(key, is_under_way)
    assert len(workers(server)) == 1
    with FramesSocket(server, key) as quick, FramesSocket(server, key, "float32", buffer=4096) as slow:
        frames = [quick.next_frame() for _ in range(10)]
        numbers = [frame.sequence for frame in frames]
        assert numbers == sorted(set(numbers))
        assert all(frame.n_rows == N_ROWS and frame.n_components == 2 for frame in frames)
        late = slow.next_frame()  # has lain there since the beginning
        newest = slow.next_frame()
        assert newest.sequence >= late.sequence
        client.act(key, "stop")
        last = [m for m in quick.messages() if isinstance(m, bytes)][-1]
        seen = quick.frame_of(last).points()
        assert np.allclose(seen, slow.last_frame().points(), atol=np.ptp(seen) / 65534)


def test_cancel_frees_the_worker_for_the_next_in_the_queue(server: Server, client: Client) -> None:
    first = client.project(options={"n_epochs": 100_000})["key"]
    client.wait(first, lambda s: s["state"] == "running")
    second = client.project(options={"n_epochs": 30})
    assert second["state"] == "queued" and second["queue_position"] == 1
    assert client.json("DELETE", f"/api/v1/projections/{first}")["state"] == "cancelled"
    client.wait(second["key"], lambda s: s["state"] == "done")
    assert client.ask("GET", f"/api/v1/projections/{first}/layout")[0] == 404
    again = client.project(options={"n_epochs": 100_000})
    assert again["key"] == first and again["state"] in ("queued", "running")
    client.json("DELETE", f"/api/v1/projections/{first}")


def test_a_finished_layout_is_there_at_once_and_after_a_restart(server: Server, client: Client) -> None:
    key = client.project(options={"n_epochs": 30})["key"]
    client.wait(key, lambda s: s["state"] == "done")
    before = client.layout(key)
    assert server.stop() == 0
    server.start()
    status, answer = client.ask("POST", "/api/v1/projections", client.wish(options={"n_epochs": 30}))
    assert status == 200
    assert json.loads(answer)["state"] == "done"
    assert client.layout(key).tobytes() == before.tobytes()


def test_a_graceful_stop_ends_the_workers_and_queues_their_work_again(server: Server, client: Client) -> None:
    key = client.project(options={"n_epochs": 100_000})["key"]
    client.wait(key, is_under_way)
    (worker,) = workers(server)
    assert server.stop() == 0
    assert not Path(f"/proc/{worker}").exists()
    server.start()
    client.wait(key, is_under_way)
    client.json("DELETE", f"/api/v1/projections/{key}")


@pytest.fixture
def poor_server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path, "--worker-memory", "256")
    server.start()
    yield server
    assert server.stop() == 0


def test_too_little_memory_fails_with_a_sentence_and_the_server_lives(poor_server: Server) -> None:
    client = Client(poor_server)
    client.log(points(150_000), ["x"] * 150_000)
    # 300 neighbours of each point: their table alone is larger than what a worker may have.
    key = client.project(method="tsne", options={"perplexity": 100})["key"]
    deadline = time.monotonic() + 120
    while client.status(key)["state"] in ("queued", "running") and time.monotonic() < deadline:
        time.sleep(0.05)
    failed = client.status(key)
    assert failed["state"] == "failed"
    message = failed["error"]["message"]
    assert "a worker may use 256 MiB" in message, message
    small = client.project(rows=list(range(500)))
    client.wait(small["key"], lambda s: s["state"] == "done")
