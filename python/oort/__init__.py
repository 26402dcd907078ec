# SPDX-License-Identifier: Apache-2.0
"""Oort: log embeddings, metrics and assets from a training script, and lay embeddings out.

>>> from oort import Experiment
>>> experiment = Experiment()
>>> experiment.log_embedding(vectors, labels)

>>> from oort import UMAP
>>> layout = UMAP(n_neighbors=15).fit_transform(vectors)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oort.loading import without_interrupts

with without_interrupts():
    from oort.experiment import Experiment

if TYPE_CHECKING:
    from oort.estimators import PCA, TSNE, UMAP
    from oort.layout_quality import quality
    from oort.neighbor_graph import neighbors

__all__ = ["PCA", "TSNE", "UMAP", "Experiment", "neighbors", "quality"]
__version__ = "0.1.0"

# What computes is loaded when first asked for: a script that only logs needs no BLAS.
_MODULES = {
    "PCA": "estimators",
    "TSNE": "estimators",
    "UMAP": "estimators",
    "neighbors": "neighbor_graph",
    "quality": "layout_quality",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'oort' has no attribute {name!r}")
    import importlib

    with without_interrupts():
        module = importlib.import_module(f"oort.{_MODULES[name]}")
    value = getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
