"""One person in one frame, and the checks that every format goes through."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from propose_keras.data.errors import DataFileError
from propose_keras.skeletons import LONGER_LAYOUTS, SKELETONS, get_skeleton

# Joint counts that one layout of detectors has. 17 joints are COCO's in the formats of
# detectors; in plain arrays they may be COCO's, Human3.6M's or 3DHP's. 25 joints are
# taken for BODY_25's; BODY_25B must be named.
_LAYOUT_OF_COUNT = {
    **{15: "mpii15", 16: "mpii16", 18: "coco18", 25: "body25", 26: "halpe26"},
    **{33: "mediapipe33", 133: "wholebody133", 136: "halpe136"},
}
# Interpolated peaks of heat maps run below 0 by a few percent.
_SCORE_MARGIN = 0.1
# Peaks of heat maps reach 1.2, SimCC's responses 7, Detectron2's keypoint scores more.
# Beyond are percents and the like.
_LARGEST_SCORE = 10.0
# What is said where scores were clipped.
CLIPPED = "There are scores above 1, which some detectors write: they were taken as 1."
# Pixels; what lies further out is no measurement.
_LARGEST_COORDINATE = 1e6
_PLAIN_ORDERS = ("h36m17", "coco17", "3dhp17")


class KeypointFileError(DataFileError):
    """Keypoints cannot be read; the message says which, and what was expected."""


class KeypointWarning(UserWarning):
    """Keypoints were changed on reading, or look wrong; the message states how."""


@dataclasses.dataclass(frozen=True, eq=False)
class PersonKeypoints:
    """The keypoints of one person in one frame.

    Attributes:
        frame: The source's own name of the frame: the image's name or number, the
            file's name (OpenPose), or the index along an array.
        person: The track's number where the source tracks people, else the person's
            index within the frame.
        keypoints: `(J, 2)` float32 pixels, finite where the score is above 0.
        scores: `(J,)` float32 in 0..1; 0 means missing.
        layout: Name of the joint order, see `propose_keras.skeletons`.
        image_size: Width and height of the image in pixels, where the source has them.
        notes: What was changed on reading, in words.
    """

    frame: int | str
    person: int
    keypoints: np.ndarray
    scores: np.ndarray
    layout: str
    image_size: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()


def recognise_layout(
    num_joints: int, layout: str | None, name: str, default_17: str | None = None
) -> str:
    """The name of the joint order of `num_joints` joints.

    Args:
        num_joints: Joints found.
        layout: The order that the user or the file names, if any.
        name: What is read, for the error.
        default_17: The order of 17 joints in this format, where it has but one.

    Raises:
        KeypointFileError: If the order is unknown or has another number of joints.
    """
    if layout is not None:
        known = {s.name: s.num_joints for s in SKELETONS.values()}
        known |= {longer: count for longer, (_, count) in LONGER_LAYOUTS.items()}
        if layout not in known:
            raise KeypointFileError(
                f"{name}: unknown layout {layout!r}. Known are {sorted(known)}."
            )
        expected = known[layout]
        if num_joints != expected:
            raise KeypointFileError(
                f"{name}: found {num_joints} joints; the layout {layout!r} has "
                f"{expected}. Pass the layout that the detector wrote."
            )
        return layout
    if num_joints == 17:
        if default_17 is None:
            raise KeypointFileError(
                f"{name}: 17 joints can be in the order of {', '.join(_PLAIN_ORDERS)}. "
                "Pass the layout."
            )
        return default_17
    if num_joints not in _LAYOUT_OF_COUNT:
        known = dict(sorted((v, k) for k, v in _LAYOUT_OF_COUNT.items()))
        raise KeypointFileError(
            f"{name}: no known layout has {num_joints} joints. Known are {known}, and "
            f"17 of {', '.join(_PLAIN_ORDERS)}."
        )
    return _LAYOUT_OF_COUNT[num_joints]


def make_person(
    name: str,
    frame: int | str,
    person: int,
    values: Any,
    scores: Any = None,
    layout: str | None = None,
    default_17: str | None = None,
    image_size: tuple[float, float] | None = None,
) -> PersonKeypoints:
    """Checks one person's numbers.

    Args:
        name: What is read, for the error.
        frame: See `PersonKeypoints`.
        person: See `PersonKeypoints`.
        values: `(J, 2)` pixels, or `(J, 3)` with scores; flat lists of triples too.
        scores: `(J,)`; by default the third column, or 1.
        layout: See `recognise_layout`.
        default_17: See `recognise_layout`.
        image_size: See `PersonKeypoints`.

    Raises:
        KeypointFileError: If a shape, a score or a coordinate is wrong.
    """
    if not -(2**63) <= person < 2**63:
        raise KeypointFileError(f"{name}: a person's number must fit into 64 bits.")
    values = _numbers(values, f"{name}: keypoints")
    if values.ndim == 1 and values.size and values.size % 3 == 0:
        values = values.reshape(-1, 3)
    if values.ndim != 2 or values.shape[1] not in (2, 3):
        raise KeypointFileError(
            f"{name}: expected x, y or x, y, score for each joint, found keypoints of "
            f"shape {values.shape}."
        )
    layout = recognise_layout(len(values), layout, name, default_17)
    if scores is None:
        scores = values[:, 2] if values.shape[1] == 3 else np.ones(len(values))
    scores = _numbers(scores, f"{name}: scores")
    if scores.shape != (len(values),):
        raise KeypointFileError(
            f"{name}: expected {len(values)} scores, one per joint, found shape "
            f"{scores.shape}."
        )
    if layout in LONGER_LAYOUTS:
        layout, _ = LONGER_LAYOUTS[layout]
        count = get_skeleton(layout).num_joints
        values, scores = values[:count], scores[:count]
    joint_names = get_skeleton(layout).joint_names
    # Written so that NaN counts as wrong.
    wrong = np.flatnonzero(~((scores >= -_SCORE_MARGIN) & (scores <= _LARGEST_SCORE)))
    if len(wrong):
        raise KeypointFileError(
            f"{name}: the score of {joint_names[wrong[0]]} is {scores[wrong[0]]:.4g}; "
            "scores must lie in 0..1. Rescale them, and give missing joints 0."
        )
    notes = (CLIPPED,) if (scores > 1.0).any() else ()
    scores = np.clip(scores, 0.0, 1.0)
    coordinates = values[:, :2]
    within = (np.abs(coordinates) <= _LARGEST_COORDINATE).all(axis=1)
    wrong = np.flatnonzero(~within & (scores > 0))
    if len(wrong):
        raise KeypointFileError(
            f"{name}: {joint_names[wrong[0]]} is at {coordinates[wrong[0]].tolist()} "
            f"with score {scores[wrong[0]]:.4g}. Give missing joints the score 0."
        )
    coordinates = np.where(within[:, None], coordinates, np.nan)
    return PersonKeypoints(
        frame=frame,
        person=person,
        keypoints=coordinates.astype(np.float32),
        scores=scores.astype(np.float32),
        layout=layout,
        image_size=image_size,
        notes=notes,
    )


def people_of_array(
    name: str,
    values: np.ndarray,
    scores: np.ndarray | None = None,
    layout: str | None = None,
    image_size: tuple[float, float] | None = None,
    frames: Sequence | None = None,
    people: Sequence | None = None,
) -> Iterator[PersonKeypoints]:
    """The people of an array.

    Args:
        name: What is read, for errors.
        values: `(frames, J, 2 or 3)`, or `(frames, people, J, 2 or 3)`, where a person
            who is all NaN is not there.
        scores: `values`' shape without the last axis; by default the third column.
        layout: See `recognise_layout`.
        image_size: See `PersonKeypoints`.
        frames: Names of the frames; by default their indices.
        people: Numbers of the persons, one per frame; only if `values` has no axis of
            people.

    Yields:
        People by frame.

    Raises:
        KeypointFileError: As `make_person`, or if a shape does not fit.
    """
    if values.dtype.kind not in "fiu" or values.ndim not in (3, 4):
        raise KeypointFileError(
            f"{name}: expected numbers of shape (frames, joints, 2 or 3) or (frames, "
            f"people, joints, 2 or 3), found {values.dtype} of shape {values.shape}."
        )
    if scores is not None and np.shape(scores) != values.shape[:-1]:
        raise KeypointFileError(
            f"{name}: expected scores of shape {values.shape[:-1]}, found "
            f"{np.shape(scores)}."
        )
    for key, given in {"frame": frames, "person": people}.items():
        if given is not None and len(given) != len(values):
            raise KeypointFileError(
                f"{name}: {len(given)} entries of `{key}` for {len(values)} frames."
            )
    several = values.ndim == 4
    for index in range(len(values)):
        frame = index if frames is None else frames[index]
        rows = values[index] if several else values[index][None]
        for number, row in enumerate(rows):
            if several and np.isnan(row[:, :2]).all():
                continue
            if scores is None:
                row_scores = None
            else:
                row_scores = scores[index][number] if several else scores[index]
            person = number if people is None or several else int(people[index])
            where = f"{name}, frame {frame}, person {person}"
            yield make_person(
                where, frame, person, row, row_scores, layout, image_size=image_size
            )


def check_image_size(value: Any, name: str) -> tuple[float, float]:
    """Width and height as a pair of numbers above 0.

    Raises:
        KeypointFileError: If they are not.
    """
    size = _numbers(value, f"{name}: image size").reshape(-1)
    if size.shape != (2,) or not (np.isfinite(size) & (size > 0)).all():
        raise KeypointFileError(
            f"{name}: expected an image size of width and height in pixels, found "
            f"{value!r}."
        )
    return float(size[0]), float(size[1])


def _numbers(value: Any, name: str) -> np.ndarray:
    try:
        return np.asarray(value, np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise KeypointFileError(f"{name} are not numbers: {error}.") from error
