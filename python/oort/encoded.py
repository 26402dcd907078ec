# SPDX-License-Identifier: Apache-2.0
"""The `image_data` of log_image: one picture of any kind, as the bytes of an image file."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from oort.arrays import to_array
from oort.images import to_pil, to_pixels, unit_factor

if TYPE_CHECKING:
    from PIL.Image import Image

# What browsers show is logged as it is.
_BROWSER_SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")


def _is_for_browsers(encoded: bytes) -> bool:
    is_webp = encoded[:4] == b"RIFF" and encoded[8:12] == b"WEBP"
    return is_webp or encoded.startswith(_BROWSER_SIGNATURES)


def to_encoded(
    image: Any, scale: float, shape: Any, minmax: tuple[float, float] | None, channels: str
) -> bytes:
    """
    Give the bytes of a PNG, JPEG, WebP or GIF; the arguments are those of `Experiment.log_image`.

    Raises ValueError for what is no picture.
    """
    if hasattr(image, "savefig"):
        buffer = io.BytesIO()
        image.savefig(buffer, format="png")
        return buffer.getvalue()
    if isinstance(image, (str, os.PathLike)):
        try:
            with open(image, "rb") as file:
                image = file.read()
        except OSError as error:
            raise ValueError(f"image_data {os.fspath(image)!r} cannot be read: {error}") from error
    elif hasattr(image, "read") and not hasattr(image, "getbands"):
        image = image.read()
    if isinstance(image, (bytes, bytearray, memoryview)):
        content = bytes(image)
        if scale == 1.0 and _is_for_browsers(content):
            return content
        picture = to_pil(image, "image_data")
    elif hasattr(image, "getbands"):
        picture = to_pil(image, "image_data")
    else:
        picture = _array_image(image, shape, minmax, channels)
    if scale != 1.0:
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        picture = picture.resize(size)
    buffer = io.BytesIO()
    picture.save(buffer, format="png")
    return buffer.getvalue()


def _array_image(
    image: Any, shape: Any, minmax: tuple[float, float] | None, channels: str
) -> Image:
    import PIL.Image

    array = to_array(image)
    if array is None:
        array = np.asarray(image)
    if array.dtype.kind not in "biuf" or array.size == 0:
        raise ValueError(f"image_data of type {array.dtype} and shape {array.shape} is no image")
    if array.ndim == 1 and shape is not None:
        array = array.reshape(tuple(shape)[::-1])
    if channels == "first" and array.ndim == 3:
        array = np.moveaxis(array, 0, 2)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    if array.ndim != 2 and not (array.ndim == 3 and array.shape[2] in (3, 4)):
        raise ValueError(
            f"image_data has the shape {array.shape}: (height, width) or (height, width, channels) "
            f"with 1, 3 or 4 channels is needed"
        )
    if minmax is not None:
        low, high = minmax
        array = (array.astype(np.float32) - low) / ((high - low) or 1)
        return PIL.Image.fromarray(to_pixels(array, 255.0))
    return PIL.Image.fromarray(to_pixels(array, unit_factor([array])))
