# SPDX-License-Identifier: Apache-2.0
"""Metrics, parameters and other single values."""

from __future__ import annotations

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
