# SPDX-License-Identifier: Apache-2.0
"""A WebSocket client (RFC 6455) as small as the tests need: it listens, and answers pings."""

from __future__ import annotations

import base64
import os
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from server import Server


@dataclass
class Frame:
    encoding: int
    n_components: int
    n_rows: int
    iteration: int
    sequence: int
    body: bytes

    def points(self) -> np.ndarray:
        """n_rows x n_components, in draw order."""
        if self.encoding == 0:
            return np.frombuffer(self.body, "<f4").reshape(self.n_components, -1).T
        box = np.frombuffer(self.body[: 8 * self.n_components], "<f4").reshape(-1, 2)
        levels = np.frombuffer(self.body[8 * self.n_components :], "<u2").reshape(self.n_components, -1)
        return (box[:, :1] + (box[:, 1:] - box[:, :1]) * (levels / 65534)).T


class FramesSocket:
    """Watches a projection, signed in as a browser's script is."""

    def __init__(self, server: Server, key: str, encoding: str = "uint16", buffer: int = 0) -> None:
        self.socket = socket.socket()
        if buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.socket.settimeout(120)
        self.socket.connect(("127.0.0.1", server.port))
        self.buffer = b""
        self.last: Frame | None = None
        self.socket.sendall(
            f"GET /api/v1/projections/{key}/frames?encoding={encoding} HTTP/1.1\r\n"
            f"Host: 127.0.0.1:{server.port}\r\nOrigin: http://127.0.0.1:{server.port}\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n"
            f"Sec-WebSocket-Protocol: oort, oort.bearer.{server.token}\r\n\r\n".encode()
        )
        while b"\r\n\r\n" not in self.buffer:
            self.fill()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 "), head
        assert b"\r\nsec-websocket-protocol: oort\r\n" in head.lower() + b"\r\n", head
        assert server.token.encode() not in head

    def __enter__(self) -> FramesSocket:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def fill(self) -> None:
        got = self.socket.recv(1 << 16)
        assert got, "the server cut the socket without a goodbye"
        self.buffer += got

    def take(self, n: int) -> bytes:
        while len(self.buffer) < n:
            self.fill()
        taken, self.buffer = self.buffer[:n], self.buffer[n:]
        return taken

    def send(self, opcode: int, body: bytes) -> None:
        self.socket.sendall(bytes([0x80 | opcode, 0x80 | len(body), 0, 0, 0, 0]) + body)

    def next(self) -> str | bytes | None:
        """The next message; None once the server has said goodbye, with the code 1000."""
        while True:
            first, length = self.take(2)
            assert first & 0xF0 == 0x80 and length < 128, "one unmasked frame a message"
            if length == 126:
                (length,) = struct.unpack(">H", self.take(2))
            elif length == 127:
                (length,) = struct.unpack(">Q", self.take(8))
            body = self.take(length)
            match first & 15:
                case 1:
                    return body.decode()
                case 2:
                    self.last = self.frame_of(body)
                    return body
                case 8:
                    assert struct.unpack(">H", body[:2]) == (1000,), body
                    self.send(8, body[:2])
                    return None
                case 9:
                    self.send(10, body)

    def messages(self) -> Iterator[str | bytes]:
        while (message := self.next()) is not None:
            yield message

    def next_frame(self) -> Frame:
        while True:
            message = self.next()
            assert message is not None, "the server said goodbye"
            if isinstance(message, bytes):
                return self.frame_of(message)

    def last_frame(self) -> Frame:
        """The one before the goodbye."""
        for _ in self.messages():
            pass
        assert self.last is not None
        return self.last

    @staticmethod
    def frame_of(body: bytes) -> Frame:
        magic, version, encoding, n_components, n_rows, iteration, _, sequence, zero = struct.unpack(
            "<4sHBBIIIIQ", body[:32]
        )
        assert (magic, version, zero) == (b"OFRM", 1, 0)
        return Frame(encoding, n_components, n_rows, iteration, sequence, body[32:])
