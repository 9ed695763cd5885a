"""Keypoints as nested lists of numbers in JSON, in the shapes of npy files."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from propose_keras.keypoint_files.array_forms import is_single_movenet
from propose_keras.keypoint_files.records import (
    KeypointFileError,
    PersonKeypoints,
    people_of_array,
)

_LANDMARKS_FLAT = 33 * 4  # MediaPipe's x, y, z, visibility.


def depth_of(element: Any) -> int:
    """How deep lists of numbers are nested; 0 for anything else."""
    depth = 0
    while isinstance(element, list) and element:
        element = next((e for e in element if e not in (None, [])), None)
        depth += 1
    is_number = isinstance(element, int | float) and not isinstance(element, bool)
    return depth if is_number else 0


def are_numbers(element: Any) -> bool:
    """Whether something is a list of numbers, or of lists of such."""
    return depth_of(element) > 0


def are_lists(element: Any) -> bool:
    """Whether something is a list of lists, not of numbers."""
    return (
        isinstance(element, list)
        and bool(element)
        and all(isinstance(inside, list) for inside in element)
        and not are_numbers(element)
    )


def array_people(
    name: str,
    elements: Sequence[Any],
    layout: str | None,
    frame: int | str | None,
    frames: Sequence[int | str] | None = None,
) -> Iterator[PersonKeypoints]:
    """People of nested numbers.

    Args:
        name: The file, for errors.
        elements: A list of frames as `people_of_array` describes them, empty ones
            among them; or the joints or people of one frame.
        layout: The joint order, if known.
        frame: Name of the frame, where `elements` are one.
        frames: Names of the elements, where they are frames; else by their places.

    Raises:
        KeypointFileError: As `people_of_array`.
    """
    found = [
        (index, _array(name, element))
        for index, element in enumerate(elements)
        if element not in (None, [])
    ]
    shapes = {array.shape for _, array in found}
    if frames is None and (frame is not None or _is_one_frame(shapes, len(elements))):
        whole = _array(name, elements)
        found, frames = [(0, whole)], [0 if frame is None else frame]
        shapes = {whole.shape}
    if len(shapes) == 1:
        values = np.stack([array for _, array in found])
        if frames is None and is_single_movenet(values, layout):
            layout = "movenet17"
        if (
            values.ndim == 2
            and values.shape[1] % 3 == 0
            and values.shape[1] != _LANDMARKS_FLAT
        ):
            values = values.reshape(len(values), -1, 3)
        images = [i if frames is None else frames[i] for i, _ in found]
        yield from people_of_array(name, values, layout=layout, frames=images)
        return
    for index, array in found:
        image = index if frames is None else frames[index]
        yield from people_of_array(
            name, array[None], layout=layout, frames=[image], tracked=array.ndim < 3
        )


def _is_one_frame(shapes, count):
    """Whether a list holds joints, `(J, 2 to 5)`, or MultiPose's people, `(6, 56)`."""
    shape = next(iter(shapes))
    return len(shapes) == 1 and (
        shape in ((2,), (3,), (4,), (5,)) or (count, *shape) == (6, 56)
    )


def _array(name, values):
    try:
        return np.array(values, np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise KeypointFileError(
            f"{name}: keypoints are not numbers, or of different lengths: {error}."
        ) from error
