# SPDX-License-Identifier: Apache-2.0
"""A network that is not to be relied on, in front of a real server."""

from __future__ import annotations

import http.client
import http.server
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    # Takes method and path; gives what happens instead of the server's answer, or None.
    #   a number       that status, without asking the server
    #   "cut"          the connection ends before the server was asked
    #   "cut after"    the server did its work, but its answer is lost
    #   "half"         the server gets half the body, then the connection ends
    Fault = Callable[[str, str], "int | str | None"]


class FaultyProxy:
    """Passes requests on to `server_url`, but for those that `fault` picks."""

    def __init__(self, server_url: str, fault: Fault) -> None:
        self.fault = fault
        self.requests: list[tuple[str, str]] = []
        address = server_url.split("//", 1)[1]
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                proxy.requests.append((self.command, self.path))
                fault = proxy.fault(self.command, self.path)
                if isinstance(fault, int):
                    self.answer(fault, {"Content-Type": "application/json"}, b'{"error":{}}')
                    return
                if fault != "cut":
                    status, headers, content = self.pass_on(body, is_half=fault == "half")
                    if fault is None:
                        self.answer(status, headers, content)
                        return
                self.close_connection = True
                self.connection.close()

            do_GET = do_HEAD = do_PUT = do_PATCH = do_POST = handle_any

            def pass_on(self, body: bytes, *, is_half: bool) -> tuple[int, dict[str, str], bytes]:
                upstream = http.client.HTTPConnection(address, timeout=20)
                headers = {k: v for k, v in self.headers.items() if k.lower() != "host"}
                if is_half:
                    upstream.putrequest(self.command, self.path)
                    for name, value in headers.items():
                        upstream.putheader(name, value)
                    upstream.endheaders(body[: len(body) // 2])
                    upstream.close()
                    return 0, {}, b""
                upstream.request(self.command, self.path, body, headers)
                response = upstream.getresponse()
                content = response.read()
                kept = {
                    name: value
                    for name, value in response.getheaders()
                    if name.lower() not in ("connection", "content-length", "transfer-encoding")
                }
                upstream.close()
                return response.status, kept, content

            def answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
