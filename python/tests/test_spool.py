# SPDX-License-Identifier: Apache-2.0
"""What is logged survives servers that are away, networks that fail and scripts that die."""

from __future__ import annotations

import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from faulty_proxy import FaultyProxy

import oort

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Server
    from faulty_proxy import Fault

VECTORS = np.arange(12, dtype=np.float32).reshape(4, 3)
LABELS = ["a", "b", "c", "d"]


def spools(home: pathlib.Path) -> list[pathlib.Path]:
    folder = home / "spool"
    return sorted(folder.iterdir()) if folder.exists() else []


def records(spool: pathlib.Path) -> list[Any]:
    return [json.loads(line) for line in (spool / "journal.jsonl").read_text().splitlines()]


def check_arrived(server: Server, key: str, n_embeddings: int = 1) -> None:
    templates = server.assets(key, "embeddings")
    assert len(templates) == n_embeddings
    for asset in templates:
        for entry in server.template(key, asset["id"]):
            np.testing.assert_array_equal(server.vectors(entry), VECTORS)
            assert server.labels(entry).split() == LABELS
            if "sprite" in entry:
                assert server.get_bytes(entry["sprite"]["imagePath"]).startswith(b"\x89PNG")


def log_one(experiment: oort.Experiment) -> None:
    experiment.log_embedding(VECTORS, LABELS, np.zeros((4, 2, 2)), (2, 2))


def upload(program: pathlib.Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program, "upload", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_without_a_server_the_spool_stays_and_is_said(
    home: pathlib.Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with oort.Experiment() as experiment:
        log_one(experiment)
        assert experiment.url is None
    (spool,) = spools(home)
    said = capfd.readouterr().err
    assert str(spool) in said
    assert f"oort upload {spool}" in said
    assert [record["kind"] for record in records(spool)] == ["experiment", *["asset"] * 4, "end"]
    assert (spool.stat().st_mode & 0o777) == 0o700


def test_upload_sends_what_waits(
    program: pathlib.Path,
    home: pathlib.Path,
    shared_server: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with oort.Experiment() as experiment:
        log_one(experiment)
    monkeypatch.setenv("OORT_URL", shared_server.url)
    monkeypatch.setenv("OORT_API_KEY", shared_server.token)
    done = upload(program)
    assert done.returncode == 0, done.stderr
    assert spools(home) == []
    check_arrived(shared_server, str(experiment.get_key()))
    assert shared_server.experiment(str(experiment.get_key()))["state"] == "finished"


def test_upload_leaves_the_spool_of_a_living_script_alone(
    program: pathlib.Path, home: pathlib.Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OORT_URL", "http://127.0.0.1:1")
    experiment = oort.Experiment(patience_s=0)
    log_one(experiment)
    done = subprocess.run(
        [program, "upload"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "OORT_URL": server.url},
    )
    assert "a running script holds it" in done.stderr
    assert len(spools(home)) == 1
    assert not server.knows(f"/api/v1/experiments/{experiment.get_key()}")
    experiment.end()


def test_upload_refuses_what_is_no_spool(
    program: pathlib.Path, server: Server, tmp_path: pathlib.Path
) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("x")
    done = upload(program, str(precious))
    assert done.returncode != 0
    assert "is no spool" in done.stderr
    assert (precious / "file").read_text() == "x"


def test_a_server_that_starts_later_is_found(
    program: pathlib.Path,
    home: pathlib.Path,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from conftest import Server

    experiment = oort.Experiment(patience_s=20)
    log_one(experiment)
    server = Server(tmp_path)
    try:
        # As if it had been started with the script's OORT_HOME.
        (home / "server.json").write_text((server.home / "server.json").read_text())
        wait_for_key(server, str(experiment.get_key()))
        experiment.end()
        check_arrived(server, str(experiment.get_key()))
        assert spools(home) == []
    finally:
        server.stop()


def wait_for_key(server: Server, key: str) -> None:
    deadline = time.monotonic() + 30
    while not server.knows(f"/api/v1/experiments/{key}"):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_wrong_token_is_said_and_loses_nothing(
    server: Server, home: pathlib.Path, capfd: pytest.CaptureFixture[str]
) -> None:
    begin = time.monotonic()
    with oort.Experiment(api_key="oort_wrong") as experiment:
        log_one(experiment)
    assert time.monotonic() - begin < 10
    assert len(spools(home)) == 1
    assert "nothing can be sent to" in capfd.readouterr().err


def test_a_key_of_another_service_does_not_hinder_on_this_machine(
    shared_server: Server, home: pathlib.Path
) -> None:
    home.mkdir(parents=True)
    (home / "server.json").write_text((shared_server.home / "server.json").read_text())
    with oort.Experiment(api_key="a-key-of-comet") as experiment:
        log_one(experiment)
    check_arrived(shared_server, str(experiment.get_key()))


@pytest.mark.parametrize("url", ["ftp://x", "localhost:8265", "javascript:alert(1)"])
def test_an_address_that_is_none_is_refused(url: str, home: pathlib.Path) -> None:
    with pytest.raises(ValueError, match="no address of a server"):
        oort.Experiment(url=url)
    assert spools(home) == []


@pytest.fixture
def proxy(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyProxy]:
    proxy = FaultyProxy(server.url, lambda *_: None)
    monkeypatch.setenv("OORT_URL", proxy.url)
    yield proxy
    proxy.stop()


def first_times(n: int, method: str, fault: int | str) -> Fault:
    """Let the first n requests of that method fail."""
    left = [n]

    def pick(actual: str, _: str) -> int | str | None:
        if actual != method or left[0] == 0:
            return None
        left[0] -= 1
        return fault

    return pick


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
@pytest.mark.parametrize("fault", [408, 425, 429, 500, 503, "cut", "cut after", "half"])
def test_a_failing_request_is_repeated_until_it_works(
    server: Server, proxy: FaultyProxy, home: pathlib.Path, method: str, fault: int | str
) -> None:
    proxy.fault = first_times(1, method, fault)
    with oort.Experiment() as experiment:
        log_one(experiment)
        experiment.log_metric("m", 1)
    key = str(experiment.get_key())
    check_arrived(server, key)
    (metric,) = server.get(f"/api/v1/experiments/{key}/metrics")["metrics"]
    assert metric["n"] == 1
    assert spools(home) == []


def test_a_long_content_goes_on_where_it_was_cut(server: Server, proxy: FaultyProxy) -> None:
    pieces = [0]

    def second_piece(method: str, _: str) -> int | str | None:
        pieces[0] += method == "PATCH"
        return "cut" if method == "PATCH" and pieces[0] == 2 else None

    proxy.fault = second_piece
    data = np.random.default_rng(0).bytes(80 << 20)
    with oort.Experiment() as experiment:
        logged = experiment.log_asset_data(data, name="long")
    assert logged is not None
    assert server.content(str(experiment.get_key()), str(logged["assetId"])) == data
    # Three pieces of 32 MiB, one of which was sent twice; none from the beginning again.
    assert len([path for method, path in proxy.requests if method == "PATCH"]) == 4


def test_a_random_storm_of_faults_loses_and_doubles_nothing(
    server: Server, proxy: FaultyProxy
) -> None:
    dice = random.Random(3)
    faults: list[int | str | None] = [503, "cut", "cut after", "half"]
    proxy.fault = lambda *_: dice.choice(faults) if dice.random() < 0.3 else None
    with oort.Experiment(patience_s=60) as experiment:
        for epoch in range(4):
            experiment.log_embedding(VECTORS, LABELS, title=str(epoch), group="g")
            for i in range(20):
                experiment.log_metric("m", i, step=20 * epoch + i)
            time.sleep(0.2)
    key = str(experiment.get_key())
    check_arrived(server, key)
    points = server.get(f"/api/v1/experiments/{key}/metrics/points?name=m")["points"]
    assert [point[0] for point in points] == list(range(80))


def test_one_bad_record_is_set_aside_and_the_rest_goes_on(
    server: Server, home: pathlib.Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with oort.Experiment() as experiment:
        for i in range(10):
            experiment.log_metric("m", i, step=i)
        experiment.log_metric("long" * 2000, 1)  # names have a limit at the server
        for i in range(10, 20):
            experiment.log_metric("m", i, step=i)
        log_one(experiment)
    key = str(experiment.get_key())
    check_arrived(server, key)
    (metric,) = server.get(f"/api/v1/experiments/{key}/metrics")["metrics"]
    assert (metric["name"], metric["n"]) == ("m", 20)
    (left,) = spools(home)
    assert left.name.startswith("rejected-")
    (rejected,) = (json.loads(line) for line in (left / "rejected.jsonl").read_text().splitlines())
    assert json.loads(rejected["record"])["name"] == "long" * 2000
    assert "refused a record for good" in capfd.readouterr().err


SCRIPT = """
import sys, time
import numpy as np
import oort
experiment = oort.Experiment()
print(experiment.get_key(), flush=True)
for epoch in range(1000):
    experiment.log_embedding(np.arange(12, dtype=np.float32).reshape(4, 3), list("abcd"),
                             title=str(epoch), group="g")
    print(epoch, flush=True)
    time.sleep(0.01)
"""


def start_script() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def read_until(script: subprocess.Popen[str], epoch: int) -> str:
    assert script.stdout is not None
    key = script.stdout.readline().strip()
    while script.stdout.readline().strip() != str(epoch):
        assert script.poll() is None
    return key


def finish(script: subprocess.Popen[str]) -> str:
    _, said = script.communicate(timeout=60)
    return said


@pytest.mark.parametrize("with_server", [True, False])
def test_what_a_killed_script_logged_is_not_lost(
    program: pathlib.Path,
    shared_server: Server,
    home: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    with_server: bool,
) -> None:
    if with_server:
        monkeypatch.setenv("OORT_URL", shared_server.url)
        monkeypatch.setenv("OORT_API_KEY", shared_server.token)
    script = start_script()
    key = read_until(script, 25)
    script.kill()
    finish(script)
    monkeypatch.setenv("OORT_URL", shared_server.url)
    monkeypatch.setenv("OORT_API_KEY", shared_server.token)
    done = upload(program)
    assert done.returncode == 0, done.stderr
    (asset,) = shared_server.assets(key, "embeddings")
    entries = shared_server.template(key, asset["id"])
    assert [entry["tensorName"] for entry in entries][:26] == [str(i) for i in range(26)]
    check_arrived(shared_server, key)
    assert spools(home) == []


def test_a_torn_last_line_of_the_journal_does_not_count(
    program: pathlib.Path,
    shared_server: Server,
    home: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with oort.Experiment() as experiment:
        log_one(experiment)
    (spool,) = spools(home)
    with open(spool / "journal.jsonl", "a") as journal:
        journal.write('{"kind":"metric","name":"to')
    monkeypatch.setenv("OORT_URL", shared_server.url)
    monkeypatch.setenv("OORT_API_KEY", shared_server.token)
    assert upload(program, str(spool) + "/").returncode == 0
    check_arrived(shared_server, str(experiment.get_key()))


def test_ctrl_c_ends_the_wait_and_loses_nothing(
    home: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OORT_URL", "http://127.0.0.1:1")
    script = start_script()
    read_until(script, 3)
    script.send_signal(signal.SIGINT)  # ends the loop; the wait at exit begins
    time.sleep(1.0)
    script.send_signal(signal.SIGINT)  # ends the wait
    begin = time.monotonic()
    said = finish(script)
    assert time.monotonic() - begin < 10
    (spool,) = spools(home)
    assert f"oort upload {spool}" in said


def test_a_script_that_forgets_to_end_sends_everything(server: Server) -> None:
    code = "import oort; e = oort.Experiment(); e.log_metric('m', 1); print(e.get_key())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    about = server.experiment(done.stdout.strip())
    assert about["state"] == "finished"


def test_a_child_of_fork_leaves_the_parents_experiment_alone(server: Server) -> None:
    code = """
import os, sys
import oort
experiment = oort.Experiment()
child = os.fork()
experiment.log_metric("child" if child == 0 else "parent", 1)
if child == 0:
    sys.exit(0)
assert os.waitpid(child, 0)[1] == 0
experiment.log_metric("parent", 2)
print(experiment.get_key())
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "made by fork()" in done.stderr
    metrics = server.get(f"/api/v1/experiments/{done.stdout.strip()}/metrics")["metrics"]
    assert [(m["name"], m["n"]) for m in metrics] == [("parent", 2)]


def test_a_server_that_dies_and_returns_gets_everything(
    own_server: Server, home: pathlib.Path
) -> None:
    experiment = oort.Experiment(patience_s=60)
    stopped = threading.Event()
    n_logged = [0]

    def log() -> None:
        while not stopped.is_set():
            experiment.log_embedding(VECTORS, LABELS, title=str(n_logged[0]), group="g")
            n_logged[0] += 1
            time.sleep(0.005)

    thread = threading.Thread(target=log)
    thread.start()
    for _ in range(3):
        time.sleep(0.5)
        own_server.kill()
        own_server.start()
    stopped.set()
    thread.join()
    experiment.end()
    key = str(experiment.get_key())
    (asset,) = own_server.assets(key, "embeddings")
    entries = own_server.template(key, asset["id"])
    assert [entry["tensorName"] for entry in entries] == [str(i) for i in range(n_logged[0])]
    check_arrived(own_server, key)
    assert spools(home) == []


def test_a_full_disk_is_said_and_stops_no_training(
    home: pathlib.Path, capfd: pytest.CaptureFixture[str]
) -> None:
    import resource

    experiment = oort.Experiment()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, before[1]))
        big = np.zeros((1000, 1000), np.float32)
        assert experiment.log_embedding(big, None, title="too big") is None
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert experiment.log_embedding(VECTORS, LABELS) is not None
    experiment.end()
    assert 'the embedding "too big" is NOT logged' in capfd.readouterr().err
    (spool,) = spools(home)
    assert not [path for path in (spool / "blobs").iterdir() if path.name.startswith("part-")]
