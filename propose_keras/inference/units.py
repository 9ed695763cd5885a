"""Keypoints in fractions of the image, found and brought to pixels."""

import dataclasses
import itertools
from collections.abc import Iterable, Iterator

import numpy as np

from propose_keras.inference.image_bounds import is_upper
from propose_keras.inference.percents import (
    PERCENTS,
    may_be_percents,
    note_of_percents,
)
from propose_keras.keypoint_files import KeypointFileError, PersonKeypoints
from propose_keras.keypoint_files.image_fractions import (
    LARGEST_FRACTION,
    are_fractions,
)

# People looked at before it is decided whether fractions begin at 0 or at -1.
_NUM_SEEN = 500
# Joints of a person that tell fractions from pixels.
_FEWEST = 4
# Share of coordinates below 0 that 0..1 may have: joints guessed beyond the edge.
_SHARE_NEGATIVE = 0.1
FRACTIONS = (
    "The keypoints lie in 0..1: they were taken as fractions of the image's width and "
    "height."
)
CENTRED = (
    "The keypoints lie in -1..1: they were taken as fractions of half the image's "
    "width from its middle, as VideoPose3D normalises them."
)
CENTRED_BY_AXIS = (
    "The keypoints lie in -1..1: they were taken as fractions of half the image's "
    "width and height from its middle, as OpenPose normalises them."
)
MAYBE_BY_AXIS = (
    "Some of them lie below the picture then. If OpenPose normalised them, add 1 and "
    "divide by 2: they are fractions of the image's width and height then."
)
# Share of joints above the picture, or of heads and shoulders below it, if they were
# VideoPose3D's, from which on they are OpenPose's: feet are guessed below a picture.
_SHARE_OUTSIDE = 0.02


def in_pixels(
    people: Iterable[PersonKeypoints], image_size: tuple[float, float] | None
) -> Iterator[PersonKeypoints]:
    """People with keypoints in pixels, whatever the source has.

    Args:
        people: Of a source; all in the same unit.
        image_size: Width and height in pixels; a person's own is taken where None.

    Raises:
        KeypointFileError: If keypoints are fractions and the image's size is not known.
    """
    people = iter(people)
    seen: list[PersonKeypoints] = []
    can_be_percents = can_be_fractions = True
    for person in people:
        seen.append(person)
        measured = _measured(person)
        if len(measured):
            size = image_size or person.image_size
            can_be_percents &= may_be_percents(measured, size)
            can_be_fractions &= are_fractions(measured)
        if not can_be_fractions and not can_be_percents:
            yield from map(_checked_pixels, itertools.chain(seen, people))
            return
        if len(seen) == _NUM_SEEN:
            break
    measured = [_measured(person) for person in seen if len(_measured(person))]
    if not measured:
        yield from itertools.chain(seen, people)
        return
    if not can_be_fractions:
        yield from _percents(seen, people, image_size, note_of_percents(measured))
        return
    negative = np.mean(np.concatenate(measured) < 0)
    # MediaPipe's are never centred, but lie beyond the edge where a body does.
    from_middle = negative > _SHARE_NEGATIVE and seen[0].layout != "mediapipe33"
    note = CENTRED if from_middle else FRACTIONS
    heights = np.concatenate(measured)[:, 1]
    upper = np.concatenate([_measured(person, is_upper) for person in seen])[:, 1]
    for person in itertools.chain(seen, people):
        size = image_size or person.image_size
        if size is None:
            raise KeypointFileError(
                f"The keypoints lie in {'-1' if note == CENTRED else '0'}..1. Pass "
                "`image_size`, the image's width and height in pixels."
            )
        width, height = size
        more: tuple[str, ...] = ()
        if note == CENTRED:
            edge = 1.02 * height / width
            outside = np.mean(heights < -edge), len(upper) and np.mean(upper > edge)
            if max(outside) > _SHARE_OUTSIDE:
                note = CENTRED_BY_AXIS
            elif np.mean(heights > edge) > _SHARE_OUTSIDE and heights.max() <= 1.02:
                more = (MAYBE_BY_AXIS,)
        if note == CENTRED_BY_AXIS:
            pixels = (person.keypoints + 1.0) * np.array([width, height]) / 2
        elif note == CENTRED:
            pixels = (person.keypoints + [1.0, height / width]) * width / 2
        else:
            pixels = person.keypoints * np.array([width, height])
        yield dataclasses.replace(
            person,
            keypoints=pixels.astype(np.float32),
            notes=(*person.notes, note, *more),
        )


def _percents(seen, people, image_size, note):
    """People who are, or may be, in percents of the image."""
    for person in itertools.chain(seen, people):
        keypoints = person.keypoints
        if note == PERCENTS:
            size = image_size or person.image_size
            if not may_be_percents(_measured(person), size):
                raise KeypointFileError(
                    f"Frame {person.frame}, person {person.person}: keypoints are "
                    "pixels, those of others are percents of the image. Use one unit "
                    "for all."
                )
            keypoints = (keypoints * np.array(size) / 100.0).astype(np.float32)
        yield dataclasses.replace(
            person, keypoints=keypoints, notes=(*person.notes, note)
        )


def _checked_pixels(person):
    """A person of whom others are in pixels, unless she lies within two of them."""
    measured = _measured(person)
    if len(measured) >= _FEWEST and (np.abs(measured) <= LARGEST_FRACTION).all():
        raise KeypointFileError(
            f"Frame {person.frame}, person {person.person}: keypoints are fractions of "
            "an image, those of others are pixels. Use one unit for all."
        )
    return person


def _measured(person, chosen=None):
    """Coordinates of the joints that are there; 0, 0 is how many write none."""
    there = (person.scores > 0) & (person.keypoints != 0).any(axis=1)
    if chosen is not None:
        there &= chosen(person.layout)
    return person.keypoints[there]
