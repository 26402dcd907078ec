# SPDX-License-Identifier: Apache-2.0
"""How much of the points' neighbourhoods a layout keeps."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np

from oort import _engine
from oort.options import signature_of, split_options, to_json, to_label_codes, to_python_names
from oort.points import to_points


@dataclasses.dataclass(frozen=True)
class Quality:
    """
    Quality of a layout, each figure in 0..1 with 1 the best, as a whole and for each row.

    Attributes
    ----------
    trustworthiness
        Whether no strangers are among a point's neighbours in the layout.
    continuity
        Whether no true neighbour was torn away from it.
    overlap
        Share of the true neighbours found among those in the layout.
    label_hit
        Share of the neighbours in the layout that carry the row's own label; None without labels.
    rows
        The rows measured; `is_sampled` tells whether these are fewer than all.
    n_neighbors
        Size of the neighbourhoods, as used.
    trustworthiness_by_row, continuity_by_row, overlap_by_row, label_hit_by_row
        One value for each of `rows`; NaN for a row without a label.

    """

    trustworthiness: float
    continuity: float
    overlap: float
    label_hit: float | None
    rows: np.ndarray
    is_sampled: bool
    n_neighbors: int
    trustworthiness_by_row: np.ndarray
    continuity_by_row: np.ndarray
    overlap_by_row: np.ndarray
    label_hit_by_row: np.ndarray


def quality(x: Any, layout: Any, *, labels: Any = None, **options: Any) -> Quality:
    """
    Measure a layout against the points that it shows.

    Parameters
    ----------
    x
        n rows of d numbers, as in `oort.neighbors`.
    layout
        Their n places, of any number of dimensions. Rows that are not finite in both are left out.
    labels
        One a row, of any kind; None and NaN = no label.
    n_neighbors
        Size of the neighbourhoods compared.
    n_sample
        Rows measured, drawn at random; all if there are no more.
    metric
        Of `x`: "euclidean", "cosine" or "dot".
    random_state, n_jobs
        As in `oort.neighbors`.

    Returns
    -------
    Quality
        Whole and for each row.

    Raises
    ------
    ValueError
        If the numbers of rows differ or an option is out of range.

    """
    points, _ = to_points(x, "x")
    places, _ = to_points(layout, "layout")
    codes = to_label_codes(labels, len(points), "labels")
    named, n_threads = split_options(options)
    places = places.astype(np.float32, copy=False)
    return Quality(**_engine.quality(points, places, codes, to_json(named), n_threads))


quality.__signature__ = signature_of(  # type: ignore[attr-defined]
    ["x", "layout"], {"labels": None, **to_python_names(json.loads(_engine.quality_options()))}
)
