# SPDX-License-Identifier: Apache-2.0
"""
Options as C++ lists them, in scikit-learn's manner.

Names, defaults and ranges stand once, in the ``fields()`` of each options struct under src/numeric;
here they become signatures and JSON. ``seed`` is called `random_state`, and the number of threads
`n_jobs`.
"""

from __future__ import annotations

import inspect
import json
import math
import os
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

_LARGEST_SEED = 2**64 - 1


def to_python_names(options: Mapping[str, Any]) -> dict[str, Any]:
    """Give the options of C++ with scikit-learn's names, `random_state` and `n_jobs` at the end."""
    named = {name: default for name, default in options.items() if name != "seed"}
    return {**named, "random_state": None, "n_jobs": None}


def signature_of(leading: list[str], keywords: Mapping[str, Any]) -> inspect.Signature:
    """Give the signature of a function with positional arguments and options by keyword."""
    position, keyword = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY
    return inspect.Signature(
        [inspect.Parameter(name, position) for name in leading]
        + [inspect.Parameter(name, keyword, default=keywords[name]) for name in keywords]
    )


def to_json(options: Mapping[str, Any]) -> str:
    """Give the text that C++ reads; what JSON lacks arrives as a text, which C++ then refuses."""
    return json.dumps({name: _to_json_value(value) for name, value in options.items()})


def _to_json_value(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _to_json_value(item) for name, item in value.items()}
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return repr(value)


def to_seed(random_state: Any) -> int | None:
    """
    Give the seed that `random_state` stands for; None is the default seed of C++.

    A numpy RandomState or Generator gives its next number, so that it makes another layout each
    time, as in scikit-learn.
    """
    if random_state is None:
        return None
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(np.iinfo(np.int32).max))
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(np.iinfo(np.int32).max))
    if isinstance(random_state, (int, np.integer)) and not isinstance(random_state, bool):
        if 0 <= random_state <= _LARGEST_SEED:
            return int(random_state)
        raise ValueError(f"random_state {random_state} is out of range: 0..{_LARGEST_SEED}")
    raise ValueError(
        f"random_state {random_state!r} is none of: None, an int, a numpy RandomState or Generator"
    )


def to_n_threads(n_jobs: Any) -> int:
    """
    Give the number of threads that `n_jobs` stands for; 0 is as many as there are processors.

    None and -1 mean all of them, -2 all but one, and so on. The result never depends on it.
    """
    if n_jobs is None:
        return 0
    if not isinstance(n_jobs, (int, np.integer)) or isinstance(n_jobs, bool) or n_jobs == 0:
        raise ValueError(f"n_jobs {n_jobs!r} is neither None nor a number of threads but 0")
    if n_jobs > 0:
        return int(n_jobs)
    return 0 if n_jobs == -1 else max(1, (os.cpu_count() or 1) + 1 + int(n_jobs))


def split_options(options: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    """Give the options of C++ and the number of threads; what is not given keeps its default."""
    named = dict(options)
    seed = to_seed(named.pop("random_state", None))
    n_threads = to_n_threads(named.pop("n_jobs", None))
    if seed is not None:
        named["seed"] = seed
    return named, n_threads


def to_label_codes(labels: Any, n_rows: int, what: str) -> np.ndarray | None:
    """
    Give one uint32 code a row, equal for equal labels; the largest of all for no label.

    None, NaN and, among integers, -1 stand for no label.
    """
    if labels is None:
        return None
    items = np.asarray(labels)
    if items.ndim == 2 and items.shape[1] == 1:
        items = items[:, 0]
    if items.ndim != 1 or len(items) != n_rows:
        raise ValueError(
            f"{what} has the shape {items.shape} but there are {n_rows} rows: one label per row"
        )
    if items.dtype.kind == "f":
        missing = np.isnan(items)
    elif items.dtype.kind == "O":
        missing = np.array([item is None or item != item for item in items], dtype=bool)
        items = np.array([str(item) for item in items])
    else:
        missing = items == -1 if items.dtype.kind == "i" else np.zeros(n_rows, dtype=bool)
    codes = np.full(n_rows, 0xFFFFFFFF, dtype=np.uint32)
    codes[~missing] = np.unique(items[~missing], return_inverse=True)[1].ravel()
    return codes
