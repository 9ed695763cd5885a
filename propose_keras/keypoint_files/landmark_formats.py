"""Detectors whose keypoints are lists of named numbers, or fractions of the image.

- MediaPipe: for each frame a list of 33 landmarks `{x, y, z, visibility}`, a list of
  such lists, or an object that holds one under `landmarks` or `pose_landmarks`; x and y
  are fractions of the image's width and height. TensorFlow.js' pose-detection writes
  such lists in pixels, with names.
- Ultralytics `to_json()`: a frame's people, `{name, class, confidence, box, keypoints:
  {x, y, visible}}`, in pixels, or in fractions if it was asked for them.
- Ultralytics `save_txt`: a folder of text files, one per frame, a line for each person:
  class, box, then x, y and perhaps a visibility for each joint, all in fractions; then
  with `save_conf` the box's confidence, and the track's number where it tracked.
"""

import pathlib
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from propose_keras.keypoint_files.image_fractions import are_fractions, to_pixels
from propose_keras.keypoint_files.json_values import is_joint, is_named, joint_values
from propose_keras.keypoint_files.records import (
    KeypointFileError,
    PersonKeypoints,
    check_not_world,
    make_person,
)
from propose_keras.skeletons import LAYOUTS

_LANDMARK_KEYS = ("landmarks", "pose_landmarks", "poseLandmarks")
_BOX = 5  # Class and box of a line of Ultralytics.


def landmarks_of(element: Any) -> list | None:
    """The people of one of MediaPipe's frames, None if it is no such frame."""
    if isinstance(element, dict):
        held = [element[key] for key in _LANDMARK_KEYS if key in element]
        if not held:
            return None
        element = held[0]
        if element is None:
            return []
        if isinstance(element, dict) and is_named(element):
            return [element]
        if isinstance(element, dict):  # As protocol buffers are printed.
            element = element.get("landmark")
    if not isinstance(element, list):
        return None
    if not element or is_joint(element[0]):
        return [element] if element else []
    inside = [e.get("landmark", e) if isinstance(e, dict) else e for e in element]
    if all(isinstance(e, list) and all(map(is_joint, e)) for e in inside):
        return [e for e in inside if e]
    return None


def mediapipe_people(
    name: str,
    frame: int | str,
    people: list,
    layout: str | None,
    image_size: Any,
    tracks: Sequence[int | str | None] = (),
) -> Iterator[PersonKeypoints]:
    """People of one of MediaPipe's frames.

    Args:
        name: The file, for errors.
        frame: Name of the frame.
        people: The landmarks of each.
        layout: The joint order, if known.
        image_size: Width and height in pixels, if known.
        tracks: Of each person where the file has them; else people are numbered.

    Raises:
        KeypointFileError: If the image's size is not known or a value is wrong.
    """
    tracked = bool(tracks) and None not in tracks and len(set(tracks)) == len(tracks)
    for place, landmarks in enumerate(people):
        track = tracks[place] if tracked else None
        person = place if track is None else track
        where = f"{name}, frame {frame}, person {person}"
        joints = joint_values(landmarks, None, layout, where)
        if joints is None:
            continue
        values, scores, known = joints
        check_not_world(values, scores, where, known)
        if are_fractions(values[scores > 0]):
            values = to_pixels(values, image_size, where)
        yield make_person(
            *(where, frame, person, values, scores, known),
            image_size=image_size,
            tracked=tracked,
        )


def is_ultralytics(element: Any) -> bool:
    """Whether something is a person of Ultralytics' `to_json()`."""
    return (
        isinstance(element, dict)
        and isinstance(element.get("keypoints"), dict)
        and {"x", "y"} <= set(element["keypoints"])
    )


def ultralytics_people(
    name: str, frame: int | str, people: list, layout: str | None, image_size: Any
) -> Iterator[PersonKeypoints]:
    """People of one frame of Ultralytics' `to_json()`.

    Raises:
        KeypointFileError: If a value is wrong.
    """
    if not all(map(is_ultralytics, people)):
        raise KeypointFileError(
            f"{name}, frame {frame}: expected people with keypoints of x and y."
        )
    tracks = [person.get("track_id") for person in people]
    tracked = all(isinstance(track, int | str) for track in tracks)
    for place, person in enumerate(people):
        number = tracks[place] if tracked else place
        where = f"{name}, frame {frame}, person {number}"
        held = person["keypoints"]
        if not held["x"]:
            continue
        values = _numbers([held["x"], held["y"]], where, "x and y").T
        scores = _found_scores(values, held.get("visible"), where)
        if are_fractions(values):
            values = to_pixels(values, image_size, where)
        yield make_person(
            *(where, frame, number, values, scores, layout, "coco17"),
            image_size=image_size,
            tracked=tracked,
        )


def read_label_folder(
    files: list[pathlib.Path], layout: str | None, image_size: Any
) -> Iterator[PersonKeypoints]:
    """People of Ultralytics' text files, one per frame.

    Raises:
        KeypointFileError: If the image's size is not known or a line is wrong.
    """
    for file in files:
        try:
            lines = file.read_text("utf-8-sig").splitlines()
        except UnicodeDecodeError as error:
            raise KeypointFileError(f"{file} is not a text: {error}.") from error
        for person, line in enumerate(line for line in lines if line.strip()):
            where = f"{file}, line {person + 1}"
            values = _numbers(line.split(), where, "the columns")
            joints, track = _label_joints(values, layout, where)
            width = joints.shape[1]
            pixels = to_pixels(joints[:, :2], image_size, where)
            visible = joints[:, 2] if width == 3 else None
            scores = _found_scores(joints[:, :2], visible, where)
            yield make_person(
                *(where, file.stem, person if track is None else track),
                *(pixels, scores, layout, "coco17", image_size),
                tracked=track is not None,
            )


def _label_joints(values, layout, where):
    """Joints `(J, 2 or 3)` and track of a line of Ultralytics' labels."""
    count = len(values) - _BOX
    num_joints = LAYOUTS.get(layout or "", 17)
    # What is behind the joints: nothing, a confidence or a track, both.
    for behind in (0, 1, 2):
        for width in (3, 2):
            if count - behind == num_joints * width:
                joints = values[_BOX : _BOX + num_joints * width]
                last = values[-1] if behind else 0.0
                is_track = last >= 1 and last.is_integer()
                track = int(last) if is_track else None
                return joints.reshape(num_joints, width), track
    width = 3 if count % 3 == 0 else 2
    if count <= 0 or count % width:
        raise KeypointFileError(
            f"{where}: expected Ultralytics' class, box (4), x, y[, visibility] of "
            f"each joint[, confidence][, track], found {len(values)} columns."
        )
    return values[_BOX:].reshape(-1, width), None


def _found_scores(values, visible, name):
    """Scores; a joint that Ultralytics did not find is written as 0, 0."""
    found = np.asarray(values != 0).any(axis=-1)
    if visible is None:
        return found * 1.0
    scores = _numbers(visible, name, "visibilities")
    return found * scores if scores.shape == found.shape else scores


def _numbers(values: Any, name: str, what: str) -> np.ndarray:
    try:
        return np.asarray(values, np.float64)
    except (TypeError, ValueError) as error:
        raise KeypointFileError(f"{name}: {what} are not numbers: {error}.") from error


def is_label_file(path: pathlib.Path) -> bool:
    """Whether a text file looks like Ultralytics' labels."""
    with open(path, encoding="utf-8", errors="replace") as file:
        line = next((line for line in file if line.strip()), "")
    return bool(
        re.fullmatch(r"\s*\d+(\s+-?[\d.]+(e-?\d+)?){4,}\s*", line, re.IGNORECASE)
    )
