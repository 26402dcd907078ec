# SPDX-License-Identifier: Apache-2.0
"""The same points after each epoch, in one template: choose the epoch in the projector."""

import numpy as np

from oort import Experiment


class Model:
    """Stands in for a network: each epoch pulls the points of a class together."""

    def __init__(self):
        random = np.random.default_rng(7)
        self.labels = random.integers(0, 5, 500)
        self.centres = random.normal(size=(5, 32))
        self.activations = random.normal(size=(500, 32))

    def train(self):
        self.activations += 0.3 * (self.centres[self.labels] - self.activations)


experiment = Experiment()

max_epoch = 8
model = Model()
labels = model.labels

for epoch in range(max_epoch):
    model.train()
    vectors = model.activations
    experiment.log_embedding(vectors, labels,
                             title="epoch-%s" % epoch,
                             group="hidden-layer-1")  # fmt: skip

experiment.end()
print(experiment.url)
