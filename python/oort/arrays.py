# SPDX-License-Identifier: Apache-2.0
"""What other libraries call arrays and tables, as numpy arrays and lists."""

from __future__ import annotations

from typing import Any

import numpy as np

# What from_dlpack and __array__ raise for a device, type or layout that numpy does not know.
_CONVERSION_ERRORS = (BufferError, TypeError, RuntimeError, ValueError, NotImplementedError)


def to_array(value: Any) -> np.ndarray | None:
    """
    Give the numpy array that `value` is or stands for, or None if it is no array.

    Takes what has ``__array__`` or DLPack (torch, jax, tensorflow, cupy, …), sparse matrices, and
    series of pandas, polars and Arrow. Not copied where that can be avoided. Lists are no arrays.
    """
    if isinstance(value, np.ma.MaskedArray):
        return _fill_masked(value)
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, (list, tuple, str, bytes, dict)) or value is None:
        return None
    if hasattr(value, "toarray"):
        return np.asarray(value.toarray())
    if hasattr(value, "detach") and hasattr(value, "cpu"):
        value = value.detach().cpu()
    return _through_protocols(value)


def _through_protocols(value: Any) -> np.ndarray | None:
    for convert, protocol in ((np.from_dlpack, "__dlpack__"), (np.asarray, "__array__")):
        if not hasattr(value, protocol):
            continue
        try:
            array: np.ndarray = convert(value)
        except _CONVERSION_ERRORS:
            continue
        return array
    if hasattr(value, "float") and hasattr(value, "__dlpack__"):
        # bfloat16 and its kin have no numpy type.
        return _through_protocols_as_float(value)
    return None


def _through_protocols_as_float(value: Any) -> np.ndarray | None:
    try:
        array: np.ndarray = np.from_dlpack(value.float())
    except _CONVERSION_ERRORS:
        return None
    return array


def _fill_masked(value: np.ma.MaskedArray[Any, Any]) -> np.ndarray:
    if not np.ma.is_masked(value):
        return np.asarray(value.data)
    # A masked number is a missing one.
    return np.ma.filled(value.astype(np.float64), np.nan)


def to_columns(value: Any) -> list[tuple[str, Any]] | None:
    """
    Give names and columns of a dict or of a frame of pandas, polars or Arrow; None if it is none.

    Recognised by their methods, so that none of these libraries need be installed.
    """
    if isinstance(value, dict):
        return [(str(name), column) for name, column in value.items()]
    if hasattr(value, "iloc") and hasattr(value, "columns"):
        return [(str(name), value.iloc[:, i]) for i, name in enumerate(value.columns)]
    if hasattr(value, "get_columns") and hasattr(value, "height"):
        return [(str(column.name), column) for column in value.get_columns()]
    if hasattr(value, "column_names") and hasattr(value, "column"):
        return [(str(name), value.column(i)) for i, name in enumerate(value.column_names)]
    return None


def to_list(value: Any) -> list[Any]:
    """Give the items of any array, series or iterable as Python objects."""
    if isinstance(value, np.ma.MaskedArray):
        return [None if item is np.ma.masked else item for item in value]
    for method in ("to_pylist", "to_list", "tolist"):
        if hasattr(value, method):
            items = getattr(value, method)()
            return items if isinstance(items, list) else [items]
    array = to_array(value)
    if array is not None:
        return to_list(array)
    return list(value)


def is_series(value: Any) -> bool:
    """Whether it is one column of pandas, polars or Arrow."""
    if isinstance(value, np.ndarray):
        return False
    return (
        (hasattr(value, "isna") and not hasattr(value, "columns"))
        or hasattr(value, "to_pylist")
        or (hasattr(value, "to_list") and hasattr(value, "name") and hasattr(value, "to_numpy"))
    )
