"""From what users have to people, frame by frame, ready to be lifted."""

import os
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from propose_keras.inference.frame_times import timed
from propose_keras.inference.sides import mended
from propose_keras.inference.tracking import tracked
from propose_keras.inference.units import in_pixels
from propose_keras.keypoint_files import (
    PersonKeypoints,
    in_frame_order,
    people_of_array,
    read_keypoints,
)


def people_of(
    source: Any,
    layout: str | None = None,
    image_size: tuple[float, float] | None = None,
    track: bool | None = None,
) -> Iterator[PersonKeypoints]:
    """People of a source, grouped by frame, in pixels, with times and tracks.

    Reads no further than it must: `inference.sides` looks a few frames ahead.

    Args:
        source: See `Lifter.stream`.
        layout: See `Lifter.stream`.
        image_size: Width and height in pixels.
        track: See `Lifter.stream`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If keypoints or layout are wrong, or the image size is not known
            and keypoints are fractions of it.
    """
    people = in_pixels(_read(source, layout, image_size), image_size)
    people = tracked(timed(people), track)
    return people if track is False else mended(people)


def _read(source, layout, image_size):
    if isinstance(source, str | os.PathLike):
        yield from read_keypoints(source, layout, image_size)
    elif hasattr(source, "__array__"):
        array = np.asarray(source)
        array = array[None] if array.ndim == 2 and array.shape[1] < 4 else array
        yield from people_of_array("keypoints", array, layout=layout)
    elif isinstance(source, Iterable):
        if isinstance(source, list | tuple) and all(
            isinstance(person, PersonKeypoints) for person in source
        ):
            source = in_frame_order(source)
        for index, frame in enumerate(source):
            if isinstance(frame, PersonKeypoints):
                yield frame
                continue
            array = np.asarray(frame)[None]  # One frame, of one person or of several.
            yield from people_of_array(
                *("keypoints", array),
                layout=layout,
                frames=[index],
                tracked=array.ndim < 4,
            )
    else:
        raise ValueError(
            "Expected a path, an array or an iterable of frames, received "
            f"{type(source).__name__}."
        )
