# SPDX-License-Identifier: Apache-2.0
"""All 70,000 MNIST digits, each with its picture, as one embedding of 784 dimensions.

    python examples/mnist_all.py --mnist path/to/mnist.npz

The file is the one Keras uses: arrays x_train, y_train, x_test, y_test.
"""

import argparse

import numpy as np

from oort import Experiment

# One colour a digit, apart for colour-blind eyes too (Okabe and Ito 2008, with two greys).
COLOURS = [
    (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178),
    (213, 94, 0), (204, 121, 167), (150, 150, 150), (120, 94, 200), (235, 235, 235),
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
