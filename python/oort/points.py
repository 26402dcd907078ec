# SPDX-License-Identifier: Apache-2.0
"""The `X` of the estimators: n rows of d numbers, in a type that C++ reads as it is."""

from __future__ import annotations

import reprlib
from typing import Any

import numpy as np

from oort.arrays import to_array, to_columns

# Read by C++ as they are; everything else becomes float32.
_TYPES_READ = (np.dtype(np.float32), np.dtype(np.float16), np.dtype(np.uint8))


def to_points(x: Any, what: str = "X") -> tuple[np.ndarray, np.ndarray | None]:
    """
    Convert to a C-contiguous n x d array of float32, float16 or uint8.

    Not copied if it is one already. Bools become bytes in place; all other numbers are rounded to
    float32.

    Returns
    -------
    tuple
        The array, and the names of the columns if `x` is a frame whose names are all strings.

    Raises
    ------
    ValueError, TypeError
        If it is not two-dimensional, is empty, sparse or complex, or holds something that is no
        number.

    """
    if hasattr(x, "toarray") and hasattr(x, "nnz"):
        raise TypeError(f"{what} is sparse, which is not supported: give {what}.toarray()")
    columns = None if isinstance(x, dict) else to_columns(x)
    names = None
    if columns is not None:
        names = _names(x)
        array = np.column_stack([np.asarray(column) for _, column in columns])
    else:
        converted = to_array(x)
        array = np.asarray(x) if converted is None else converted
    return _checked(array, what), names


def _names(frame: Any) -> np.ndarray | None:
    names = list(getattr(frame, "column_names", None) or frame.columns)
    if not all(isinstance(name, str) for name in names):
        return None
    return np.asarray(names, dtype=object)


def _checked(array: np.ndarray, what: str) -> np.ndarray:
    if array.dtype.kind == "c":
        raise ValueError(f"Complex data not supported: {what} has the type {array.dtype}")
    if array.ndim != 2:
        raise ValueError(
            f"Expected 2D array, got {array.ndim}D array instead: {what} = "
            f"{reprlib.repr(array.tolist() if array.ndim < 2 else array.shape)}. Reshape your data "
            f"either using array.reshape(-1, 1) if your data has a single feature or "
            f"array.reshape(1, -1) if it contains a single sample."
        )
    for count, noun in zip(array.shape, ("sample", "feature")):
        if count == 0:
            raise ValueError(
                f"Found array with 0 {noun}(s) (shape={array.shape}) while a minimum of 1 is "
                f"required."
            )
    if array.dtype == np.bool_:
        array = array.view(np.uint8)
    if array.dtype in _TYPES_READ:
        return np.ascontiguousarray(array)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.ascontiguousarray(array, dtype=np.float32)
