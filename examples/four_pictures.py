# SPDX-License-Identifier: Apache-2.0
"""Four points with a picture each: logged with the points, and logged once and used again."""

from oort import Experiment

experiment = Experiment()

vectors = [
    [1, 0, 0, 0],
    [0, 1, 0, 0],
    [0, 0, 1, 0],
    [0, 0, 0, 1],
]
labels = ["one", "two", "three", "four"]
image_data = [
    [[255, 0],
     [0,   0]],
    [[0, 255],
     [0,   0]],
    [[0,   0],
     [255, 0]],
    [[0,   0],
     [0, 255]],
]  # fmt: skip
image_size = (2, 2)

# Log the images with the vectors:

experiment.log_embedding(
    vectors,
    labels,
    image_data,
    image_size)  # fmt: skip

# Or create the images once, and use their URL:

image, image_url = experiment.create_embedding_image(image_data, image_size)

experiment.log_embedding(
    vectors,
    labels,
    image_data=image_url,
    image_size=image_size)  # fmt: skip

experiment.end()
print(experiment.url)
