# SPDX-License-Identifier: Apache-2.0
"""The `labels` argument: numbers, strings, tables and frames, as columns of text."""

from __future__ import annotations

import math
import reprlib
from typing import Any

import numpy as np

from oort.arrays import is_series, to_array, to_columns, to_list

Columns = tuple[list[str], list[list[str]]]


def to_labels(labels: Any, n_rows: int) -> Columns:
    """
    Convert to names and columns of text, each column n_rows long.

    Parameters
    ----------
    labels
        None; a list or array of numbers, strings or None; a table as a list of rows, whose first
        row is a header if it has n_rows + 1 rows; a two-dimensional array, of which one-hot rows
        become the number of their class; a dict of columns; a frame or series of pandas, polars
        or Arrow.
    n_rows
        How many rows the vectors have.

    Returns
    -------
    tuple
        Names (none for a plain list) and columns. Missing values are empty.

    Raises
    ------
    ValueError
        If the lengths do not agree.

    """
    if labels is None:
        return [], []
    if isinstance(labels, (str, bytes)) or np.isscalar(labels):
        raise ValueError(f"labels is {reprlib.repr(labels)}: one label a row is needed, or None")
    named = to_columns(labels)
    if named is not None:
        return _from_columns(named, n_rows)
    array = None if is_series(labels) else to_array(labels)
    if array is not None and array.ndim == 0:
        raise ValueError(f"labels is {reprlib.repr(labels)}: one label a row is needed, or None")
    if array is not None and array.ndim > 1:
        return _from_matrix(array.reshape(len(array), -1), n_rows)
    items = to_list(labels if array is None else array)
    if any(_is_row(item) for item in items):
        return _from_rows(items, n_rows)
    _check_length("labels", len(items), n_rows)
    return [], [[to_text(item) for item in items]]


def to_text(value: Any) -> str:
    """Give the text of one cell; missing values (None, NaN, NA, NaT) are empty."""
    if isinstance(value, str):
        # A lone surrogate has no UTF-8.
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return ""
    if isinstance(value, (np.generic, np.ndarray)) and value.size == 1:
        value = np.asarray(value).item()
        if value is None:
            return ""
    if isinstance(value, float) and math.isnan(value):
        return ""
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode("utf-8", "replace")
    return str(value)


def _check_length(what: str, n: int, n_rows: int) -> None:
    if n != n_rows:
        raise ValueError(f"{what} has {n} values and vectors has {n_rows} rows: they must be equal")


def _from_columns(named: list[tuple[str, Any]], n_rows: int) -> Columns:
    if not named:
        raise ValueError("labels is empty: it has no columns")
    columns = []
    for name, column in named:
        if isinstance(column, (str, bytes)) or np.isscalar(column):
            raise ValueError(
                f"labels column {name!r} is {reprlib.repr(column)}: a list of values is needed"
            )
        items = to_list(column)
        _check_length(f"labels column {name!r}", len(items), n_rows)
        columns.append([to_text(item) for item in items])
    return [to_text(name) for name, _ in named], columns


def _is_row(item: Any) -> bool:
    if isinstance(item, (list, tuple)):
        return True
    return not isinstance(item, (str, bytes, int, float)) and getattr(item, "ndim", 0) > 0


def _from_matrix(matrix: np.ndarray, n_rows: int) -> Columns:
    is_numeric = matrix.dtype.kind in "biuf"
    if not is_numeric:
        return _from_rows(matrix.tolist(), n_rows)
    # A row of numbers is no header.
    _check_length("labels", len(matrix), n_rows)
    if _is_one_hot(matrix):
        return [], [[str(index) for index in matrix.argmax(axis=1).tolist()]]
    return [], [[to_text(item) for item in column] for column in matrix.T.tolist()]


def _is_one_hot(matrix: np.ndarray) -> bool:
    if matrix.shape[1] < 2:
        return False
    return bool(((matrix == 0) | (matrix == 1)).all() and (matrix.sum(axis=1) == 1).all())


def _from_rows(items: list[Any], n_rows: int) -> Columns:
    rows = [_flat(item) for item in items]
    if len(rows) not in (n_rows, n_rows + 1):
        raise ValueError(
            f"labels has {len(rows)} rows and vectors has {n_rows}: they must be equal, or labels "
            f"may have one more if its first is a header"
        )
    for i, row in enumerate(rows):
        if len(row) != len(rows[0]):
            raise ValueError(
                f"labels[{i}] has {len(row)} values and labels[0] has {len(rows[0])}: all rows "
                f"must be of equal length"
            )
    if not rows[0]:
        raise ValueError("labels is empty: its rows have no values")
    names: list[str] = []
    if len(rows) == n_rows + 1:
        if not all(isinstance(name, str) for name in rows[0]):
            raise ValueError(
                f"labels has {len(rows)} rows and vectors has {n_rows}: one more is allowed only "
                f"for a header of names, and the first row is {reprlib.repr(rows[0])}"
            )
        names = [to_text(name) for name in rows.pop(0)]
    elif all(_is_number(value) for row in rows for value in row):
        return _from_matrix(np.array(rows, dtype=np.float64 if _any_float(rows) else None), n_rows)
    elif _looks_like_header(rows):
        raise ValueError(
            f"labels has a header row and {len(rows) - 1} rows, and vectors has {n_rows}: they "
            f"must be equal"
        )
    columns = [[to_text(value) for value in column] for column in zip(*rows)]
    return names, columns


def _flat(row: Any) -> list[Any]:
    if not _is_row(row):
        return [row]
    return [value for item in to_list(row) for value in _flat(item)]


def _is_number(value: Any) -> bool:
    return isinstance(value, (bool, int, float, np.number, np.bool_))


def _any_float(rows: list[list[Any]]) -> bool:
    return any(isinstance(value, (float, np.floating)) for row in rows for value in row)


def _looks_like_header(rows: list[list[Any]]) -> bool:
    """Names above nothing but numbers, in some column of at least three rows."""
    if len(rows) < 3 or not all(isinstance(name, str) for name in rows[0]):
        return False
    return any(all(_is_number(value) for value in column[1:]) for column in zip(*rows))
