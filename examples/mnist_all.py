# SPDX-License-Identifier: Apache-2.0
"""All 70,000 MNIST digits, each with its picture, as one embedding of 784 dimensions.

    python examples/mnist_all.py --mnist path/to/mnist.npz

The file is the one Keras uses: arrays x_train, y_train, x_test, y_test.
"""

import argparse

import numpy as np

from oort import Experiment

# One colour a digit, the same as the projector's own for the values 0 to 9 on a dark canvas.
COLOURS = [
    (138, 137, 247), (232, 227, 16), (219, 36, 120), (53, 198, 239), (182, 119, 11),
    (78, 252, 198), (249, 143, 167), (31, 127, 162), (170, 181, 27), (139, 70, 223),
]


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--mnist", required=True)
    options = options.parse_args()

    with np.load(options.mnist) as file:
        pictures = np.concatenate([file["x_train"], file["x_test"]])
        digits = np.concatenate([file["y_train"], file["y_test"]])

    experiment = Experiment(project_name="demo")
    experiment.set_name("mnist-70000")
    experiment.add_tags(["demo", "images"])
    experiment.log_embedding(
        pictures.reshape(len(pictures), 784).astype(np.float32) / 255,
        digits,
        image_data=pictures,
        image_size=(28, 28),
        image_preprocess_function=lambda picture: (picture > 127) * 2,
        image_transparent_color=(0, 0, 0),
        image_background_color_function=lambda index: COLOURS[digits[index]],
        title="MNIST",
    )
    experiment.end()
    print(experiment.url)


if __name__ == "__main__":
    main()
