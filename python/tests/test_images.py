# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io
import pathlib
from typing import Any

import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from oort import _native
from oort.images import Tiles, to_tiles


def atlas(tiles: Tiles) -> np.ndarray:
    """The pixels of the sprite, RGBA."""
    png = tiles.png or _native.build_sprite(
        tiles.stack, tiles.width, tiles.height, tiles.transparent, tiles.backgrounds
    )
    return np.asarray(PIL.Image.open(io.BytesIO(png)).convert("RGBA"))


def tile(tiles: Tiles, row: int, n: int) -> np.ndarray:
    columns = int(np.ceil(np.sqrt(n)))
    y, x = row // columns * tiles.height, row % columns * tiles.width
    return atlas(tiles)[y : y + tiles.height, x : x + tiles.width]


def encoded(array: np.ndarray, kind: str = "png") -> bytes:
    buffer = io.BytesIO()
    PIL.Image.fromarray(array).save(buffer, kind)
    return buffer.getvalue()


GRAY = np.array([[0, 50], [100, 255]], np.uint8)
RGB = np.stack([GRAY, GRAY[::-1], GRAY.T], axis=2)


def test_the_four_pictures_of_the_page_land_in_their_tiles() -> None:
    image_data = [[[255, 0], [0, 0]], [[0, 255], [0, 0]], [[0, 0], [255, 0]], [[0, 0], [0, 255]]]
    tiles = to_tiles(image_data, (2, 2), 4)
    pixels = atlas(tiles)
    assert pixels.shape == (4, 4, 4)
    lit = {(int(y), int(x)) for y, x in zip(*np.nonzero(pixels[..., 0]))}
    assert lit == {(0, 0), (0, 3), (3, 0), (3, 3)}


@pytest.mark.parametrize("kind", ["array", "list", "dlpack", "flat", "float", "first"])
def test_arrays_of_every_form_give_the_same_tiles(kind: str) -> None:
    stack = np.stack([RGB, RGB[:, ::-1]])
    image_data: Any = {
        "array": stack,
        "list": stack.tolist(),
        "dlpack": [stack[0], stack[1]],
        "flat": stack.reshape(2, -1),
        "float": stack.astype(np.float64),
        "first": np.moveaxis(stack, 3, 1),
    }[kind]
    tiles = to_tiles(image_data, (2, 2))
    for i in range(2):
        np.testing.assert_array_equal(tile(tiles, i, 2)[..., :3], stack[i])


def test_floats_and_bools_in_0_to_1_are_spread_over_the_whole_call() -> None:
    assert tile(to_tiles([[[0.0, 0.5], [1.0, 0.0]]], (2, 2)), 0, 1)[..., 0].tolist() == [
        [0, 128],
        [255, 0],
    ]
    assert tile(to_tiles(np.array([[[True, False]]]), (2, 1)), 0, 1)[..., 0].tolist() == [[255, 0]]
    # The second picture leaves 0..1, so the first is not spread either.
    pair = to_tiles([np.array([[0.0, 1.0]]), np.array([[0.0, 2.0]])], (2, 1))
    assert tile(pair, 0, 2)[..., 0].tolist() == [[0, 1]]
    assert tile(pair, 1, 2)[..., 0].tolist() == [[0, 2]]


def test_integers_are_never_spread_and_all_is_clipped() -> None:
    assert tile(to_tiles([[[0, 1]]], (2, 1)), 0, 1)[..., 0].tolist() == [[0, 1]]
    assert tile(to_tiles([[[-5, 300]]], (2, 1)), 0, 1)[..., 0].tolist() == [[0, 255]]
    assert tile(to_tiles([[[-5.0, 1e9]]], (2, 1)), 0, 1)[..., 0].tolist() == [[0, 255]]
    assert tile(to_tiles([[[np.nan, np.inf]]], (2, 1)), 0, 1)[..., 0].tolist() == [[0, 255]]


@given(hnp.arrays(np.float32, (2, 3, 3), elements=st.floats(width=32, allow_nan=True)))
def test_floats_become_bytes_by_the_rule(stack: np.ndarray) -> None:
    finite = stack[~np.isnan(stack)]
    is_unit = finite.size == 0 or (finite.min() >= 0 and finite.max() <= 1)
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = np.nan_to_num(stack * np.float32(255 if is_unit else 1), nan=0)
        expected = np.floor(np.clip(scaled, 0, 255).astype(np.float64) + 0.5)
    pixels = to_tiles(stack, (3, 3)).stack
    assert pixels is not None
    assert np.abs(pixels[..., 0].astype(float) - np.minimum(expected, 255)).max() <= 1


def test_files_paths_and_pil_images_mix_with_arrays(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encoded(RGB))
    image_data: list[Any] = [
        RGB,
        PIL.Image.fromarray(RGB),
        path,
        str(path),
        encoded(RGB),
        open(path, "rb"),
    ]
    tiles = to_tiles(image_data, (2, 2), 6)
    image_data[-1].close()
    for i in range(6):
        np.testing.assert_array_equal(tile(tiles, i, 6)[..., :3], RGB)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK"])
def test_pil_images_of_every_mode_are_taken(mode: str) -> None:
    image = PIL.Image.new(mode, (2, 2))
    assert tile(to_tiles([image], (2, 2)), 0, 1).shape == (2, 2, 4)


def test_pictures_of_other_sizes_are_fitted_with_their_aspect() -> None:
    wide = np.full((2, 8, 3), 200, np.uint8)
    pixels = tile(to_tiles([wide], (4, 4)), 0, 1)
    assert (pixels[..., 3] > 0).any(axis=1).tolist() == [False, True, False, False] or (
        (pixels[..., 3] > 0).any(axis=1).sum() in (1, 2)
    )
    assert (pixels[..., 3] > 0).any(axis=0).all()


def test_the_preprocess_function_sees_each_element() -> None:
    seen: list[Any] = []

    def remember(element: Any) -> Any:
        seen.append(element)
        return element * 2

    stack = np.arange(12, dtype=np.uint8).reshape(3, 2, 2)
    tiles = to_tiles(stack, (2, 2), 3, preprocess=remember)
    assert [element.tolist() for element in seen] == stack.tolist()
    assert tiles.stack is not None
    assert tiles.stack[..., 0].tolist() == (stack * 2).tolist()
    seen.clear()
    to_tiles(stack.tolist(), (2, 2), 3, preprocess=remember)
    assert [element.tolist() for element in seen] == stack.tolist()


def test_the_preprocess_function_may_turn_paths_into_pictures(tmp_path: pathlib.Path) -> None:
    tiles = to_tiles(
        [tmp_path / "1", tmp_path / "2"], (1, 1), 2, preprocess=lambda p: [[int(p.name)]]
    )
    assert tile(tiles, 1, 2)[0, 0].tolist() == [2, 2, 2, 255]


def test_transparent_pixels_show_the_background_of_their_index() -> None:
    colors = [(255, 0, 0), (0, 255, 0)]
    for image_data in (
        np.array([[[0, 2]], [[2, 0]]]),
        [PIL.Image.fromarray(GRAY[:1]), np.array([[2, 0]])],
    ):
        tiles = to_tiles(
            image_data, (2, 1), 2, transparent=(0, 0, 0), background=colors.__getitem__
        )
        assert tile(tiles, 0, 2)[0, 0].tolist() == [255, 0, 0, 255]
        assert tile(tiles, 1, 2)[0].tolist() == [[2, 2, 2, 255], [0, 255, 0, 255]]


def test_without_a_background_transparent_pixels_are_transparent() -> None:
    tiles = to_tiles(np.array([[[0, 2]]]), (2, 1), transparent=(0, 0, 0))
    assert tile(tiles, 0, 1)[0, :, 3].tolist() == [0, 255]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image_size": None}, "image_size is missing"),
        ({"image_size": (2,)}, r"image_size \(2,\) is no size"),
        ({"image_size": (2, 0)}, r"image_size \(2, 0\) is no size"),
        ({"image_size": (2.5, 2)}, r"image_size \(2.5, 2\) is no size"),
        ({"image_size": 2}, "image_size 2 is no size"),
        ({"n_rows": 3}, "image_data has 2 images and vectors has 3 rows: they must be equal"),
        ({"image_data": []}, "image_data is empty"),
        ({"image_data": np.zeros(4)}, r"image_data has the shape \(4,\)"),
        ({"image_data": np.zeros((2, 3))}, r"elements of 3 values: image_size \(2, 2\) needs 4"),
        ({"image_data": np.zeros((2, 2, 2, 7))}, r"elements of shape \(2, 2, 7\)"),
        ({"image_data": [[[1, 2], [3]]]}, r"image_data\[0\] has rows of unequal length"),
        ({"image_data": [{}]}, r"image_data\[0\] of type object"),
        (
            {"image_data": ["/no/such/file.png"]},
            r"image_data\[0\] '/no/such/file.png' cannot be read",
        ),
        ({"image_data": [b"abc"]}, r"image_data\[0\] of 3 bytes cannot be read"),
        ({"transparent": (0, 0)}, r"image_transparent_color \(0, 0\) is no colour"),
        ({"transparent": (0, 0, 256)}, r"image_transparent_color \(0, 0, 256\) is no colour"),
        ({"transparent": "red"}, "image_transparent_color 'red' is no colour"),
        ({"background": lambda _: None}, r"image_background_color_function\(0\) None is no colour"),
        (
            {"background": lambda _: (0, 0, -1)},
            r"image_background_color_function\(0\) \(0, 0, -1\)",
        ),
        ({"preprocess": 5}, "image_preprocess_function is 5: a function is needed"),
        (
            {"background": (255, 0, 0)},
            r"image_background_color_function is \(255, 0, 0\): a function is needed",
        ),
        # What is wrong may be large; the message is not.
        ({"image_data": b"x" * 100_000}, r"^image_data is .{10,50}, one thing: .{10,50}$"),
    ],
)
def test_what_is_no_picture_is_refused_with_a_sentence(
    arguments: dict[str, Any], message: str
) -> None:
    good = {"image_data": np.zeros((2, 2, 2)), "image_size": (2, 2)}
    with pytest.raises(ValueError, match=message):
        to_tiles(**{**good, **arguments})
