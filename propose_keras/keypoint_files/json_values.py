"""A person's keypoints as JSON spells them, as arrays.

- Numbers: `[x, y, score] * J`, `[[x, y, score], ...]`, or `[[x, y], ...]` and scores of
  their own.
- Named joints: `{"nose": [x, y, score], ...}`, `{"nose": {"x": ..., "y": ...}, ...}` or
  `[{"name": "nose", "x": ..., "y": ..., "score": ...}, ...]`; the names decide the
  layout.
- Columns, as Ultralytics': `{"x": [...], "y": [...], "visible": [...]}`.

MediaPipe's visibility and presence become scores, see `mediapipe_scores`.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from propose_keras.keypoint_files import mediapipe_scores
from propose_keras.keypoint_files.csv_header import SCORES
from propose_keras.keypoint_files.joint_names import are_joint_names, match_names
from propose_keras.keypoint_files.records import KeypointFileError

_NAMES = ("name", "part", "joint", "jointType", "JointType", "joint_name", "bodypart")


class JointValues(NamedTuple):
    """A person's keypoints.

    Attributes:
        values: `(J, 2 or 3)`, or what a list of numbers holds.
        scores: `(J,)`; None where the values have them.
        layout: The joint order, if the names decide it, or the user's.
    """

    values: Any
    scores: Any
    layout: str | None


def joint_values(
    values: Any, scores: Any, layout: str | None, name: str
) -> JointValues | None:
    """A person's keypoints; None if there are none.

    Args:
        values: Of JSON.
        scores: A list of the joints' scores, or anything else for none.
        layout: The layout that the user names, if any.
        name: What is read, for errors.

    Raises:
        KeypointFileError: If joints are of no known form, or 3D.
    """
    if values is None or (isinstance(values, list | dict) and not values):
        return None
    scores = scores if isinstance(scores, list) else None
    if isinstance(values, dict) and isinstance(values.get("x"), list):
        coordinates = _array([values["x"], values.get("y")], name).T
        is_mediapipe = mediapipe_scores.is_layout(layout, len(coordinates))
        found = _score(values, name, is_mediapipe)
        return JointValues(coordinates, scores if found is None else found, layout)
    if isinstance(values, dict):
        return _named(list(values), list(values.values()), layout, name)
    if isinstance(values, list) and isinstance(_first(values), dict):
        names = [
            called for joint in values if isinstance(called := _name_of(joint), str)
        ]
        if len(names) == len(values):
            return _named(names, values, layout, name)
        is_mediapipe = mediapipe_scores.is_layout(layout, len(values))
        rows = np.array([_joint(joint, name, is_mediapipe) for joint in values])
        return JointValues(rows[:, :2], _scores(rows), layout)
    if scores is not None and isinstance(values, list):
        if all(isinstance(joint, list) and len(joint) == 3 for joint in values):
            raise KeypointFileError(
                f"{name}: keypoints of three numbers besides their scores, as of 3D "
                "poses. Expected x and y in pixels."
            )
        if len(values) == 2 * len(scores):
            return JointValues(_array(values, name).reshape(-1, 2), scores, layout)
    return JointValues(values, scores, layout)


def is_named(values: Any) -> bool:
    """Whether something is a dictionary of joints by their names."""
    return (
        isinstance(values, dict)
        and all(isinstance(joint, list | dict | None) for joint in values.values())
        and are_joint_names(values)
    )


def is_joint(element: Any) -> bool:
    """Whether something is a joint with x and y."""
    if isinstance(element, dict) and isinstance(element.get("position"), dict):
        element = element["position"]  # PoseNet's.
    return isinstance(element, dict) and {"x", "y"} <= set(element)


def _named(names: Sequence[str], joints, layout, name) -> JointValues:
    layout, order = match_names(names, layout, name)
    is_mediapipe = mediapipe_scores.is_layout(layout)
    rows = np.array([_joint(joint, name, is_mediapipe) for joint in joints])
    missing = np.array([np.nan, np.nan, 0.0])
    rows = np.array([missing if place is None else rows[place] for place in order])
    return JointValues(rows[:, :2], _scores(rows), layout)


def _scores(rows):
    """The scores of joints; a joint without coordinates has 0, without a score 1."""
    there = ~np.isnan(rows[:, :2]).any(axis=1)
    return np.where(there, np.where(np.isnan(rows[:, 2]), 1.0, rows[:, 2]), 0.0)


def _joint(joint, name, is_mediapipe):
    """x, y and score of a joint, NaN for what is not there."""
    if not joint:
        return np.full(3, np.nan)
    if isinstance(joint, list) and len(joint) in (2, 3):
        row = [*joint, np.nan][:3]
    elif isinstance(joint, dict) and is_joint(joint):
        place = joint.get("position", joint)
        score = _score(joint, name, is_mediapipe)
        row = [place["x"], place["y"], np.nan if score is None else score]
    else:
        raise KeypointFileError(
            f"{name}: expected joints of x and y, found {str(joint)[:60]}."
        )
    row = _array(row, name)
    if row.shape != (3,):
        raise KeypointFileError(f"{name}: keypoints are not numbers: {joint}.")
    return row


def _score(holder, name, is_mediapipe):
    """The score, or the joints' scores, that an object holds; None if it has none."""
    key = next((key for key in SCORES if holder.get(key) is not None), None)
    if key is None or not (is_mediapipe and mediapipe_scores.is_probability(key)):
        return None if key is None else holder[key]
    presence = holder.get(mediapipe_scores.PRESENCE)
    return mediapipe_scores.score_of(
        _array(holder[key], name), None if presence is None else _array(presence, name)
    )


def _first(values):
    return next((value for value in values if value is not None), None)


def _name_of(joint):
    if not isinstance(joint, dict):
        return None
    return next((joint[key] for key in _NAMES if joint.get(key) is not None), None)


def _array(values, name):
    try:
        return np.asarray(values, np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise KeypointFileError(
            f"{name}: keypoints are not numbers: {error}."
        ) from error
