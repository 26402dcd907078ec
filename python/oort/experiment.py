# SPDX-License-Identifier: Apache-2.0
"""The Experiment that people import."""

from __future__ import annotations

import atexit
import contextlib
import io
import logging
import os
import threading
from typing import TYPE_CHECKING, Any, Callable

from oort import _native
from oort.encoded import to_encoded
from oort.images import Tiles, to_size, to_tiles
from oort.labels import to_labels
from oort.script import script_name
from oort.values import flatten, to_json_text, to_mark, to_metadata_text, to_number, to_value
from oort.vectors import to_vectors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from PIL.Image import Image

_log = logging.getLogger("oort")

# Kept until they are ended, so that a script that forgets to end one loses nothing.
_running: set[Experiment] = set()

# Arguments of Comet's Experiment that mean nothing here: Oort watches no code, machine or console.
_IGNORED_PREFIXES = (
    "log_",
    "auto_",
    "parse_args",
    "display_",
    "optimizer_",
    "cache_",
    "experiment_",
    "distributed_",
)


def _end_all() -> None:
    for experiment in list(_running):
        with contextlib.suppress(KeyboardInterrupt):
            experiment.end()


atexit.register(_end_all)


class Experiment:
    """
    One run of a script, and what it logs.

    Nothing waits for the network: each call writes to a spool in the user's data directory and
    returns, and a background thread sends it. If the server is away or the script dies, the spool
    stays and ``oort upload`` sends it later. All methods may be called from any thread. In a child
    process made by fork, make an Experiment with the parent's key instead of using the parent's.

    Parameters
    ----------
    api_key
        The server's token. Default: ``OORT_API_KEY``, else that of the server on this machine.
    project_name, workspace
        Where the experiment is filed. Default: "general" in "default".
    experiment_key
        32 hexadecimal digits: an experiment to go on with. Default: a new one.
    disabled
        Every call then does nothing and returns None.
    url
        The server. Default: ``OORT_URL``, else the server on this machine.
    name
        Shown in lists, and changed by `set_name`. Default: ``experiment_name`` as in Comet, else
        the script's file name without its ending. An experiment that has a name keeps it.
    patience_s
        How long `end` waits, in seconds, while nothing gets through to the server.
    **options
        What Comet's Experiment takes beside these (``log_code``, ``auto_*``, …) is ignored.

    """

    def __init__(
        self,
        api_key: str | None = None,
        project_name: str | None = None,
        workspace: str | None = None,
        experiment_key: str | None = None,
        disabled: bool = False,  # noqa: FBT001 - Comet's signature
        *,
        url: str | None = None,
        name: str | None = None,
        patience_s: float = 30.0,
        **options: Any,
    ) -> None:
        for option in options:
            if not option.startswith(_IGNORED_PREFIXES):
                _log.warning("Experiment has no argument %r: it is ignored", option)
        self._lock = threading.Lock()
        self._said: set[str] = set()
        self._sprites: dict[str, tuple[int, int, int]] = {}  # by URL: tiles, width, height
        self._context: str | None = None
        self._native: Any = None
        if disabled:
            return
        self._native = _native.Experiment(
            api_key=api_key or "",
            project_name=project_name or "general",
            workspace=workspace or "default",
            experiment_key=experiment_key or "",
            name=name or options.get("experiment_name") or script_name(),
            url=url or "",
            patience_s=patience_s,
        )
        _running.add(self)

    def __enter__(self) -> Experiment:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    # Embeddings

    def log_embedding(
        self,
        vectors: Any,
        labels: Any,
        image_data: Any = None,
        image_size: Any = None,
        image_preprocess_function: Callable[[Any], Any] | None = None,
        image_transparent_color: Any = None,
        image_background_color_function: Callable[[int], Any] | None = None,
        title: str | None = "Comet Embedding",
        template_filename: str | None = None,
        group: str | None = None,
    ) -> dict[str, str | None] | None:
        """
        Log points for the projector.

        Parameters
        ----------
        vectors
            n rows of d numbers: lists, arrays of any numeric type and rank (each item is
            flattened), tensors, frames. Logged as float32; NaN and infinity are kept.
        labels
            One a row: numbers, strings or None; a table (lists of rows, the first a header);
            one-hot rows, which become 0, 1, …; a dict of columns; a frame; or None.
        image_data
            One picture a row (arrays, PIL images, paths, bytes), or the URL that
            `create_embedding_image` returned.
        image_size
            (width, height) of a tile in pixels. Needed with `image_data`.
        image_preprocess_function
            Called with each element of `image_data`; its result is used instead.
        image_transparent_color
            (red, green, blue) in 0..255: pixels of exactly this colour become transparent.
        image_background_color_function
            Called with each index; gives the (red, green, blue) that the tile is laid on.
        title
            What the entry is called in the projector.
        template_filename
            The name of the template asset. Default: one made up. Not used with a group.
        group
            Embeddings of one group share one template, to be chosen there by title.

        Returns
        -------
        dict
            ``web``, the projector's page; ``api``, the template's content; ``assetId``. None if
            nothing was logged.

        Raises
        ------
        ValueError
            Naming argument, value and rule, before anything is written or sent.

        """
        if not self._is_alive():
            return None
        rows, rounded = to_vectors(vectors)
        names, columns = to_labels(labels, len(rows))
        image_url, tiles = "", None
        if isinstance(image_data, str):
            image_url = image_data
            tiles = Tiles(*to_size(image_size))
            self._check_sprite(image_url, tiles, len(rows))
        elif image_data is not None:
            tiles = to_tiles(
                image_data,
                image_size,
                len(rows),
                image_preprocess_function,
                image_transparent_color,
                image_background_color_function,
            )
        if rounded is not None:
            self._say_once(f"vectors are {rounded}: logged as float32, each rounded to the nearest")
        if tiles is not None and tiles.png is not None:
            image_url = self._native.log_embedding_image(tiles.png)[1]
        tiles = tiles or Tiles(0, 0)
        logged = self._native.log_embedding(
            rows,
            names,
            columns,
            tiles.stack,
            image_url,
            tiles.width,
            tiles.height,
            tiles.transparent,
            tiles.backgrounds,
            "Comet Embedding" if title is None else str(title),
            template_filename or "",
            "" if group is None else str(group),
        )
        return _result(logged)

    def create_embedding_image(
        self,
        image_data: Any,
        image_size: Any,
        image_preprocess_function: Callable[[Any], Any] | None = None,
        image_transparent_color: Any = None,
        image_background_color_function: Callable[[int], Any] | None = None,
    ) -> tuple[Image | None, str | None]:
        """
        Log the pictures of an embedding once, to be used by several.

        Parameters are those of `log_embedding`.

        Returns
        -------
        tuple
            The picture (a PIL image) and its URL, which `log_embedding` takes as `image_data`. Both
            None if the experiment is disabled or ended.

        Raises
        ------
        ValueError
            Naming argument, value and rule, before anything is written or sent.

        """
        if not self._is_alive():
            return None, None
        tiles = to_tiles(
            image_data,
            image_size,
            None,
            image_preprocess_function,
            image_transparent_color,
            image_background_color_function,
        )
        png = tiles.png
        if png is None:
            png = _native.build_sprite(
                tiles.stack, tiles.width, tiles.height, tiles.transparent, tiles.backgrounds
            )
        from PIL.PngImagePlugin import PngImageFile

        # Not PIL.Image.open, which takes a large sprite of our own for an attack.
        image = PngImageFile(io.BytesIO(png)).convert("RGBA")
        url = self._native.log_embedding_image(png)[1] or None
        if url is not None:
            self._sprites[url] = (tiles.count, tiles.width, tiles.height)
        return image, url

    # Assets

    def log_asset(
        self,
        file_data: Any,
        file_name: str | None = None,
        overwrite: Any = False,
        copy_to_tmp: Any = True,
        step: int | None = None,
        metadata: Mapping[str, Any] | None = None,
        *,
        epoch: int | None = None,
        asset_type: str = "asset",
    ) -> dict[str, str | None] | None:
        """
        Log a file: a path, or an open file, read to its end.

        `overwrite` and `copy_to_tmp` are Comet's and mean nothing here: the file is copied at once.
        """
        del overwrite, copy_to_tmp
        if not self._is_alive():
            return None
        if hasattr(file_data, "read"):
            name = file_name or os.path.basename(str(getattr(file_data, "name", "")))
            return self.log_asset_data(
                file_data.read(),
                name,
                step=step,
                metadata=metadata,
                epoch=epoch,
                asset_type=asset_type,
            )
        path = os.fspath(file_data)
        arguments = (
            file_name or "",
            asset_type,
            to_mark(step, "step"),
            to_mark(epoch, "epoch"),
            to_metadata_text(metadata),
        )
        return _result(self._native.log_asset(os.fsdecode(path), *arguments))

    def log_asset_data(
        self,
        data: Any,
        name: str | None = None,
        overwrite: Any = False,
        step: int | None = None,
        metadata: Mapping[str, Any] | None = None,
        file_name: str | None = None,
        epoch: int | None = None,
        *,
        asset_type: str = "asset",
    ) -> dict[str, str | None] | None:
        """Log text or bytes as they are, or anything else as JSON."""
        del overwrite
        if not self._is_alive():
            return None
        content_type = ""
        if isinstance(data, str):
            data, content_type = data.encode("utf-8", "replace"), "text/plain; charset=utf-8"
        elif isinstance(data, (bytearray, memoryview)):
            data = bytes(data)
        elif not isinstance(data, bytes):
            data, content_type = to_json_text(data, "data").encode(), "application/json"
        logged = self._native.log_asset_data(
            data,
            name or file_name or "",
            asset_type,
            content_type,
            to_mark(step, "step"),
            to_mark(epoch, "epoch"),
            to_metadata_text(metadata),
        )
        return _result(logged)

    def log_image(
        self,
        image_data: Any,
        name: str | None = None,
        overwrite: Any = False,
        image_format: str = "png",
        image_scale: float = 1.0,
        image_shape: Any = None,
        image_colormap: Any = None,
        image_minmax: tuple[float, float] | None = None,
        image_channels: str = "last",
        copy_to_tmp: Any = True,
        step: int | None = None,
        annotations: Any = None,
        metadata: Mapping[str, Any] | None = None,
        *,
        epoch: int | None = None,
    ) -> dict[str, str | None] | None:
        """
        Log a picture: a path, bytes or open file of an image, a PIL image, a figure, or an array.

        Arrays are (h, w), (h, w, channels) or, with `image_channels` "first", (channels, h, w);
        values in `image_minmax` are spread over 0..255, without it floats and bools in 0..1 are,
        and all else is clipped. Files that browsers show (PNG, JPEG, WebP, GIF) are logged as they
        are, all else as PNG. `image_scale` resizes. Other arguments are Comet's and mean nothing.
        """
        del overwrite, image_format, image_colormap, copy_to_tmp, annotations
        if not self._is_alive():
            return None
        encoded = to_encoded(image_data, image_scale, image_shape, image_minmax, image_channels)
        name = name or (os.path.basename(image_data) if isinstance(image_data, str) else "")
        logged = self._native.log_image(
            encoded,
            name,
            to_mark(step, "step"),
            to_mark(epoch, "epoch"),
            to_metadata_text(metadata),
        )
        result = _result(logged)
        return None if result is None else {**result, "imageId": result["assetId"]}

    def log_text(
        self, text: Any, step: int | None = None, metadata: Mapping[str, Any] | None = None
    ) -> dict[str, str | None] | None:
        """Log a text as an asset of type "text"."""
        return self.log_asset_data(str(text), step=step, metadata=metadata, asset_type="text")

    # Values

    def log_metric(
        self,
        name: str,
        value: Any,
        step: int | None = None,
        epoch: int | None = None,
        include_context: Any = True,
    ) -> None:
        """Log one number of a curve, NaN and infinity too. A step or epoch given stays current."""
        self.log_metrics(
            {name: value}, step=step, epoch=epoch, _context=None if include_context else ""
        )

    def log_metrics(
        self,
        dic: Mapping[str, Any],
        prefix: str | None = None,
        step: int | None = None,
        epoch: int | None = None,
        *,
        _context: str | None = None,
    ) -> None:
        """Log several numbers at once; with a prefix as "prefix_name"."""
        if not self._is_alive():
            return
        metrics = [
            (f"{prefix}_{name}" if prefix else str(name), to_number(value, f"the metric {name!r}"))
            for name, value in dic.items()
        ]
        self._native.log_metrics(metrics, to_mark(step, "step"), to_mark(epoch, "epoch"), _context)

    def log_parameter(self, name: str, value: Any, step: int | None = None) -> None:
        """Log one setting of the run."""
        self.log_parameters({name: value}, step=step)

    def log_parameters(
        self,
        parameters: Mapping[str, Any],
        prefix: str | None = None,
        nested_support: Any = True,
        step: int | None = None,
    ) -> None:
        """Log settings; those of nested dicts as "outer|inner", with a prefix as "prefix_name"."""
        if not self._is_alive():
            return
        if step is not None:
            self.set_step(step)
        pairs = flatten(parameters) if nested_support else parameters.items()
        self._native.log_parameters(
            [
                (f"{prefix}_{name}" if prefix else str(name), to_value(value))
                for name, value in pairs
            ]
        )

    def log_other(self, key: str, value: Any, include_context: Any = True) -> None:
        """Log anything worth a line."""
        del include_context
        if self._is_alive():
            self._native.log_other(str(key), to_value(value))

    def log_others(self, dictionary: Mapping[str, Any]) -> None:
        """Log several such lines."""
        for key, value in dictionary.items():
            self.log_other(key, value)

    def add_tag(self, tag: str) -> None:
        """Tag the experiment."""
        self.add_tags([tag])

    def add_tags(self, tags: Iterable[str]) -> None:
        """Tag the experiment."""
        if self._is_alive():
            self._native.add_tags([str(tag) for tag in tags])

    # What the experiment is, and where it stands

    def set_name(self, name: str) -> None:
        """Give the experiment the name that lists show."""
        if self._is_alive():
            self._native.set_name(str(name))

    def set_step(self, step: int | None) -> None:
        """Mark what is logged from now on with this step."""
        if self._is_alive():
            self._native.set_step(to_mark(step, "step"))

    def set_epoch(self, epoch: int | None) -> None:
        """Mark what is logged from now on with this epoch."""
        if self._is_alive():
            self._native.set_epoch(to_mark(epoch, "epoch"))

    @contextlib.contextmanager
    def context_manager(self, context: str) -> Iterator[Experiment]:
        """Mark what is logged inside with this context."""
        before, self._context = self._context, context
        if self._is_alive():
            self._native.set_context(context)
        try:
            yield self
        finally:
            self._context = before
            if self._is_alive():
                self._native.set_context(before or "")

    def train(self) -> contextlib.AbstractContextManager[Experiment]:
        """Mark what is logged inside with the context "train"."""
        return self.context_manager("train")

    def validate(self) -> contextlib.AbstractContextManager[Experiment]:
        """Mark what is logged inside with the context "validate"."""
        return self.context_manager("validate")

    def test(self) -> contextlib.AbstractContextManager[Experiment]:
        """Mark what is logged inside with the context "test"."""
        return self.context_manager("test")

    def get_key(self) -> str | None:
        """Give the experiment's key: 32 hexadecimal digits."""
        return None if self._native is None else str(self._native.key)

    def get_name(self) -> str | None:
        """Give the experiment's name."""
        return None if self._native is None else self._native.name or None

    @property
    def id(self) -> str | None:
        """The experiment's key."""
        return self.get_key()

    @property
    def url(self) -> str | None:
        """The experiment's page; None while no server is known."""
        return None if self._native is None else self._native.url or None

    def get_url(self) -> str | None:
        """Give the experiment's page; None while no server is known."""
        return self.url

    @property
    def alive(self) -> bool:
        """Whether it is neither disabled nor ended."""
        return self._native is not None and bool(self._native.is_alive)

    def end(self) -> None:
        """
        Send what is left, with a progress bar on a terminal.

        If the server is away for `patience_s` or Ctrl-C is pressed, says where the spool is and
        what sends it later. Called by itself when the script ends.
        """
        _running.discard(self)
        if self._native is not None:
            self._native.end()

    def _is_alive(self) -> bool:
        if self._native is None:
            return False
        if self._native.is_alive:
            return True
        self._say_once("the experiment is ended: what is logged to it now is dropped")
        return False

    def _check_sprite(self, url: str, tiles: Tiles, n_rows: int) -> None:
        """Check what is known of a picture that this object has logged."""
        if url not in self._sprites:
            return
        count, *size = self._sprites[url]
        if size != [tiles.width, tiles.height]:
            raise ValueError(
                f"image_size is ({tiles.width}, {tiles.height}) and image_data was made by "
                f"create_embedding_image with ({size[0]}, {size[1]}): they must be equal"
            )
        if count < n_rows:
            raise ValueError(
                f"image_data was made by create_embedding_image of {count} images and vectors has "
                f"{n_rows} rows: one image a row is needed"
            )

    def _say_once(self, message: str) -> None:
        with self._lock:
            is_new = message not in self._said
            self._said.add(message)
        if is_new:
            _log.warning("%s (said once)", message)


def _result(logged: tuple[str, str, str]) -> dict[str, str | None] | None:
    asset_id, web, api = logged
    if not asset_id:
        return None
    return {"web": web or None, "api": api or None, "assetId": asset_id}
