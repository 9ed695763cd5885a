"""What detectors return as arrays of their own shapes, as plain arrays.

- MoveNet, `(frames, 1, 1, 17, 3)`: y, x, score of COCO's joints, fractions of the image
  that it was given (https://www.tensorflow.org/hub/tutorials/movenet). MultiPose,
  `(frames, 6, 56)` or `(frames, 1, 6, 56)`: those of six people and five numbers of
  each one's box (https://www.kaggle.com/models/google/movenet).
- MediaPipe, `(frames, 33, 3 to 5)`: x, y, z[, visibility[, presence]] of its landmarks,
  x and y fractions of the image; flat, too, `(frames, 132)` with visibility. Their
  scores: see `mediapipe_scores`
  (https://ai.google.dev/edge/mediapipe/solutions/vision/pose_landmarker).
"""

from typing import Any

import numpy as np

from propose_keras.keypoint_files import mediapipe_scores
from propose_keras.skeletons import LAYOUTS

_MOVENET = "movenet17"
_MOVENET_NUMBERS = 17 * 3
# Of an instance of MultiPose: joints, then the box and its score.
_MULTIPOSE_NUMBERS = _MOVENET_NUMBERS + 5
_LANDMARKS = 33
_VISIBILITY = 3  # Its column, behind x, y and z.
# People of a frame from which on they may be frames, and how far each is from the next,
# in sizes of a person, if they are.
_CROWD, _ALIKE = 8, 0.3
AXES_EXCHANGED = (
    "The people of a frame are nearly the same, one like the next: are the axes of "
    "frames and people exchanged? Expected (frames, people, joints, 2 or 3)."
)
# Scores reach so far below 0 at most.
_LOWEST_SCORE = -0.1


def plain_array(
    values: np.ndarray, scores: Any, layout: str | None
) -> tuple[np.ndarray, Any, str | None]:
    """An array of keypoints in the shape that `people_of_array` describes.

    Args:
        values: Numbers of any shape; one that is not known here is returned as it is.
        scores: Given besides, or None.
        layout: The joint order that the user or the file names, if any.

    Returns:
        The values, their scores and the layout.
    """
    shape = values.shape
    if layout in (None, _MOVENET, "coco17"):
        if values.ndim == 5 and shape[1:] == (1, 1, 17, 3):
            return values[:, 0], scores, _MOVENET
        if values.ndim in (3, 4) and shape[-1] == _MULTIPOSE_NUMBERS:
            values = values[:, 0] if values.ndim == 4 else values
            joints = values[..., :_MOVENET_NUMBERS]
            return joints.reshape(*joints.shape[:-1], 17, 3), scores, _MOVENET
    if layout in (None, mediapipe_scores.LAYOUT):
        if values.ndim == 2 and shape[1] == _LANDMARKS * 4:
            values = values.reshape(len(values), _LANDMARKS, 4)
        if values.ndim in (3, 4) and values.shape[-2] == _LANDMARKS:
            values, scores = _landmarks(values, scores)
    return _unfolded(values, layout), scores, layout


def _unfolded(values, layout):
    """A line of numbers for each frame as joints; of no two layouts as many."""
    if values.ndim != 2:
        return values
    counts = LAYOUTS.values() if layout is None else [LAYOUTS.get(layout, 0)]
    for width in (3, 2):
        if any(values.shape[1] == width * count for count in counts):
            return values.reshape(len(values), -1, width)
    return values


def are_axes_exchanged(values: np.ndarray) -> bool:
    """Whether the people of a frame seem to be frames of one person.

    Args:
        values: `(frames, people, J, 2 or more)`, of which the first frame is looked at.
    """
    if values.ndim != 4 or values.shape[1] < max(_CROWD, len(values)):
        return False
    people = np.asarray(values[0, ..., :2], float)
    people = people[np.isfinite(people).all(axis=(1, 2)) & people.any(axis=(1, 2))]
    if len(people) < _CROWD:
        return False
    steps = np.linalg.norm(np.diff(people, axis=0), axis=-1).mean(axis=-1)
    sizes = np.sqrt(np.var(people, axis=1).sum(axis=-1))
    return bool(np.median(steps) < _ALIKE * np.median(sizes))


def _landmarks(values, scores):
    """X and y of MediaPipe's landmarks, and their scores."""
    width = values.shape[-1]
    if width > _VISIBILITY and width <= _VISIBILITY + 2:
        if scores is None:
            presence = values[..., -1] if width > _VISIBILITY + 1 else None
            scores = mediapipe_scores.score_of(values[..., _VISIBILITY], presence)
        return values[..., :2], scores
    third = values[..., 2:3]
    if width == 3 and np.fmin.reduce(third, axis=None, initial=0) < _LOWEST_SCORE:
        # Without visibility: the depths of some landmarks are below 0, no score is.
        return values[..., :2], scores
    return values, scores


def is_single_movenet(values: np.ndarray, layout: str | None) -> bool:
    """Whether an array `(1, 1, 17, 3)` is what MoveNet returns for one image.

    One frame with one person has the same shape; MoveNet's values lie in 0..1.
    """
    return (
        layout in (None, _MOVENET)
        and values.shape == (1, 1, 17, 3)
        and values.dtype.kind == "f"
        and bool((np.abs(values) <= 2.0).all())
    )
