# SPDX-License-Identifier: Apache-2.0
"""The client's half of end_to_end.mjs: digits in memory, then log_embedding when told to."""

import argparse
import json
import sys

import numpy as np

from oort import Experiment


def digits(mnist):
    """70,000 x 28 x 28 uint8 pictures and 70,000 class numbers."""
    if mnist:
        with np.load(mnist) as file:
            return np.concatenate([file["x_train"], file["x_test"]]), np.concatenate([file["y_train"], file["y_test"]])
    random = np.random.default_rng(0)
    labels = random.integers(0, 10, 70_000)
    prototypes = random.random((10, 28, 28)) > 0.8
    noise = random.random((70_000, 28, 28), dtype=np.float32)
    return ((prototypes[labels] * 0.7 + noise * 0.3) * 255 * (noise > 0.2)).astype(np.uint8), labels


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--mnist")
    options = options.parse_args()
    pictures, labels = digits(options.mnist)
    vectors = pictures.reshape(70_000, 784).astype(np.float32) / 255
    experiment = Experiment(project_name="bench")
    print("ready", flush=True)
    sys.stdin.readline()
    logged = experiment.log_embedding(
        vectors, labels, image_data=pictures, image_size=(28, 28), image_transparent_color=(0, 0, 0), title="digits"
    )
    print(json.dumps(logged), flush=True)
    sys.stdin.readline()
    experiment.end()


if __name__ == "__main__":
    main()
