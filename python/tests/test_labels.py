# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oort.labels import to_labels

FRAME = {"name": ["a", "b", "c"], "size": [1, 2, 3]}
COLUMNS = (["name", "size"], [["a", "b", "c"], ["1", "2", "3"]])


@pytest.mark.parametrize(
    ("labels", "texts"),
    [
        (["a", "b", "c"], ["a", "b", "c"]),
        ([1, 2.5, True], ["1", "2.5", "True"]),
        ([None, "", "x"], ["", "", "x"]),
        (np.array([3, 1, 2]), ["3", "1", "2"]),
        (np.array([3, 1, 2], np.uint8), ["3", "1", "2"]),
        (np.array(["x", "y", "z"]), ["x", "y", "z"]),
        (np.array([0.5, np.nan, 2]), ["0.5", "", "2.0"]),
        (np.array(["x", None, 3], dtype=object), ["x", "", "3"]),
        ([np.int64(1), np.float32(0.5), np.str_("s")], ["1", "0.5", "s"]),
        ([np.array(1), np.array(2), np.array(3)], ["1", "2", "3"]),
        ([b"caf\xc3\xa9", "\ud800", "t\tn\n"], ["café", "?", "t\tn\n"]),
        (pd.Series([1, 2, 3]), ["1", "2", "3"]),
        (pd.Series(["a", None, "c"]), ["a", "", "c"]),
        (pd.Series(["u", "v", "u"], dtype="category"), ["u", "v", "u"]),
        (pd.array([1, None, 3], dtype="Int64"), ["1", "", "3"]),
        (pl.Series(["a", None, "c"]), ["a", "", "c"]),
        (pa.array([1, None, 3]), ["1", "", "3"]),
        (pa.chunked_array([[1, 2], [3]]), ["1", "2", "3"]),
        (range(3), ["0", "1", "2"]),
        ((c for c in "abc"), ["a", "b", "c"]),
        (
            [datetime.date(2020, 1, d) for d in (1, 2, 3)],
            ["2020-01-01", "2020-01-02", "2020-01-03"],
        ),
        ([["a"], ["b"], ["c"]], ["a", "b", "c"]),
        (np.array([[5], [6], [7]]), ["5", "6", "7"]),
        (np.eye(3), ["0", "1", "2"]),
        (np.eye(3, dtype=bool)[[2, 0, 0]], ["2", "0", "0"]),
        ([[0, 1], [1, 0], [0, 1]], ["1", "0", "1"]),
        ([[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]], ["1", "0", "1"]),
        (list(np.eye(4)[[3, 1, 0]]), ["3", "1", "0"]),
    ],
)
def test_a_plain_list_is_one_column_without_a_name(labels: Any, texts: list[str]) -> None:
    assert to_labels(labels, 3) == ([], [texts])


@pytest.mark.parametrize(
    "labels",
    [
        [["name", "size"], ["a", 1], ["b", 2], ["c", 3]],
        [("name", "size"), ("a", 1), ("b", 2), ("c", 3)],
        np.array([["name", "size"], ["a", 1], ["b", 2], ["c", 3]], dtype=object),
        np.array([["name", "size"], ["a", "1"], ["b", "2"], ["c", "3"]]),
        FRAME,
        {"name": np.array(["a", "b", "c"]), "size": (n for n in (1, 2, 3))},
        pd.DataFrame(FRAME),
        pl.DataFrame(FRAME),
        pa.table(FRAME),
        pa.RecordBatch.from_pydict(FRAME),
    ],
    ids=lambda value: type(value).__module__ + "." + type(value).__name__,
)
def test_tables_and_frames_keep_their_names(labels: Any) -> None:
    assert to_labels(labels, 3) == COLUMNS


def test_a_one_column_table_with_a_header_keeps_it() -> None:
    assert to_labels([["name"], ["a"], ["b"]], 2) == (["name"], [["a", "b"]])


def test_none_means_no_labels() -> None:
    assert to_labels(None, 3) == ([], [])


def test_rows_of_numbers_that_are_not_one_hot_are_columns() -> None:
    assert to_labels(np.array([[0, 2], [1, 0]]), 2) == ([], [["0", "1"], ["2", "0"]])
    assert to_labels([[0, 1], [1, 1]], 2) == ([], [["0", "1"], ["1", "1"]])
    assert to_labels([[0.5, 1], [1, 1]], 2) == ([], [["0.5", "1.0"], ["1.0", "1.0"]])


def test_rows_of_texts_without_a_header_are_columns() -> None:
    assert to_labels([["a", "b"], ["c", "d"]], 2) == ([], [["a", "c"], ["b", "d"]])


def test_a_table_with_two_columns_of_one_name_keeps_both() -> None:
    frame = pd.DataFrame([[1, 2], [3, 4]], columns=["x", "x"])
    assert to_labels(frame, 2) == (["x", "x"], [["1", "3"], ["2", "4"]])


@given(st.lists(st.one_of(st.text(), st.integers(), st.booleans(), st.none()), min_size=1))
def test_every_label_has_one_text(labels: list[Any]) -> None:
    names, columns = to_labels(labels, len(labels))
    assert names == []
    for label, text in zip(labels, columns[0]):
        text.encode()
        if label is None:
            assert text == ""
        elif not isinstance(label, str) or label.isascii():
            assert text == str(label)


@given(st.integers(1, 30), st.integers(2, 12), st.randoms(use_true_random=False))
def test_one_hot_rows_are_the_numbers_of_their_classes(n: int, n_classes: int, random: Any) -> None:
    classes = [random.randrange(n_classes) for _ in range(n)]
    for dtype in (np.float32, np.int64, bool):
        one_hot = np.eye(n_classes, dtype=dtype)[classes]
        expected: Any = ([], [[str(c) for c in classes]])
        assert to_labels(one_hot, n) == expected
        assert to_labels(one_hot.tolist(), n) == expected


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["a", "b"], "labels has 2 values and vectors has 3 rows: they must be equal"),
        ([], "labels has 0 values and vectors has 3"),
        (np.zeros((4, 2)), "labels has 4 values and vectors has 3"),
        ([["h", "i"], ["a", 1]], "labels has 2 rows and vectors has 3"),
        ([["h", "i"], ["a", 1], ["b", 2]], "labels has a header row and 2 rows, and vectors has 3"),
        ([["h", "i"], ["a", 1], ["b"]], r"labels\[2\] has 1 values and labels\[0\] has 2"),
        ([[1, 2], [3, 4], [5, 6], [7, 8]], r"the first row is \[1, 2\]"),
        ({"a": [1, 2, 3], "b": [1]}, "labels column 'b' has 1 values"),
        ({"a": "xyz"}, "labels column 'a' is 'xyz'"),
        ({}, "no columns"),
        ("abc", "labels is 'abc'"),
        (7, "labels is 7"),
        ([[], [], []], "labels is empty"),
    ],
)
def test_lengths_that_do_not_agree_are_refused_with_a_sentence(labels: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        to_labels(labels, 3)
