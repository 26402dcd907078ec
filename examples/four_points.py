# SPDX-License-Identifier: Apache-2.0
"""Four points in four dimensions: the simplest embedding."""

from oort import Experiment

experiment = Experiment()

vectors = [
    [1, 0, 0, 0],
    [0, 1, 0, 0],
    [0, 0, 1, 0],
    [0, 0, 0, 1],
]
labels = ["one", "two", "three", "four"]

experiment.log_embedding(vectors, labels)

experiment.end()
print(experiment.url)
