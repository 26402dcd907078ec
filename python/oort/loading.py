# SPDX-License-Identifier: Apache-2.0
"""Loading of the compiled modules."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def without_interrupts() -> Iterator[None]:
    """Hold Ctrl-C back until the block has ended.

    Python drops a module whose import was interrupted; a module of nanobind that was made but not
    yet set up then ends the whole process with a segmentation fault.
    """
    is_main = threading.current_thread() is threading.main_thread()
    handler = signal.getsignal(signal.SIGINT)
    if not is_main or handler is None:
        yield
        return
    held = []
    signal.signal(signal.SIGINT, lambda number, _: held.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
    if held:
        signal.raise_signal(signal.SIGINT)
