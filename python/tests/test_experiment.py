# SPDX-License-Identifier: Apache-2.0
"""What a script logs arrives at a real server as it was logged."""

from __future__ import annotations

import io
import json
import logging
import math
import os
import pathlib
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import PIL.Image
import pytest
from faulty_proxy import FaultyProxy

import oort

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Server

VECTORS = [[1, 0, 0], [0, 1, 0]]


def only_entry(server: Server, experiment: oort.Experiment, logged: Any) -> Any:
    experiment.end()
    (entry,) = server.template(str(experiment.get_key()), logged["assetId"])
    return entry


def test_the_result_says_where_to_look(server: Server, experiment: oort.Experiment) -> None:
    logged = experiment.log_embedding(VECTORS, ["a", "b"])
    assert logged is not None
    key = experiment.get_key()
    page = f"{server.url}/experiments/{key}"
    assert experiment.url == experiment.get_url() == page
    assert logged["web"] == f"{page}/projector/{logged['assetId']}"
    experiment.end()
    assert json.loads(server.get_bytes(str(logged["api"])))["embeddings"][0]["tensorShape"] == [
        2,
        3,
    ]


def test_the_template_is_the_projector_config(server: Server, experiment: oort.Experiment) -> None:
    logged = experiment.log_embedding(VECTORS, ["a", "b"], title="t", template_filename="f.json")
    entry = only_entry(server, experiment, logged)
    assert list(entry) == ["tensorName", "tensorShape", "tensorPath", "metadataPath"]
    assert entry["tensorPath"].startswith("/api/asset/download?assetId=")
    assert entry["tensorPath"].endswith(".bytes")
    (asset,) = server.assets(str(experiment.get_key()), "embeddings")
    assert asset["name"] == "f.json"


def test_labels_need_not_be_given(server: Server, experiment: oort.Experiment) -> None:
    entry = only_entry(server, experiment, experiment.log_embedding(VECTORS, None))
    assert "metadataPath" not in entry


def test_tables_frames_and_odd_texts_arrive(server: Server, experiment: oort.Experiment) -> None:
    frame = pd.DataFrame({"name": ['tab\t"q"', "line\nbreak"], "n": [1, None]})
    entry = only_entry(server, experiment, experiment.log_embedding(VECTORS, frame))
    assert server.labels(entry) == 'name\tn\n"tab\t""q"""\t1.0\n"line\nbreak"\t\n'


def test_nan_and_infinity_arrive(server: Server, experiment: oort.Experiment) -> None:
    vectors = np.array([[np.nan, np.inf], [-np.inf, 1]], np.float32)
    entry = only_entry(server, experiment, experiment.log_embedding(vectors, None))
    np.testing.assert_array_equal(server.vectors(entry), vectors)


def test_rounding_is_said_once(
    server: Server, experiment: oort.Experiment, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        experiment.log_embedding([[0.1]], None)
    said = [record.message for record in caplog.records if "float64" in record.message]
    assert said == [
        "vectors are float64: logged as float32, each rounded to the nearest (said once)"
    ]


def test_a_group_is_complete_after_every_call(server: Server, experiment: oort.Experiment) -> None:
    key = str(experiment.get_key())
    ids = set()
    for epoch in range(3):
        logged = experiment.log_embedding(VECTORS, None, title=f"epoch-{epoch}", group="a b/c")
        assert logged is not None
        ids.add(logged["assetId"])
        titles = [f"epoch-{i}" for i in range(epoch + 1)]
        (asset_id,) = ids
        wait_until(lambda: titles_of(server, key, str(asset_id)) == titles)  # noqa: B023
    experiment.end()
    (asset,) = server.assets(key, "embeddings")
    assert asset["name"] == "template-a_b_c-configs.json"


def titles_of(server: Server, key: str, asset_id: str) -> list[str]:
    if not server.knows(f"/api/v1/experiments/{key}/assets/{asset_id}"):
        return []
    return [entry["tensorName"] for entry in server.template(key, asset_id)]


def wait_until(condition: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not so after {seconds} s"
        time.sleep(0.05)


def test_a_resumed_experiment_extends_its_groups(server: Server) -> None:
    with oort.Experiment() as first:
        before = first.log_embedding(VECTORS, None, title="epoch-0", group="g")
    with oort.Experiment(experiment_key=first.get_key()) as second:
        after = second.log_embedding(VECTORS, None, title="epoch-1", group="g")
    assert before is not None
    assert after is not None
    assert before["assetId"] == after["assetId"]
    assert titles_of(server, str(first.get_key()), str(after["assetId"])) == ["epoch-0", "epoch-1"]


def test_the_url_of_an_image_is_used_again(server: Server, experiment: oort.Experiment) -> None:
    image, url = experiment.create_embedding_image([[[255]], [[9]]], (1, 1))
    assert image is not None
    assert url is not None
    assert (image.mode, image.size) == ("RGBA", (2, 2))
    assert image.getpixel((0, 0)) == (255, 255, 255, 255)
    logged = experiment.log_embedding(VECTORS, None, image_data=url, image_size=(1, 1))
    entry = only_entry(server, experiment, logged)
    content = server.get_bytes(entry["sprite"]["imagePath"])
    assert PIL.Image.open(io.BytesIO(content)).convert("RGBA").getpixel((1, 0)) == (9, 9, 9, 255)


def test_the_url_of_another_experiment_is_refused(experiment: oort.Experiment) -> None:
    url = f"/api/image/download?imageId={'1' * 32}&experimentKey={'2' * 32}"
    with pytest.raises(ValueError, match="is no URL from create_embedding_image"):
        experiment.log_embedding(VECTORS, None, image_data=url, image_size=(1, 1))


def test_nothing_is_logged_by_a_call_that_raises(
    server: Server, experiment: oort.Experiment
) -> None:
    picture = np.zeros((2, 1, 1))
    for arguments in (
        {"labels": ["a"]},
        {"labels": None, "image_data": picture},
        {"labels": None, "image_data": picture[:1], "image_size": (1, 1)},
        {"labels": None, "image_data": picture, "image_size": (20000, 20000)},
        {
            "labels": None,
            "image_data": picture,
            "image_size": (1, 1),
            "image_background_color_function": lambda _: (0, 0, 999),
        },
    ):
        with pytest.raises(ValueError, match=r"labels|image_size|image_data|image_background"):
            experiment.log_embedding(VECTORS, **arguments)
    experiment.end()
    assert server.assets(str(experiment.get_key())) == []


def test_metrics_parameters_and_the_rest_arrive(
    server: Server, experiment: oort.Experiment
) -> None:
    experiment.log_metric("loss", 0.5, step=1, epoch=2)
    experiment.log_metric("loss", np.float32("nan"), step=2)
    experiment.log_metrics({"acc": np.array([0.25]), "up": math.inf}, prefix="val")
    with experiment.train():
        experiment.log_metric("loss", 3)
        experiment.log_metric("bare", 3, include_context=False)
    experiment.log_parameters({"lr": 0.1, "net": {"depth": 3, "name": "x"}, "on": True})
    experiment.log_parameter("big", 2**70)
    experiment.log_other("note", "ünï")
    experiment.log_others({"list": [1, 2]})
    experiment.add_tag("a")
    experiment.add_tags(["b", "a"])
    experiment.set_name("named")
    experiment.end()

    base = f"/api/v1/experiments/{experiment.get_key()}"
    metrics = {(m["name"], m["context"]): m for m in server.get(f"{base}/metrics")["metrics"]}
    assert set(metrics) == {
        ("loss", None),
        ("loss", "train"),
        ("bare", None),
        ("val_acc", None),
        ("val_up", None),
    }
    points = server.get(f"{base}/metrics/points?name=loss")["points"]
    assert [[point[0], point[1], point[3]] for point in points] == [[1, 2, 0.5], [2, 2, "NaN"]]
    parameters = {p["name"]: p["value"] for p in server.get(f"{base}/parameters")["parameters"]}
    assert parameters == {"lr": 0.1, "net|depth": 3, "net|name": "x", "on": True, "big": str(2**70)}
    others = {o["name"]: o["value"] for o in server.get(f"{base}/other")["other"]}
    assert others == {"note": "ünï", "list": "[1, 2]"}
    about = server.get(base)
    assert about["name"] == experiment.get_name() == "named"
    assert sorted(about["tags"]) == ["a", "b"]
    assert (about["step"], about["epoch"]) == (2, 2)
    assert (about["workspace"], about["project"]) == ("default", "tests")


def test_assets_of_every_kind_arrive(
    server: Server, experiment: oort.Experiment, tmp_path: pathlib.Path
) -> None:
    path = tmp_path / "weights.bin"
    path.write_bytes(bytes(range(256)) * 40)
    experiment.set_step(7)
    experiment.log_asset(path, metadata={"n": np.int64(3)})
    experiment.log_asset(str(path), file_name="named.bin", step=8)
    with open(path, "rb") as file:
        experiment.log_asset(file)
    experiment.log_asset_data({"a": [1, 2]}, name="data.json")
    experiment.log_asset_data("text", name="a.txt")
    experiment.log_asset_data(b"", name="empty")
    experiment.log_text("some text", metadata={"k": "v"})
    logged = experiment.log_image(np.random.default_rng(0).random((4, 5, 3)), name="noise.png")
    experiment.log_image(PIL.Image.new("CMYK", (3, 2)))
    experiment.end()

    key = str(experiment.get_key())
    assets = {asset["name"]: asset for asset in server.assets(key)}
    contents = {name: server.content(key, asset["id"]) for name, asset in assets.items()}
    assert contents["weights.bin"] == contents["named.bin"] == path.read_bytes()
    assert assets["weights.bin"]["step"] == 7
    assert assets["named.bin"]["step"] == 8
    assert json.loads(contents["data.json"]) == {"a": [1, 2]}
    assert contents["a.txt"] == b"text"
    assert contents["empty"] == b""
    (text,) = (asset for asset in assets.values() if asset["type"] == "text")
    assert text["metadata"] == {"k": "v"}
    assert logged is not None
    assert logged["imageId"] == assets["noise.png"]["id"]
    assert assets["noise.png"]["content_type"] == "image/png"
    assert PIL.Image.open(io.BytesIO(contents["noise.png"])).size == (5, 4)


def test_a_missing_file_is_said(experiment: oort.Experiment) -> None:
    with pytest.raises(ValueError, match="/no/such/file"):
        experiment.log_asset("/no/such/file")
    with pytest.raises(ValueError, match="/no/such/file"):
        experiment.log_image("/no/such/file")


def test_a_disabled_experiment_does_nothing(home: pathlib.Path) -> None:
    with oort.Experiment(disabled=True) as experiment:
        assert experiment.log_embedding("nonsense", 3) is None
        assert experiment.create_embedding_image(None, None) == (None, None)
        assert experiment.log_asset("/no/such/file") is None
        experiment.log_metric("x", "no number")
        assert experiment.get_key() is None
        assert experiment.url is None
    assert not home.exists()


def test_arguments_of_comet_are_ignored_and_others_said(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    with oort.Experiment(log_code=False, auto_metric_logging=True, parse_args=False):
        assert not caplog.records
    with oort.Experiment(projet_name="typo"):
        assert "projet_name" in caplog.text


def test_after_the_end_nothing_is_logged_and_that_is_said(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    experiment = oort.Experiment()
    experiment.end()
    experiment.end()
    with caplog.at_level(logging.WARNING):
        assert experiment.log_embedding(VECTORS, None) is None
    assert "is ended" in caplog.text
    assert not experiment.alive


@pytest.mark.parametrize("key", ["abc", "G" * 32, "../../../../../etc/passwd", "A" * 32])
def test_a_malformed_key_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="experiment_key"):
        oort.Experiment(experiment_key=key)


def test_threads_may_log_at_once(server: Server, experiment: oort.Experiment) -> None:
    def work(thread: int) -> None:
        for i in range(50):
            experiment.log_metric(f"m{thread}", i, step=i)
            if i % 10 == 0:
                experiment.log_embedding(VECTORS, None, title=f"{thread}-{i}", group="all")

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    experiment.end()
    key = str(experiment.get_key())
    (asset,) = server.assets(key, "embeddings")
    assert len(server.template(key, asset["id"])) == 20
    metrics = server.get(f"/api/v1/experiments/{key}/metrics")["metrics"]
    assert sorted((m["name"], m["n"]) for m in metrics) == [(f"m{i}", 50) for i in range(4)]


def test_a_call_does_not_wait_for_the_network(
    server: Server, home: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How fast it is, the benchmark says; here no request is answered until the calls are back."""
    may_answer = threading.Event()

    def hold(_method: str, _path: str) -> None:
        assert may_answer.wait(60)

    proxy = FaultyProxy(server.url, hold)
    monkeypatch.setenv("OORT_URL", proxy.url)
    try:
        with oort.Experiment() as experiment:
            logged = experiment.log_embedding(
                np.ones((3000, 50), np.float32), None, np.zeros((3000, 2, 2)), (2, 2)
            )
            experiment.log_metric("loss", 1)
            assert logged is not None
            key = str(experiment.get_key())
            assert not server.knows(f"/api/v1/experiments/{key}")
            may_answer.set()
        (entry,) = server.template(key, str(logged["assetId"]))
        assert server.vectors(entry).shape == (3000, 50)
    finally:
        may_answer.set()
        proxy.stop()
    assert list((home / "spool").iterdir()) == []


def run_script(path: pathlib.Path, *arguments: str, server: Server) -> Any:
    """Run a script that prints the address of its experiment; give what the server has of it."""
    printed = subprocess.run(
        [sys.executable, *arguments, *([] if arguments else [str(path)])],
        cwd=path.parent,
        env={
            **os.environ,
            "OORT_URL": server.url,
            "OORT_API_KEY": server.token,
            "PYTHONPATH": os.pathsep.join([str(path.parent), *sys.path]),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    return server.experiment(printed.strip().rsplit("/", 1)[-1])


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ("", "train_digits"),
        ("name='given'", "given"),
        ("experiment_name='given'", "given"),
    ],
)
def test_an_experiment_is_named_after_its_script(
    server: Server, home: pathlib.Path, tmp_path: pathlib.Path, options: str, name: str
) -> None:
    script = tmp_path / "train_digits.py"
    script.write_text(
        f"import oort\nwith oort.Experiment({options}) as experiment:\n"
        "    assert experiment.get_name()\n    print(experiment.url)\n"
    )
    assert run_script(script, server=server)["name"] == name


def test_a_package_that_runs_gives_its_name_and_a_shell_none(
    server: Server, home: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    text = "import oort\nwith oort.Experiment() as experiment:\n    print(experiment.url)\n"
    (tmp_path / "digits").mkdir()
    script = tmp_path / "digits" / "__main__.py"
    script.write_text(text)
    path = tmp_path / "none.py"
    assert run_script(path, "-m", "digits", server=server)["name"] == "digits"
    assert run_script(path, "-c", text, server=server)["name"] is None


def test_going_on_with_an_experiment_keeps_its_name(server: Server, home: pathlib.Path) -> None:
    with oort.Experiment(url=server.url, api_key=server.token, name="first") as first:
        pass
    with oort.Experiment(experiment_key=first.get_key(), url=server.url, api_key=server.token):
        pass
    assert server.experiment(str(first.get_key()))["name"] == "first"


@pytest.mark.parametrize(
    ("count", "size", "message"),
    [
        (2, (2, 2), r"image_size is \(2, 2\) and image_data was made .* with \(1, 1\)"),
        (1, (1, 1), "image_data was made by create_embedding_image of 1 images and vectors has 2"),
    ],
)
def test_an_image_that_does_not_fit_is_refused(
    experiment: oort.Experiment, count: int, size: tuple[int, int], message: str
) -> None:
    _, url = experiment.create_embedding_image([[[255]]] * count, (1, 1))
    with pytest.raises(ValueError, match=message):
        experiment.log_embedding(VECTORS, None, image_data=url, image_size=size)


@pytest.mark.parametrize("step", ["x", float("nan"), float("inf"), [1]])
def test_a_step_that_is_no_number_is_refused(experiment: oort.Experiment, step: Any) -> None:
    with pytest.raises(ValueError, match=r"step is .*: a whole number is needed"):
        experiment.set_step(step)


def test_a_title_of_none_is_the_usual_title(server: Server, experiment: oort.Experiment) -> None:
    entry = only_entry(server, experiment, experiment.log_embedding(VECTORS, None, title=None))
    assert entry["tensorName"] == "Comet Embedding"
