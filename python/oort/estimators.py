# SPDX-License-Identifier: Apache-2.0
"""
PCA, t-SNE and UMAP with scikit-learn's manners and without scikit-learn.

It is imported in one place, where scikit-learn itself asks for tags; a test runs its
``check_estimator``.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any, Callable, ClassVar

import numpy as np

from oort import _engine
from oort.options import signature_of, split_options, to_json, to_label_codes, to_python_names
from oort.points import to_points

# Iterations between two looks at whether all is done; Ctrl-C does not wait for them.
_ITERATIONS_A_STEP = 50


def _not_fitted(estimator: _Estimator) -> Exception:
    message = (
        f"This {type(estimator).__name__} instance is not fitted yet. Call 'fit' with appropriate "
        f"arguments before using this estimator."
    )
    sklearn = sys.modules.get("sklearn.exceptions")
    if sklearn is not None:
        error: Exception = sklearn.NotFittedError(message)
        return error
    return ValueError(message)


class _Estimator:
    """What scikit-learn expects of every estimator; the parameters are those of the signature."""

    _defaults: ClassVar[dict[str, Any]]

    n_features_in_: int
    feature_names_in_: np.ndarray
    embedding_: np.ndarray
    report_: dict[str, Any]

    def __init__(self, n_components: int | None = None, **options: Any) -> None:
        if n_components is not None:
            options["n_components"] = n_components
        for name in options:
            if name not in self._defaults:
                raise TypeError(self._unknown(name))
        for name, default in self._defaults.items():
            setattr(self, name, options.get(name, default))

    @classmethod
    def _set_signature(cls, defaults: dict[str, Any]) -> None:
        cls._defaults = defaults
        base = _Estimator.__init__

        def __init__(self: _Estimator, *arguments: Any, **options: Any) -> None:
            base(self, *arguments, **options)

        signature = signature_of(["self"], defaults)
        # The number of dimensions may be given by position.
        first = signature.parameters["n_components"].replace(kind=signature.parameters["self"].kind)
        others = [p for name, p in signature.parameters.items() if name not in ("self", first.name)]
        __init__.__signature__ = signature.replace(  # type: ignore[attr-defined]
            parameters=[signature.parameters["self"], first, *others]
        )
        cls.__init__ = __init__  # type: ignore[assignment, method-assign]

    def _unknown(self, name: str) -> str:
        return (
            f"Invalid parameter {name!r} for estimator {type(self).__name__}. Valid parameters "
            f"are: {list(self._defaults)!r}."
        )

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: FBT001 - scikit-learn's
        """Give the parameters by name."""
        del deep
        return {name: getattr(self, name) for name in self._defaults}

    def set_params(self, **params: Any) -> Any:
        """Set parameters; they are checked by `fit`."""
        for name, value in params.items():
            if name not in self._defaults:
                raise ValueError(self._unknown(name))
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        changed = [
            f"{name}={value!r}"
            for name, value in self.get_params().items()
            if value is not self._defaults[name] and value != self._defaults[name]
        ]
        return f"{type(self).__name__}({', '.join(changed)})"

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, Tags, TargetTags, TransformerTags

        return Tags(
            estimator_type=None,
            target_tags=TargetTags(required=False),
            transformer_tags=TransformerTags(preserves_dtype=["float32"]),
            input_tags=InputTags(allow_nan=True),
        )

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "embedding_")

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Give the names of the columns of the layout: "umap0", "umap1", …."""
        del input_features
        self._check_fitted()
        prefix = type(self).__name__.lower()
        return np.asarray([f"{prefix}{i}" for i in range(self.embedding_.shape[1])], dtype=object)

    def _check_fitted(self) -> None:
        if not self.__sklearn_is_fitted__():
            raise _not_fitted(self)

    def _learn_features(self, points: np.ndarray, names: np.ndarray | None) -> None:
        self.n_features_in_ = points.shape[1]
        if names is not None:
            self.feature_names_in_ = names
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_

    def _to_new_points(self, x: Any) -> np.ndarray:
        """Points as wide as those of `fit`, with the same names of columns."""
        self._check_fitted()
        points, names = to_points(x)
        known = getattr(self, "feature_names_in_", None)
        own = type(self).__name__
        if known is None and names is not None:
            _warn(f"X has feature names, but {own} was fitted without feature names")
        elif known is not None and names is None:
            _warn(f"X does not have valid feature names, but {own} was fitted with feature names")
        elif known is not None and list(known) != list(names):  # type: ignore[arg-type]
            raise ValueError(_unequal_names(list(known), list(names)))  # type: ignore[arg-type]
        if points.shape[1] != self.n_features_in_:
            raise ValueError(
                f"X has {points.shape[1]} features, but {own} is expecting "
                f"{self.n_features_in_} features as input."
            )
        return points


def _warn(message: str) -> None:
    import warnings

    warnings.warn(message, UserWarning, stacklevel=4)


def _unequal_names(known: list[str], names: list[str]) -> str:
    message = "The feature names should match those that were passed during fit.\n"
    unexpected = sorted(set(names) - set(known))
    missing = sorted(set(known) - set(names))
    for title, some in (
        ("Feature names unseen at fit time:", unexpected),
        ("Feature names seen at fit time, yet now missing:", missing),
    ):
        if some:
            shown = some[:5] + (["..."] if len(some) > 5 else [])
            message += title + "\n" + "".join(f"- {name}\n" for name in shown)
    if not unexpected and not missing:
        message += "Feature names must be in the same order as they were in fit.\n"
    return message


class PCA(_Estimator):
    """
    Principal component analysis, exact: every row counts.

    Parameters
    ----------
    n_components
        How many directions to keep; more than there are rows or columns are cut to that number.
    random_state
        Not used, for nothing is drawn at random; here because pipelines set it.
    n_jobs
        Threads; None and -1 = all processors. The result is the same bits for any number.

    Attributes
    ----------
    components_
        k x d, orthonormal rows. The largest loading of each is positive.
    explained_variance_, explained_variance_ratio_, singular_values_
        k each.
    mean_
        d.
    embedding_
        n x k: the coordinates of the rows fitted; NaN for rows with NaN or infinity.
    n_components_, n_samples_, n_features_in_, feature_names_in_
        As in scikit-learn.
    report_
        Seconds, rows used, and notes: sentences on what was clamped, left out or scaled.

    """

    components_: np.ndarray
    explained_variance_: np.ndarray
    explained_variance_ratio_: np.ndarray
    singular_values_: np.ndarray
    mean_: np.ndarray

    def fit(self, X: Any, y: Any = None) -> PCA:
        """Find the components of X: n rows of d numbers. `y` is not read."""
        del y
        points, names = to_points(X)
        options, n_threads = split_options(self.get_params())
        options.pop("seed", None)
        begin = time.perf_counter()
        found = _engine.pca(points, to_json(options), n_threads)
        seconds = time.perf_counter() - begin
        self._learn_features(points, names)
        variance = found["explained_variance"]
        total = found["total_variance"]
        n_used = found["n_rows_used"]
        self.components_ = found["components"]
        self.explained_variance_ = variance
        self.explained_variance_ratio_ = variance / total if total > 0 else np.zeros_like(variance)
        self.singular_values_ = np.sqrt(variance * max(n_used - 1, 0))
        self.mean_ = found["mean"]
        self.embedding_ = np.ascontiguousarray(found["coordinates"].T)
        self.n_components_ = len(variance)
        self.n_samples_ = len(points)
        self.report_ = {
            "seconds": seconds,
            "n_rows": len(points),
            "n_rows_used": n_used,
            "notes": found["notes"],
        }
        return self

    def fit_transform(self, X: Any, y: Any = None) -> np.ndarray:
        """Find the components of X and give its coordinates, n x k float32."""
        return self.fit(X, y).embedding_

    def transform(self, X: Any) -> np.ndarray:
        """Give the coordinates of new rows, each independent of the others: n_new x k float32."""
        points = self._to_new_points(X)
        _, n_threads = split_options({"n_jobs": self.get_params()["n_jobs"]})
        placed: np.ndarray = _engine.pca_place(points, self.components_, self.mean_, n_threads)
        placed[~np.isfinite(placed).all(axis=1)] = np.nan
        return placed

    def inverse_transform(self, X: Any) -> np.ndarray:
        """Give the points that have these coordinates: n x d float32."""
        self._check_fitted()
        coordinates = np.asarray(X, dtype=np.float32)
        points: np.ndarray = coordinates @ self.components_ + self.mean_
        return points


class _Layout(_Estimator):
    """t-SNE and UMAP: a projection that runs step by step."""

    _method: ClassVar[str]

    n_iter_: int
    callback: Callable[[int, np.ndarray], Any] | None
    callback_interval: int
    _checkpoint: bytes | None = None

    def fit(self, X: Any, y: Any = None) -> Any:
        """
        Lay out X: n rows of d numbers.

        Parameters
        ----------
        X
            C-contiguous float32, float16 and uint8 are read where they are, and again by
            `transform`: do not change them meanwhile. All else becomes float32. Rows with NaN or
            infinity are left out: their places are NaN.
        y
            Labels to supervise by, one a row, of any kind; None, NaN and the integer -1 = no label.
            `label_weight` says how much they weigh.

        Raises
        ------
        ValueError
            For an option out of range or an X that is none.
        KeyboardInterrupt
            Soon after Ctrl-C; the estimator is then as it was before.

        """
        points, names = to_points(X)
        labels = to_label_codes(y, len(points), "y")
        options, n_threads = split_options(self.get_params())
        callback, interval = options.pop("callback"), options.pop("callback_interval")
        if callback is not None and (not isinstance(interval, (int, np.integer)) or interval < 1):
            raise ValueError(f"callback_interval {interval!r} is out of range: at least 1")
        head = {"method": self._method, "n_components": options.pop("n_components")}
        request = to_json({**head, "options": options})
        projection = _engine.Projection(points, request, n_threads, labels)
        _run(projection, callback, int(interval))
        self._learn_features(points, names)
        self.embedding_ = projection.layout()
        self.report_ = json.loads(projection.report())
        self.n_iter_ = projection.iteration
        self._projection = projection
        self._arguments = (points, request, labels)
        return self

    def fit_transform(self, X: Any, y: Any = None) -> np.ndarray:
        """Lay out X, as `fit` does, and give the layout: n x n_components float32."""
        embedding: np.ndarray = self.fit(X, y).embedding_
        return embedding

    def transform(self, X: Any) -> np.ndarray:
        """
        Place new rows in the finished layout, which does not change.

        Each row's place depends on that row and the layout alone, not on the others.

        Returns
        -------
        numpy.ndarray
            n_new x n_components float32; NaN for rows with NaN or infinity.

        Raises
        ------
        ValueError
            If the callback had stopped the layout before it was finished.

        """
        points = self._to_new_points(X)
        placed: np.ndarray = self._finished().place(points)
        return placed

    def _finished(self) -> Any:
        """Give the native projection; one that was pickled is found anew, and is the same bits."""
        if getattr(self, "_projection", None) is None:
            points, request, labels = self._arguments
            _, n_threads = split_options({"n_jobs": self.get_params()["n_jobs"]})
            projection = _engine.Projection(points, request, n_threads, labels)
            if self._checkpoint is not None:
                projection.restore(self._checkpoint)
                while not projection.is_done and not projection.is_optimising:
                    projection.step(1)
            self._projection = projection
        return self._projection

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__)
        projection = state.pop("_projection", None)
        if projection is not None:
            state["_checkpoint"] = projection.checkpoint() if projection.iteration > 0 else None
        return state


def _run(projection: Any, callback: Callable[[int, np.ndarray], Any] | None, interval: int) -> None:
    while not projection.is_done:
        before = projection.iteration
        projection.step(_ITERATIONS_A_STEP if callback is None else interval)
        if callback is None or projection.iteration == before:
            continue
        if callback(projection.iteration, projection.layout()) is False:
            return


class TSNE(_Layout):
    """
    t-SNE: a layout in 2 or 3 dimensions that keeps each point's neighbourhood.

    Barnes-Hut in 3 dimensions, a grid in 2, all rows whatever their number. The same input, options
    and seed give the same bits on any number of threads, here as from ``oort project``.

    Parameters
    ----------
    n_components
        2 or 3.
    perplexity
        How many neighbours each point listens to. Larger shows wider structure, slower.
    affinities
        "perplexity": Gaussian weights. "uniform": the same weight for each neighbour.
    early_exaggeration, early_iterations
        Factor on the attraction in the first iterations, and how many these are.
    n_iterations
        In all, the early ones among them.
    learning_rate
        None: chosen by the number of rows.
    label_weight
        How strongly the labels given to `fit` pull together: 0 = not at all, 1 = they decide.
    random_state
        None (the default seed: always the same layout), an int, or a numpy RandomState or
        Generator, of which a seed is drawn.
    n_jobs
        Threads; None and -1 = all processors. The result is the same bits for any number.
    callback
        Called as ``callback(iteration, layout)`` while the layout is optimised, with a copy of it.
        If it returns False (not merely something false), the layout stays as it is then, and
        `transform` is not possible.
    callback_interval
        Iterations from one call to the next.

    Attributes
    ----------
    embedding_
        n x n_components float32.
    n_iter_
        Iterations done.
    report_
        Seconds of each stage, recall of the neighbours, peak memory, instruction set, and notes:
        sentences on what was clamped, left out or scaled. `kl_divergence_` stands in it too.
    n_features_in_, feature_names_in_
        As in scikit-learn.

    """

    _method = "tsne"

    @property
    def kl_divergence_(self) -> float | None:
        """Kullback-Leibler divergence of the finished layout; None if it was stopped before."""
        self._check_fitted()
        divergence: float | None = self.report_.get("kl_divergence")
        return divergence


class UMAP(_Layout):
    """
    UMAP: a layout in 2 or 3 dimensions that keeps each point's near neighbours near.

    All rows whatever their number. The same input, options and seed give the same bits on any
    number of threads, here as from ``oort project``.

    Parameters
    ----------
    n_components
        2 or 3.
    n_neighbors
        Neighbours each point is tied to, itself counted. Larger shows wider structure.
    min_dist
        How close points may lie in the layout, on the scale of `spread`.
    spread
        The scale of the layout.
    metric
        Of the neighbours: "euclidean", "cosine" or "dot".
    n_epochs
        Passes over the graph. None: chosen by the number of rows.
    label_weight
        How strongly the labels given to `fit` shape the graph: 0 = not at all, 1 = they decide.
    random_state
        None (the default seed: always the same layout), an int, or a numpy RandomState or
        Generator, of which a seed is drawn.
    n_jobs
        Threads; None and -1 = all processors. The result is the same bits for any number.
    callback
        Called as ``callback(iteration, layout)`` while the layout is optimised, with a copy of it.
        If it returns False (not merely something false), the layout stays as it is then, and
        `transform` is not possible.
    callback_interval
        Epochs from one call to the next.

    Attributes
    ----------
    embedding_
        n x n_components float32.
    n_iter_
        Epochs done.
    report_
        Seconds of each stage, recall of the neighbours, peak memory, instruction set, and notes:
        sentences on what was clamped, left out or scaled.
    n_features_in_, feature_names_in_
        As in scikit-learn.

    """

    _method = "umap"


def _layout_defaults(method: str) -> dict[str, Any]:
    request = json.loads(_engine.complete_request(json.dumps({"method": method})))
    options = to_python_names(request["options"])
    return {
        "n_components": request["n_components"],
        **options,
        "callback": None,
        "callback_interval": 10,
    }


PCA._set_signature(to_python_names(json.loads(_engine.pca_options())))
TSNE._set_signature(_layout_defaults("tsne"))
UMAP._set_signature(_layout_defaults("umap"))
