# SPDX-License-Identifier: Apache-2.0
"""What scikit-learn asks of estimators, by its own checks."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from points import blobs
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import oort

# These checks set n_components to 1, which layouts do not have; what they look for is tested in
# test_estimators.py with 2.
ONE_DIMENSION = {
    name: "asks for one dimension; layouts have 2 or 3"
    for name in (
        "check_dont_overwrite_parameters",
        "check_fit2d_1feature",
        "check_fit2d_1sample",
        "check_fit2d_predict1d",
        "check_methods_sample_order_invariance",
        "check_methods_subset_invariance",
    )
}
# t-SNE places a row by all its neighbours, itself as it was being but one of them. UMAP puts it
# where it was.
PLACED_ANEW = {
    name: "wants transform(X) to be fit_transform(X), but rows are placed one by one"
    for name in ("check_transformer_data_not_an_array", "check_transformer_general")
}
# Runs only where SciPy is told to take other arrays than NumPy's.
NOT_RUN = {"check_array_api_input"}


@pytest.mark.parametrize(
    ("estimator", "expected"),
    [
        (oort.PCA(), {}),
        (oort.TSNE(), {**ONE_DIMENSION, **PLACED_ANEW}),
        (oort.UMAP(), ONE_DIMENSION),
    ],
    ids=["PCA", "TSNE", "UMAP"],
)
def test_scikit_learn_accepts_it(estimator: Any, expected: dict[str, str]) -> None:
    with warnings.catch_warnings():
        # Not to inherit from BaseEstimator is how scikit-learn need not be imported.
        warnings.simplefilter("ignore")
        results = check_estimator(estimator, expected_failed_checks=expected, on_fail=None)
    failed = {
        result["check_name"]: result["exception"]
        for result in results
        if result["status"] == "failed"
    }
    assert failed == {}
    skipped = {result["check_name"] for result in results if result["status"] == "skipped"}
    assert skipped <= NOT_RUN
    as_expected = {result["check_name"] for result in results if result["status"] == "xfail"}
    assert as_expected == set(expected)
    assert sum(result["status"] == "passed" for result in results) > 30


@pytest.mark.parametrize("kind", [oort.PCA, oort.TSNE, oort.UMAP])
def test_it_can_be_cloned_and_stands_in_a_pipeline(kind: Any) -> None:
    estimator = kind(2, random_state=5, n_jobs=1)
    copy = clone(estimator)
    assert copy is not estimator
    assert copy.get_params() == estimator.get_params()
    points, labels = blobs(80)
    with pytest.raises(NotFittedError):
        copy.transform(points)
    layout = make_pipeline(StandardScaler(), copy).fit_transform(points, labels)
    assert layout.shape == (80, 2)
    assert np.isfinite(layout).all()
