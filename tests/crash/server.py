# SPDX-License-Identifier: Apache-2.0
"""A real server that tests start, kill and start again on the same data and port."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("OORT_PROGRAM", ROOT / "build" / "release" / "oort"))


class Server:
    """`oort serve` on loopback with its data under `home`; the port stays the same over restarts."""

    def __init__(self, home: Path, *options: str) -> None:
        self.home = home
        self.options = options
        self.port = 0
        self.n_starts = 0
        self.process: subprocess.Popen | None = None
        self.url = self.token = ""

    def start(self) -> None:
        self.n_starts += 1
        ready = self.home / f"ready-{self.n_starts}.json"
        with (self.home / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "serve", "--data", self.home / "data", "--port", str(self.port)]
                + ["--ready-file", ready, *self.options],
                env={**os.environ, "OORT_HOME": str(self.home)},
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + 20
        while not ready.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError("the server did not start: " + (self.home / "server.log").read_text())
            time.sleep(0.005)
        answer = json.loads(ready.read_text())
        self.url, self.token = answer["url"], answer["token"]
        self.port = int(self.url.rsplit(":", 1)[1])

    def kill(self) -> None:
        """kill -9: no warning, no goodbye."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """A polite end; returns the exit status."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(timeout=20)
