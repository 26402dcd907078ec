# SPDX-License-Identifier: Apache-2.0
"""
The 10,000 test digits of MNIST, each with its picture on the colour of its class.

    python examples/mnist.py --mnist mnist.npz

The file is the one that Keras downloads: x_train, y_train, x_test, y_test.
"""

import argparse

import numpy as np

from oort import Experiment

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--mnist", required=True, help="path of mnist.npz")
arguments = parser.parse_args()


def to_categorical(y, num_classes):
    return np.eye(num_classes)[y]


def get_dataset():
    num_classes = 10

    # the data, shuffled and split between train and test sets
    with np.load(arguments.mnist) as data:
        x_train, y_train = data["x_train"], data["y_train"]
        x_test, y_test = data["x_test"], data["y_test"]

    x_train = x_train.reshape(60000, 784)
    x_test = x_test.reshape(10000, 784)
    x_train = x_train.astype("float32")
    x_test = x_test.astype("float32")
    x_train /= 255
    x_test /= 255
    print(x_train.shape[0], "train samples")
    print(x_test.shape[0], "test samples")

    # convert class vectors to binary class matrices
    y_train = to_categorical(y_train, num_classes)
    y_test = to_categorical(y_test, num_classes)

    return x_train, y_train, x_test, y_test


x_train, y_train, x_test, y_test = get_dataset()


def label_to_color(index):
    # the class of a row of the class matrix
    label = np.argmax(labels[index])
    if label == 0:
        return (255, 0, 0)
    elif label == 1:
        return (0, 255, 0)
    elif label == 2:
        return (0, 0, 255)
    elif label == 3:
        return (255, 255, 0)
    elif label == 4:
        return (0, 255, 255)
    elif label == 5:
        return (128, 128, 0)
    elif label == 6:
        return (0, 128, 128)
    elif label == 7:
        return (128, 0, 128)
    elif label == 8:
        return (255, 0, 255)
    elif label == 9:
        return (255, 255, 255)


experiment = Experiment()

vectors = x_test
image_data = x_test
labels = y_test
image_size = (28, 28)

# And use the optional arguments:

image, image_url = experiment.create_embedding_image(
    image_data,
    image_size,
    # we round the pixels to 0 and 1, and multiple by 2
    # to keep the non-zero colors dark (if they were 1, they
    # would get distributed between 0 and 255):
    image_preprocess_function=lambda matrix: np.round(matrix, 0) * 2,
    # Set the transparent color:
    image_transparent_color=(0, 0, 0),
    # Fill in the transparent color with a background color:
    image_background_color_function=label_to_color,
)

experiment.log_embedding(
    vectors,
    labels,
    image_data=image_url,
    image_size=image_size,
    title="MNIST test images",
)

experiment.end()
print(experiment.url)
