# SPDX-License-Identifier: Apache-2.0
"""Oort: log embeddings, metrics and assets from a training script.

>>> from oort import Experiment
>>> experiment = Experiment()
>>> experiment.log_embedding(vectors, labels)
"""

from oort.experiment import Experiment

__all__ = ["Experiment"]
__version__ = "0.1.0"
