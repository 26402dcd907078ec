# SPDX-License-Identifier: Apache-2.0
"""The nearest neighbours of every point."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import numpy as np

from oort import _engine
from oort.options import signature_of, split_options, to_json, to_python_names
from oort.points import to_points


class _Pair(NamedTuple):
    indices: np.ndarray
    distances: np.ndarray


class Neighbors(_Pair):
    """
    The pair (indices, distances), and how good it is.

    Attributes
    ----------
    indices
        n x k int32, nearest first, without the point itself; -1 in rows with NaN or infinity.
    distances
        n x k float32, of the metric; NaN in such rows.
    recall
        Share of the true neighbours that were found, over `recall_sample` rows; 1 if `is_exact`.
    recall_sample
        How many rows were compared with an exact search; 0 if `is_exact`.
    is_exact
        Whether every pair was measured.
    notes
        Sentences: what was clamped, left out or scaled.

    """

    recall: float
    recall_sample: int
    is_exact: bool
    notes: list[str]


def neighbors(x: Any, **options: Any) -> Neighbors:
    """
    Find the nearest neighbours of every row.

    Exact for few rows; for many, approximate to the wanted recall, which is measured on a sample
    and told. The same bits for any number of threads.

    Parameters
    ----------
    x
        n rows of d numbers. C-contiguous float32, float16 and uint8 are read where they are; all
        else becomes float32.
    n_neighbors
        How many, the row itself not counted.
    metric
        "euclidean", "cosine" or "dot" (minus the dot product).
    recall
        Share of the true neighbours to aim for; 1 = exact.
    random_state
        None (always the same), an int, or a numpy RandomState or Generator.
    n_jobs
        Threads; None and -1 = all processors.

    Returns
    -------
    Neighbors
        Unpacks as ``indices, distances``.

    Raises
    ------
    ValueError
        For an option out of range or points that are none.

    """
    points, _ = to_points(x, "x")
    named, n_threads = split_options(options)
    found = _engine.neighbors(points, to_json(named), n_threads)
    result = Neighbors(found["indices"].view(np.int32), found["distances"])
    result.recall = found["recall"]
    result.recall_sample = found["recall_sample"]
    result.is_exact = found["is_exact"]
    result.notes = found["notes"]
    return result


neighbors.__signature__ = signature_of(  # type: ignore[attr-defined]
    ["x"], to_python_names(json.loads(_engine.neighbors_options()))
)
