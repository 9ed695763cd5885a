"""PoseTrack 2017's files, which PoseFlow writes for its evaluation.

`{"annolist": [{"image": [{"name": ...}], "annorect": [{"track_id": [0], "annopoints":
[{"point": [{"id": [0], "x": [394], "y": [173], "score": [0.7]}, ...]}]}, ...]}, ...]}`:
a joint that is not listed is missing
(https://github.com/leonid-pishchulin/poseval#data-preparation). The files of PoseTrack
2018 are COCO annotations.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from propose_keras.keypoint_files.frame_order import natural_order
from propose_keras.keypoint_files.records import (
    KeypointFileError,
    PersonKeypoints,
    make_person,
)
from propose_keras.skeletons import POSETRACK_15

# What values of other kinds raise.
_WRONG = (LookupError, TypeError, ValueError, AttributeError, OverflowError)


def read_posetrack(
    name: str, document: dict, layout: str | None
) -> Iterator[PersonKeypoints]:
    """People of a document with `annolist`, by image.

    Raises:
        KeypointFileError: If a value is wrong.
    """
    try:
        images = [
            (_name(_only(image["image"])["name"]), image.get("annorect") or [])
            for image in document["annolist"]
        ]
        people = [
            (frame, _only(person.get("track_id")), place, _points(person))
            for frame, persons in sorted(images, key=lambda i: natural_order(i[0]))
            for place, person in enumerate(persons)
            if person
        ]
    except _WRONG as error:
        raise KeypointFileError(
            f"{name}: expected PoseTrack's annolist of image, annorect and annopoints: "
            f"{error!r}."
        ) from error
    for frame, track, place, joints in people:
        if (joints[:, 2] > 0).any():
            tracked = isinstance(track, int)
            person = track if tracked else place
            yield make_person(
                f"{name}, frame {frame}, person {person}",
                frame,
                person,
                joints,
                layout=layout or POSETRACK_15.name,
                tracked=tracked,
            )


def _points(person: dict) -> np.ndarray:
    """`(15, 3)`: x, y, score; score 0 where a joint is not listed."""
    joints = np.tile([np.nan, np.nan, 0.0], (POSETRACK_15.num_joints, 1))
    points = (_only(person.get("annopoints")) or {}).get("point") or []
    for point in points if isinstance(points, list) else [points]:
        place = int(_only(point["id"]))
        if place < 0:
            raise IndexError(f"joint {place}")
        score = _only(point.get("score", 1.0))
        joints[place] = _only(point["x"]), _only(point["y"]), score
    return joints


def _only(value: Any) -> Any:
    """The item of a list of one; MATLAB's structures become such."""
    if isinstance(value, list):
        return value[0] if value else None
    return value


def _name(frame: Any) -> str:
    """An image's name; PoseFlow writes those without people as number and name."""
    return str(frame[1] if isinstance(frame, list) else frame)
