# SPDX-License-Identifier: Apache-2.0
"""What is known of the script that logs."""

from __future__ import annotations

import contextlib
import pathlib
import sys

# Runs people's cells, and says nothing about whose.
_NAMELESS_PROGRAMS = ("ipykernel_launcher", "colab_kernel_launcher")


def script_name() -> str:
    """Give the name of the script that runs; "" in a shell or a notebook."""
    argument = str((getattr(sys, "argv", None) or [""])[0])
    with contextlib.suppress(OSError, ValueError):
        path = pathlib.Path(argument).resolve()
        if argument and path.is_file():
            # `python -m package` runs its __main__.py.
            name = path.parent.name if path.stem == "__main__" else path.stem
            return "" if name in _NAMELESS_PROGRAMS else name
    return ""
