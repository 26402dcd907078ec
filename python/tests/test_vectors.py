# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from oort.vectors import to_vectors

NUMERIC = st.one_of(
    hnp.floating_dtypes(sizes=(16, 32, 64)),
    hnp.integer_dtypes(),
    hnp.unsigned_integer_dtypes(),
    hnp.boolean_dtypes(),
)


class OnlyDlpack:
    """As torch and jax hand out tensors."""

    def __init__(self, array: np.ndarray) -> None:
        self._array = array

    def __dlpack__(self, **options: Any) -> Any:
        return self._array.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self._array.__dlpack_device__()


class OnlyArray:
    def __init__(self, array: np.ndarray) -> None:
        self._array = array

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return self._array if dtype is None else self._array.astype(dtype)


class Tensor(OnlyDlpack):
    """As torch: on another device and part of a graph until asked otherwise."""

    def __init__(self, array: np.ndarray, *, is_free: bool = False) -> None:
        super().__init__(array)
        self._is_free = is_free

    def detach(self) -> Tensor:
        return self

    def cpu(self) -> Tensor:
        return Tensor(self._array, is_free=True)

    def __dlpack__(self, **options: Any) -> Any:
        if not self._is_free:
            raise RuntimeError("cannot export")
        return super().__dlpack__(**options)


MATRIX = np.array([[1.5, -2.0, 0.25], [4.0, 5.5, 6.0]], np.float32)


@pytest.mark.parametrize(
    "vectors",
    [
        MATRIX,
        MATRIX.tolist(),
        tuple(map(tuple, MATRIX.tolist())),
        MATRIX.astype(np.float64),
        MATRIX.astype(">f4"),
        np.asfortranarray(MATRIX),
        MATRIX[:, np.newaxis, :],
        list(MATRIX),
        OnlyDlpack(MATRIX),
        OnlyArray(MATRIX),
        Tensor(MATRIX),
        [Tensor(row) for row in MATRIX],
        pd.DataFrame(MATRIX),
        pd.DataFrame({"x": [1.5, 4], "y": [-2, 5.5], "z": pd.array([0.25, 6], dtype="Float64")}),
        pd.Series(list(MATRIX)),
        pl.DataFrame(MATRIX),
        pl.Series(MATRIX.tolist()),
        pa.table({"a": [1.5, 4.0], "b": [-2.0, 5.5], "c": [0.25, 6.0]}),
        pa.array(MATRIX.tolist()),
        {"a": [1.5, 4.0], "b": [-2.0, 5.5], "c": [0.25, 6.0]},
        (row for row in MATRIX),
    ],
    ids=lambda value: type(value).__module__ + "." + type(value).__name__,
)
def test_every_kind_of_input_gives_the_same_rows(vectors: Any) -> None:
    rows, rounded = to_vectors(vectors)
    np.testing.assert_array_equal(rows, MATRIX)
    assert rows.dtype == np.float32
    assert rows.flags.c_contiguous
    assert rounded is None


def test_float32_in_c_order_is_not_copied() -> None:
    assert np.shares_memory(to_vectors(MATRIX)[0], MATRIX)


@given(
    hnp.arrays(
        NUMERIC,
        hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=4),
    )
)
def test_any_numeric_array_is_flattened_per_item(array: np.ndarray) -> None:
    rows, _ = to_vectors(array)
    assert rows.shape == (len(array), array[0].size)
    with np.errstate(over="ignore", invalid="ignore"):
        np.testing.assert_array_equal(rows.reshape(array.shape), array.astype(np.float32))


@given(hnp.arrays(np.float64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=5)))
def test_rounding_is_noticed_exactly_when_it_happens(array: np.ndarray) -> None:
    rows, rounded = to_vectors(array)
    with np.errstate(over="ignore", invalid="ignore"):
        is_kept = np.array_equal(rows.astype(np.float64), array, equal_nan=True)
    assert (rounded is None) == is_kept


def test_integers_that_float32_cannot_hold_are_rounded_and_noticed() -> None:
    assert to_vectors([[2**24 + 1]])[1] == "int64"
    assert to_vectors([[2**24]])[1] is None


def test_nan_and_infinity_are_kept() -> None:
    rows, rounded = to_vectors([[np.nan, np.inf], [-np.inf, 1.0]])
    np.testing.assert_array_equal(rows, [[np.nan, np.inf], [-np.inf, 1]])
    assert rounded is None


def test_missing_and_masked_numbers_are_nan() -> None:
    nan = np.float32(np.nan)
    masked = np.ma.MaskedArray([[1.0, 2.0]], mask=[[False, True]])
    np.testing.assert_array_equal(to_vectors(masked)[0], [[1, nan]])
    np.testing.assert_array_equal(to_vectors(pd.DataFrame({"a": [1, None]}))[0], [[1], [nan]])
    np.testing.assert_array_equal(to_vectors(pl.DataFrame({"a": [1, None]}))[0], [[1], [nan]])
    np.testing.assert_array_equal(to_vectors(pa.table({"a": [1, None]}))[0], [[1], [nan]])


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        ([], r"vectors is empty"),
        ([[], []], r"vectors is empty \(shape \(2, 0\)\)"),
        (np.zeros((0, 3)), r"vectors is empty \(shape \(0, 3\)\)"),
        (None, "vectors is None"),
        ("abc", "vectors is 'abc'"),
        (3, "vectors is 3"),
        ([[1, 2], [3]], r"vectors\[1\] has 1 values and vectors\[0\] has 2 values: all rows"),
        ([[1, 2], 3], r"vectors\[1\] has one number and vectors\[0\] has 2 values"),
        ([[1, [2]], [3, [4, 5]]], r"vectors\[0\] has parts of unequal length"),
        ([np.zeros(2), np.zeros(3)], r"vectors\[1\] has 3 values"),
        ([[1, "a"]], "only real numbers"),
        ([[1, None]], "vectors holds None: only numbers"),
        ([[1, {}]], r"vectors holds \{\}: only numbers"),
        (np.array([[1, "x"]], dtype=object), "only real numbers"),
        ([[1j]], "complex128"),
        (np.array([["2020-01-01"]], "datetime64[D]"), "datetime64"),
        (pd.DataFrame({"a": [1, 2], "name": ["x", "y"]}), "vectors column 'name'"),
        (pl.DataFrame({"a": [1, 2], "name": ["x", "y"]}), "vectors column 'name'"),
        ({"a": [1, 2], "b": [1]}, "vectors column 'b' has 1 values and column 'a' has 2"),
        ({}, "no columns"),
    ],
)
def test_what_is_no_matrix_is_refused_with_a_sentence(vectors: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        to_vectors(vectors)
