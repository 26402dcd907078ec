# SPDX-License-Identifier: Apache-2.0
"""Metrics, parameters, marks and other single values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Union

import numpy as np

from oort.arrays import to_array

if TYPE_CHECKING:
    from collections.abc import Iterator

Value = Union[bool, int, float, str]

_MAX_INTEGER = 2**63


def to_number(value: Any, what: str) -> float:
    """Give the one number that a value, array or tensor holds."""
    array = to_array(value)
    if array is not None and array.size == 1:
        value = array.reshape(()).item()
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{what} is {value!r}: a number is needed") from error


def to_value(value: Any) -> Value:
    """Give a bool, a number or a text; whatever else as its text."""
    array = None if isinstance(value, (str, bytes)) else to_array(value)
    if array is not None and array.size == 1:
        value = array.reshape(()).item()
    if isinstance(value, (bool, float, str)):
        return value
    if isinstance(value, (int, np.integer)):
        return int(value) if abs(int(value)) < _MAX_INTEGER else str(value)
    return str(value)


def flatten(parameters: Mapping[str, Any], outer: str = "") -> Iterator[tuple[str, Any]]:
    """Give the pairs of nested dicts, names joined by "|"."""
    for name, value in parameters.items():
        path = f"{outer}|{name}" if outer else str(name)
        if isinstance(value, Mapping) and value:
            yield from flatten(value, path)
        else:
            yield path, value


def to_mark(number: Any, what: str) -> int | None:
    """Give a step or epoch; a fraction is cut off, as Comet does."""
    try:
        return None if number is None else int(number)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{what} is {number!r}: a whole number is needed") from error


def to_json_text(value: Any, what: str) -> str:
    """Give the JSON of a value; what JSON does not know becomes a list or a text."""
    try:
        return json.dumps(value, ensure_ascii=True, allow_nan=False, default=_json_default)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{what} has no JSON form: {error}") from error


def _json_default(value: Any) -> Any:
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    return str(value)


def to_metadata_text(metadata: Mapping[str, Any] | None) -> str:
    """Give the JSON of the metadata of an asset; "" for none."""
    return "" if metadata is None else to_json_text(dict(metadata), "metadata")
