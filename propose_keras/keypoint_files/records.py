"""One person in one frame, and the checks that every format goes through."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from propose_keras.data.errors import DataFileError
from propose_keras.keypoint_files.array_forms import (
    AXES_EXCHANGED,
    are_axes_exchanged,
    plain_array,
)
from propose_keras.skeletons import (
    LAYOUTS,
    LONGER_LAYOUTS,
    Y_FIRST_LAYOUTS,
    get_skeleton,
)

# Joint counts that one layout of detectors has. 17 joints are COCO's in the formats of
# detectors; in plain arrays they may be COCO's, Human3.6M's or 3DHP's. 25 joints are
# taken for BODY_25's, 15 for MPI's; other layouts of so many must be named. So must
# Azure Kinect's 32, which the archives of Human3.6M have as well.
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
LARGEST_COORDINATE = 1e6
# MediaPipe's landmarks of the hips; its world landmarks have their origin between them.
_MEDIAPIPE_HIPS = [23, 24]
_WORLD_MARGIN = 0.005


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
        person: The track's number or name where the source tracks people, else the
            person's index within the frame.
        keypoints: `(J, 2)` float32 pixels, finite where the score is above 0.
        scores: `(J,)` float32 in 0..1; 0 means missing.
        layout: Name of the joint order, see `propose_keras.skeletons`.
        image_size: Width and height of the image in pixels, where the source has them.
        notes: What was changed on reading, in words.
        tracked: Whether equal `person`s of different frames are the same person.
        time: Number of the frame, where it is known apart from `frame`.
        sides_exchanged: Whether left and right were exchanged since they were read.
    """

    frame: int | str
    person: int | str
    keypoints: np.ndarray
    scores: np.ndarray
    layout: str
    image_size: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()
    tracked: bool = False
    time: int | None = None
    sides_exchanged: bool = False


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
        if layout not in LAYOUTS:
            raise KeypointFileError(
                f"{name}: unknown layout {layout!r}. Known are {sorted(LAYOUTS)}."
            )
        if num_joints != LAYOUTS[layout]:
            raise KeypointFileError(
                f"{name}: found {num_joints} joints; the layout {layout!r} has "
                f"{LAYOUTS[layout]}. Pass the layout that the detector wrote."
            )
        return layout
    if num_joints == 17 and default_17 is not None:
        return default_17
    if num_joints in _LAYOUT_OF_COUNT:
        return _LAYOUT_OF_COUNT[num_joints]
    possible = [layout for layout, count in LAYOUTS.items() if count == num_joints]
    if possible:
        raise KeypointFileError(
            f"{name}: {num_joints} joints can be in the order of {', '.join(possible)}."
            " Pass the layout."
        )
    known = dict(sorted((v, k) for k, v in _LAYOUT_OF_COUNT.items()))
    plain = [layout for layout, count in LAYOUTS.items() if count == 17]
    raise KeypointFileError(
        f"{name}: no known layout has {num_joints} joints. Known are {known}, and 17 "
        f"of {', '.join(plain)}."
    )


def make_person(
    name: str,
    frame: int | str,
    person: int | str,
    values: Any,
    scores: Any = None,
    layout: str | None = None,
    default_17: str | None = None,
    image_size: tuple[float, float] | None = None,
    tracked: bool = False,
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
        tracked: See `PersonKeypoints`.

    Raises:
        KeypointFileError: If a shape, a score or a coordinate is wrong.
    """
    if isinstance(person, int) and not -(2**63) <= person < 2**63:
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
    if layout in Y_FIRST_LAYOUTS:
        layout = Y_FIRST_LAYOUTS[layout]
        values = values[:, [1, 0]]
    if layout in LONGER_LAYOUTS:
        layout, _ = LONGER_LAYOUTS[layout]
        count = get_skeleton(layout).num_joints
        values, scores = values[:count], scores[:count]
    joint_names = get_skeleton(layout).joint_names
    scores = np.where(scores == -1.0, 0.0, scores)  # As DeepLabCut's SuperAnimal.
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
    within = (np.abs(coordinates) <= LARGEST_COORDINATE).all(axis=1)
    wrong = np.flatnonzero(~within & (scores > 0))
    if len(wrong):
        raise KeypointFileError(
            f"{name}: {joint_names[wrong[0]]} is at {coordinates[wrong[0]].tolist()} "
            f"with score {scores[wrong[0]]:.4g}. Give missing joints the score 0."
        )
    coordinates = np.where(within[:, None], coordinates, np.nan)
    check_not_world(coordinates, scores, name, layout)
    return PersonKeypoints(
        frame=frame,
        person=person,
        keypoints=coordinates.astype(np.float32),
        scores=scores.astype(np.float32),
        layout=layout,
        image_size=image_size,
        notes=notes,
        tracked=tracked,
    )


def people_of_array(
    name: str,
    values: np.ndarray,
    scores: np.ndarray | None = None,
    layout: str | None = None,
    image_size: tuple[float, float] | None = None,
    frames: Sequence | None = None,
    people: Sequence | None = None,
    tracked: bool = True,
) -> Iterator[PersonKeypoints]:
    """The people of an array.

    Args:
        name: What is read, for errors.
        values: `(frames, J, 2 or 3)`, or `(frames, people, J, 2 or 3)`; or as MoveNet
            and MediaPipe have it, see `array_forms`. A person who is all NaN is not
            there.
        scores: `values`' shape without the last axis; by default the third column.
        layout: See `recognise_layout`.
        image_size: See `PersonKeypoints`.
        frames: Names of the frames; by default their indices.
        people: Numbers or names of the persons, one per frame; only if `values` has no
            axis of people.
        tracked: Whether equal places along the axis of people are the same person.

    Yields:
        People by frame.

    Raises:
        KeypointFileError: As `make_person`, or if a shape does not fit.
    """
    if values.dtype.kind in "fiu":
        values, scores, layout = plain_array(values, scores, layout)
    notes = (AXES_EXCHANGED,) if are_axes_exchanged(values) else ()
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
            if np.isnan(row[:, :2]).all():
                continue
            if scores is None:
                row_scores = None
            else:
                row_scores = scores[index][number] if several else scores[index]
            person = number if people is None or several else people[index]
            found = make_person(
                f"{name}, frame {frame}, person {person}",
                *(frame, person, row, row_scores, layout),
                image_size=image_size,
                tracked=tracked,
            )
            yield dataclasses.replace(found, notes=found.notes + notes)


def check_not_world(
    coordinates: np.ndarray, scores: np.ndarray, name: str, layout: str | None
) -> None:
    """Refuses MediaPipe's world landmarks, whose origin lies between the hips.

    Raises:
        KeypointFileError: If 33 landmarks are such.
    """
    if layout not in (None, "mediapipe33") or len(coordinates) != 33:
        return
    hips = coordinates[_MEDIAPIPE_HIPS].mean(axis=0)
    if (scores > 0).any() and (np.abs(hips) < _WORLD_MARGIN).all():
        raise KeypointFileError(
            f"{name}: the hips' middle is at 0, 0 as in MediaPipe's world landmarks, "
            "which are metres in 3D. Pass `pose_landmarks`, fractions of the image."
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
