# SPDX-License-Identifier: Apache-2.0
"""The `vectors` argument: whatever holds n rows of numbers, as n x d float32."""

from __future__ import annotations

import reprlib
from typing import Any

import numpy as np

from oort.arrays import is_series, to_array, to_columns, to_list

_CHUNK_ROWS = 4096


def to_vectors(vectors: Any) -> tuple[np.ndarray, str | None]:
    """
    Convert to a C-contiguous n x d float32 array; not copied if it is one.

    Parameters
    ----------
    vectors
        Lists, arrays of any numeric type and rank (each item is flattened), tensors, frames with a
        column a dimension, series of rows.

    Returns
    -------
    tuple
        The array, and the type whose values had to be rounded, or None.

    Raises
    ------
    ValueError
        If there are no rows or no columns, rows differ in length, or something is no number.

    """
    array = _to_numbers(vectors)
    if array.ndim == 0:
        raise ValueError(f"vectors is {reprlib.repr(vectors)}: a list of rows is needed")
    if array.size == 0:
        raise ValueError(
            f"vectors is empty (shape {array.shape}): at least one row and one column are needed"
        )
    array = array.reshape(len(array), -1)
    with np.errstate(over="ignore", invalid="ignore"):
        rows = np.ascontiguousarray(array, dtype=np.float32)
    return rows, _rounded_type(array, rows)


def _to_numbers(vectors: Any) -> np.ndarray:
    if vectors is None or isinstance(vectors, (str, bytes)):
        raise ValueError(f"vectors is {reprlib.repr(vectors)}: a list of rows of numbers is needed")
    columns = to_columns(vectors)
    if columns is not None:
        return _from_columns(columns)
    array = None if is_series(vectors) else to_array(vectors)
    if array is None and not hasattr(vectors, "__iter__"):
        raise ValueError(f"vectors is {reprlib.repr(vectors)}: a list of rows of numbers is needed")
    if array is None or array.dtype == object:
        array = _from_rows(to_list(vectors), "vectors")
    return _checked(array, "vectors")


def _from_columns(columns: list[tuple[str, Any]]) -> np.ndarray:
    if not columns:
        raise ValueError("vectors is empty: it has no columns")
    arrays = []
    for name, column in columns:
        what = f"vectors column {name!r}"
        array = _checked(_column(column, what), what)
        if array.ndim != 1:
            array = array.reshape(len(array), -1)
        arrays.append(array)
        if len(array) != len(arrays[0]):
            raise ValueError(
                f"vectors column {name!r} has {len(array)} values and column {columns[0][0]!r} has "
                f"{len(arrays[0])}: all columns must be of equal length"
            )
    return np.column_stack(arrays)


def _column(column: Any, what: str) -> np.ndarray:
    # Missing values of nullable types arrive as None or NA: NaN, like any number that is not known.
    array = to_array(column)
    if array is not None and array.dtype != object:
        return array
    items = [np.nan if _is_missing(item) else item for item in to_list(column)]
    return _from_rows(items, what)


def _is_missing(item: Any) -> bool:
    return item is None or type(item).__name__ in ("NAType", "NaTType")


def _from_rows(rows: list[Any], what: str) -> np.ndarray:
    converted = [
        row if isinstance(row, (list, tuple)) else _row(row, f"{what}[{i}]")
        for i, row in enumerate(rows)
    ]
    shapes = [_shape(row) for row in converted]
    for i, shape in enumerate(shapes):
        if shape != shapes[0]:
            raise ValueError(
                f"{what}[{i}] has {_describe(shape)} and {what}[0] has {_describe(shapes[0])}: all "
                f"rows must be of equal length"
            )
    try:
        return np.array(converted)
    except ValueError as error:
        for i, row in enumerate(converted):
            _check_row(row, f"{what}[{i}]")
        raise ValueError(f"{what} has rows of unequal shape: all must be equal") from error


def _row(row: Any, what: str) -> Any:
    array = to_array(row)
    if array is not None:
        return array
    if _is_missing(row) or isinstance(row, (str, bytes)):
        raise ValueError(f"{what} is {reprlib.repr(row)}: numbers are needed")
    return to_list(row) if hasattr(row, "__iter__") else row


def _shape(row: Any) -> tuple[int, ...]:
    if isinstance(row, np.ndarray):
        return tuple(row.shape)
    return (len(row),) if isinstance(row, (list, tuple)) else ()


def _describe(shape: tuple[int, ...]) -> str:
    if not shape:
        return "one number"
    return f"{shape[0]} values" if len(shape) == 1 else f"shape {shape}"


def _check_row(row: Any, what: str) -> None:
    try:
        np.array(row)
    except ValueError as error:
        raise ValueError(f"{what} has parts of unequal length") from error


def _checked(array: np.ndarray, what: str) -> np.ndarray:
    # ml_dtypes (bfloat16, float8) are of kind "V" but convert.
    if array.dtype.kind in "biuf" or array.dtype.name.startswith(("bfloat", "float8")):
        return array
    if array.dtype == object:
        raise ValueError(
            f"{what} holds {reprlib.repr(_first_odd(array))}: only numbers are allowed"
        )
    raise ValueError(f"{what} has the type {array.dtype}: only real numbers are allowed")


def _first_odd(array: np.ndarray) -> Any:
    for item in array.flat:
        if not isinstance(item, (int, float, np.number)):
            return item
    return array.flat[0]


def _rounded_type(array: np.ndarray, rows: np.ndarray) -> str | None:
    if np.can_cast(array.dtype, np.float32, casting="safe"):
        return None
    for begin in range(0, len(array), _CHUNK_ROWS):
        wide = array[begin : begin + _CHUNK_ROWS]
        narrow = rows[begin : begin + _CHUNK_ROWS].astype(
            wide.dtype.type if wide.dtype.kind == "f" else np.float64
        )
        differs = narrow != wide
        if wide.dtype.kind == "f":
            differs &= ~np.isnan(wide)
        if differs.any():
            return str(array.dtype)
    return None
