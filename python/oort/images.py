# SPDX-License-Identifier: Apache-2.0
"""The `image_data` argument and its options: pictures of any kind, as tiles of 8-bit pixels."""

from __future__ import annotations

import io
import os
import reprlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable

import numpy as np

from oort import _native
from oort.arrays import is_series, to_array, to_list

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image

Color = tuple[int, int, int]

_CHANNELS = (1, 3, 4)


@dataclass(frozen=True)
class Tiles:
    """What a sprite is made of: one array of pictures of one size, or a finished PNG."""

    width: int
    height: int
    count: int = 0
    transparent: Color | None = None
    backgrounds: np.ndarray | None = None  # n x 3, uint8
    stack: np.ndarray | None = None  # n x h x w x channels, uint8
    png: bytes | None = None


def to_tiles(
    image_data: Any,
    image_size: Any,
    n_rows: int | None = None,
    preprocess: Callable[[Any], Any] | None = None,
    transparent: Any = None,
    background: Callable[[int], Any] | None = None,
) -> Tiles:
    """
    Convert pictures for a sprite.

    Parameters
    ----------
    image_data
        Arrays (h, w), (h, w, channels), (channels, h, w) with 1, 3 or 4 channels, or flat w * h *
        channels, as one array or a list; PIL images, paths, bytes of image files. Floats and bools
        that over the whole call lie in 0..1 are spread over 0..255; all else is clipped to 0..255.
    image_size
        (width, height) of a tile in pixels; pictures of other sizes are fitted to it.
    n_rows
        How many there must be; None: any number.
    preprocess
        Called with each element: an array, or what the list holds. Gives what is used instead.
    transparent
        The colour whose pixels become transparent.
    background
        Called with each index; gives the colour that the tile is laid on.

    Raises
    ------
    ValueError
        Naming the argument, the value and the rule.

    """
    width, height = to_size(image_size)
    clear = None if transparent is None else to_color(transparent, "image_transparent_color")
    _check_function(preprocess, "image_preprocess_function")
    _check_function(background, "image_background_color_function")
    elements = _elements(image_data)
    if len(elements) == 0:
        raise ValueError("image_data is empty: one image a row is needed")
    if n_rows is not None and len(elements) != n_rows:
        raise ValueError(
            f"image_data has {len(elements)} images and vectors has {n_rows} rows: "
            "they must be equal"
        )
    elements = _preprocessed(elements, preprocess)
    backgrounds = None if background is None else _backgrounds(background, len(elements))
    stack = _stacked(elements)
    if stack is not None:
        pixels = to_pixels(_as_pictures(stack, width, height), _factor([stack]))
        return Tiles(width, height, len(elements), clear, backgrounds, stack=pixels)
    png = _draw(elements, width, height, clear, backgrounds)
    return Tiles(width, height, len(elements), png=png)


def to_size(image_size: Any) -> tuple[int, int]:
    """Check a (width, height)."""
    if image_size is None:
        raise ValueError("image_size is missing: (width, height) of a tile in pixels is needed")
    try:
        width, height = (_whole(side) for side in image_size)
    except (TypeError, ValueError):
        width = height = 0
    if width < 1 or height < 1:
        raise ValueError(
            f"image_size {image_size!r} is no size: (width, height) in pixels is needed"
        )
    return width, height


def to_color(color: Any, what: str) -> Color:
    """Check a (red, green, blue)."""
    try:
        red, green, blue = (_whole(channel) for channel in color)
        if all(0 <= channel <= 255 for channel in (red, green, blue)):
            return red, green, blue
    except (TypeError, ValueError):
        pass
    raise ValueError(f"{what} {color!r} is no colour: (red, green, blue) in 0..255 is needed")


def to_pixels(array: np.ndarray, factor: float) -> np.ndarray:
    """Give array * factor as uint8, rounded and clipped to 0..255."""
    if array.dtype == np.uint8:
        return np.ascontiguousarray(array)
    if array.dtype.kind in "iu":
        return np.ascontiguousarray(np.clip(array, 0, 255).astype(np.uint8))
    values = np.ascontiguousarray(array, dtype=np.float32)
    pixels = np.empty(values.shape, np.uint8)
    _native.fill_bytes(values.reshape(-1), factor, pixels.reshape(-1))
    return pixels


def to_pil(image: Any, what: str) -> Image:
    """Open a PIL image, a path, the bytes of an image file or an open file."""
    import PIL.Image

    if isinstance(image, PIL.Image.Image):
        opened = image
    else:
        source = io.BytesIO(image) if isinstance(image, (bytes, bytearray, memoryview)) else image
        try:
            opened = PIL.Image.open(source)
            opened.load()
        except (OSError, AttributeError, ValueError) as error:
            shown = f"of {len(image)} bytes" if source is not image else repr(image)
            raise ValueError(f"{what} {shown} cannot be read as an image: {error}") from error
    return opened if opened.mode in ("L", "RGB", "RGBA") else opened.convert("RGBA")


def unit_factor(arrays: Sequence[np.ndarray]) -> float:
    """Give 255 if all values of these float and bool arrays lie in 0..1, else 1."""
    return _factor(arrays)


def _check_function(function: Any, what: str) -> None:
    if function is not None and not callable(function):
        raise ValueError(f"{what} is {reprlib.repr(function)}: a function is needed")


def _whole(number: Any) -> int:
    if isinstance(number, bool) or int(number) != number:
        raise ValueError
    return int(number)


def _elements(image_data: Any) -> Any:
    """Give an array of rank 2 or more, or a list."""
    array = None if is_series(image_data) else to_array(image_data)
    if array is not None and array.dtype != object:
        if array.ndim < 2:
            raise ValueError(
                f"image_data has the shape {array.shape}: one image a row is needed, as "
                "(n, height, width)"
            )
        return array
    if isinstance(image_data, (bytes, os.PathLike)) or not hasattr(image_data, "__iter__"):
        shown = reprlib.repr(image_data)
        raise ValueError(f"image_data is {shown}, one thing: one image a row is needed")
    elements = to_list(image_data) if array is None or array.ndim == 1 else list(array)
    return [_element(element, i) for i, element in enumerate(elements)]


def _element(element: Any, i: int) -> Any:
    if _is_file(element):
        return element
    return _to_picture(element, i)


def _is_file(element: Any) -> bool:
    """Whether it is a PIL image or something that Pillow opens, and no array."""
    if isinstance(element, (str, bytes, bytearray, memoryview, os.PathLike)):
        return True
    return (hasattr(element, "getbands") and hasattr(element, "mode")) or hasattr(element, "read")


def _to_picture(element: Any, i: int) -> np.ndarray:
    array = to_array(element)
    try:
        array = np.asarray(element) if array is None else array
    except ValueError as error:
        raise ValueError(f"image_data[{i}] has rows of unequal length") from error
    if array.dtype.kind not in "biuf" or array.ndim == 0 or array.size == 0:
        raise ValueError(
            f"image_data[{i}] of type {array.dtype} and shape {array.shape} is no image: an array "
            f"of numbers, a PIL image, a path or bytes is needed"
        )
    return array


def _preprocessed(
    elements: Sequence[Any], preprocess: Callable[[Any], Any] | None
) -> Sequence[Any]:
    if preprocess is None:
        return elements
    results = [preprocess(element) for element in elements]
    return [
        result
        if type(result) is np.ndarray and result.dtype.kind in "biuf"
        else _element(result, i)
        for i, result in enumerate(results)
    ]


def _backgrounds(background: Callable[[int], Any], n: int) -> np.ndarray:
    # Few colours are given again and again: each is checked once.
    checked: dict[Any, Color] = {}
    colors = []
    for index in range(n):
        color = background(index)
        try:
            colors.append(checked[color])
        except (KeyError, TypeError):  # new, or a list or array
            valid = to_color(color, f"image_background_color_function({index})")
            colors.append(valid)
            if type(color) is tuple and set(map(type, color)) == {int}:
                checked[color] = valid
    return np.array(colors, np.uint8)


def _stacked(elements: Sequence[Any]) -> np.ndarray | None:
    """Give one array if all are arrays of one shape and type."""
    if isinstance(elements, np.ndarray):
        if elements.dtype.kind not in "biuf":
            raise ValueError(f"image_data has the type {elements.dtype}: numbers are needed")
        return elements
    first = elements[0]
    if not isinstance(first, np.ndarray):
        return None
    for element in elements:
        if (
            not isinstance(element, np.ndarray)
            or element.shape != first.shape
            or element.dtype != first.dtype
        ):
            return None
    # Twice as fast as np.stack for many small arrays.
    return np.concatenate(elements).reshape(len(elements), *first.shape)


def _factor(arrays: Sequence[Any]) -> float:
    """Judge all floats and bools of a call together."""
    is_found = False
    for array in arrays:
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "bf":
            continue
        is_found = True
        if array.dtype.kind == "f":
            values = np.ascontiguousarray(array, dtype=np.float32)
            low, high = _native.value_range(values.reshape(-1))
            if low < 0 or high > 1:
                return 1.0
    return 255.0 if is_found else 1.0


def _as_pictures(
    stack: np.ndarray, width: int, height: int, what: str = "image_data"
) -> np.ndarray:
    """Give n x h x w x channels, without copying."""
    n, shape = len(stack), stack.shape[1:]
    area = width * height
    if len(shape) == 1 or (len(shape) == 2 and 1 in shape and shape[0] * shape[1] == area):
        size = int(np.prod(shape))
        for channels in _CHANNELS:
            if size == area * channels:
                return stack.reshape(n, height, width, channels)
        raise ValueError(
            f"{what} has elements of {size} values: image_size ({width}, {height}) needs {area}, "
            f"or that times 3 or 4 for colours"
        )
    if len(shape) == 2:
        return stack[..., np.newaxis]
    if len(shape) == 3 and shape[2] in _CHANNELS:
        return stack
    if len(shape) == 3 and shape[0] in _CHANNELS:
        return np.moveaxis(stack, 1, 3)
    if len(shape) == 3 and shape[2] == 2:
        return stack  # gray and alpha
    raise ValueError(
        f"{what} has elements of shape {tuple(shape)}: (height, width) or (height, width, "
        f"channels) with 1, 3 or 4 channels is needed"
    )


def _draw(
    elements: Sequence[Any],
    width: int,
    height: int,
    transparent: Color | None,
    backgrounds: np.ndarray | None,
) -> bytes:
    """Fit pictures of several kinds and sizes, so that only one at a time is in memory."""
    factor = _factor(elements)
    sprite = _native.Sprite(len(elements), width, height)
    for i, element in enumerate(elements):
        what = f"image_data[{i}]"
        if isinstance(element, np.ndarray):
            own_factor = factor if element.dtype.kind in "bf" else 1.0
            picture = to_pixels(_as_pictures(element[np.newaxis], width, height, what), own_factor)[
                0
            ]
        else:
            array = np.asarray(to_pil(element, what))
            picture = np.ascontiguousarray(array.reshape(array.shape[0], array.shape[1], -1))
        background = None if backgrounds is None else tuple(backgrounds[i].tolist())
        sprite.set_tile(i, picture, transparent, background)
    png: bytes = sprite.png()
    return png
