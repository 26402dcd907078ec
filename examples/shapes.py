# SPDX-License-Identifier: Apache-2.0
"""A network learns to tell drawn shapes apart; every epoch of its hidden layer is logged.

Needs nothing but numpy: the pictures are drawn here. It logs two embeddings:
  - "Shapes": the 28 x 28 pictures themselves, one point a picture, 784 dimensions;
  - the group "hidden-layer-1": the activations of the hidden layer after each epoch.

    python examples/shapes.py [--count 4000] [--epochs 8]
"""

import argparse

import numpy as np

from oort import Experiment

NAMES = ["circle", "ring", "square", "frame", "triangle", "cross", "star", "crescent"]
COLOURS = [
    (76, 120, 168), (114, 183, 178), (245, 133, 24), (238, 202, 59),
    (228, 87, 86), (178, 121, 162), (255, 157, 166), (84, 162, 75),
]
SIZE = 28


def draw(kind, x, y):
    """Signed distance (negative inside) to a shape of radius about 1; x and y are arrays of any shape."""
    r = np.hypot(x, y)
    box = np.maximum(np.abs(x), np.abs(y))
    if kind == "circle":
        return r - 0.85
    if kind == "ring":
        return np.abs(r - 0.7) - 0.2
    if kind == "square":
        return box - 0.75
    if kind == "frame":
        return np.abs(box - 0.65) - 0.18
    if kind == "triangle":
        return np.maximum(np.abs(x) * 0.866 + y * 0.5, -y) - 0.5
    if kind == "cross":
        return np.minimum(
            np.maximum(np.abs(x) - 0.9, np.abs(y) - 0.25), np.maximum(np.abs(y) - 0.9, np.abs(x) - 0.25)
        )
    if kind == "star":
        return r - 0.62 - 0.28 * np.cos(5 * np.arctan2(x, y))
    return np.maximum(r - 0.9, 0.75 - np.hypot(x - 0.45, y - 0.2))


def make_pictures(count, random):
    """count x 784 pixels in 0..1 and count class numbers: shapes shifted, turned, stretched and blurred."""
    kinds = random.integers(0, len(NAMES), count)
    axis = (np.arange(SIZE) - (SIZE - 1) / 2) / (SIZE / 2)
    grid_x, grid_y = np.meshgrid(axis, axis)
    pictures = np.empty((count, SIZE * SIZE), dtype=np.float32)
    for row, kind in enumerate(kinds):
        angle = random.normal(0, 0.35)
        width, height = random.uniform(0.5, 0.85, 2)
        x = grid_x - random.normal(0, 0.12)
        y = grid_y - random.normal(0, 0.12)
        turned_x = (np.cos(angle) * x + np.sin(angle) * y) / width
        turned_y = (np.cos(angle) * y - np.sin(angle) * x) / height
        softness = random.uniform(0.06, 0.16)
        ink = 1 / (1 + np.exp(draw(NAMES[kind], turned_x, turned_y) / softness * 2))
        pictures[row] = np.clip(ink + random.normal(0, 0.03, ink.shape), 0, 1).ravel()
    return pictures, kinds


class Network:
    """784 inputs, 64 hidden units (ReLU), softmax; trained by stochastic gradient descent with momentum."""

    def __init__(self, n_classes, random):
        self.random = random
        self.weights = [
            random.normal(0, 784**-0.5, (784, 64)), np.zeros(64),
            random.normal(0, 64**-0.5, (64, n_classes)), np.zeros(n_classes),
        ]
        self.velocity = [np.zeros_like(weight) for weight in self.weights]

    def hidden(self, pictures):
        return np.maximum(pictures @ self.weights[0] + self.weights[1], 0)

    def scores(self, hidden):
        logits = hidden @ self.weights[2] + self.weights[3]
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
        return exponentials / exponentials.sum(axis=1, keepdims=True)

    def train_epoch(self, pictures, kinds, batch=64, rate=0.02):
        order = self.random.permutation(len(pictures))
        losses = []
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            hidden = self.hidden(pictures[rows])
            scores = self.scores(hidden)
            losses.append(-np.log(scores[np.arange(len(rows)), kinds[rows]] + 1e-12).mean())
            scores[np.arange(len(rows)), kinds[rows]] -= 1
            scores /= len(rows)
            back = (scores @ self.weights[2].T) * (hidden > 0)
            gradients = [pictures[rows].T @ back, back.sum(0), hidden.T @ scores, scores.sum(0)]
            for weight, velocity, gradient in zip(self.weights, self.velocity, gradients):
                velocity *= 0.9
                velocity -= rate * gradient
                weight += velocity
        return losses


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--count", type=int, default=4000)
    options.add_argument("--epochs", type=int, default=8)
    options = options.parse_args()

    random = np.random.default_rng(7)
    pictures, kinds = make_pictures(options.count, random)
    labels = [NAMES[kind] for kind in kinds]

    experiment = Experiment(project_name="demo")
    experiment.set_name("shapes")
    experiment.add_tags(["demo", "images", "epochs"])
    experiment.log_parameters({"count": options.count, "epochs": options.epochs, "hidden units": 64})

    image, image_url = experiment.create_embedding_image(
        pictures.reshape(-1, SIZE, SIZE),
        image_size=(SIZE, SIZE),
        image_preprocess_function=lambda picture: np.round(picture) * 2,
        image_transparent_color=(0, 0, 0),
        image_background_color_function=lambda index: COLOURS[kinds[index]],
    )
    experiment.log_embedding(
        pictures, labels, image_data=image_url, image_size=(SIZE, SIZE), title="Shapes"
    )

    network = Network(len(NAMES), random)
    step = 0
    for epoch in range(options.epochs):
        experiment.set_epoch(epoch)
        for loss in network.train_epoch(pictures, kinds):
            step += 1
            experiment.log_metric("loss", loss, step=step)
        hidden = network.hidden(pictures)
        accuracy = (network.scores(hidden).argmax(axis=1) == kinds).mean()
        experiment.log_metric("accuracy", accuracy, step=step)
        experiment.log_embedding(
            hidden,
            labels,
            image_data=image_url,
            image_size=(SIZE, SIZE),
            title="epoch-%s" % epoch,
            group="hidden-layer-1",
        )
    experiment.log_other("final accuracy", round(float(accuracy), 4))
    experiment.end()
    print(experiment.url)


if __name__ == "__main__":
    main()
