"""From people to poses, batch by batch."""

import warnings
from collections.abc import Iterable, Iterator

import numpy as np

from propose_keras.data.infilling import MIN_JOINTS
from propose_keras.inference.batch_lifter import BatchLifter
from propose_keras.inference.person_check import PersonCheck
from propose_keras.inference.results import LiftedPoses
from propose_keras.keypoint_files import KeypointWarning, PersonKeypoints


def lift_batches(
    lift: BatchLifter,
    people: Iterable[PersonKeypoints],
    image_size: tuple[float, float] | None,
    intrinsics: np.ndarray | None,
) -> Iterator[LiftedPoses]:
    """Lifts people batch by batch, and warns of what is said of them.

    Args:
        lift: What lifts a batch.
        people: In the order of frames.
        image_size: Width and height in pixels; a person's own where None.
        intrinsics: fx, fy, cx, cy in pixels, or None.

    Yields:
        `lift.batch_size` people at a time, the last of fewer.

    Raises:
        ValueError: If nobody has enough joints.
    """
    waiting, num_lifted, num_skipped = [], 0, 0
    said: list[str] = []
    check = PersonCheck(image_size, lift.score_threshold)
    for index, person in enumerate(people):
        _say(map(KeypointWarning, person.notes), said)
        _say(check.add(person), said)
        row = lift.row_of(index, person, image_size)
        if row is None:
            num_skipped += 1
            continue
        waiting.append(row)
        if len(waiting) == lift.batch_size:
            yield lift(waiting, intrinsics, num_skipped, said)
            num_lifted += len(waiting)
            waiting, num_skipped = [], 0
    num_said = len(said)
    _say(check.finish(), said)
    if waiting or (num_lifted and (num_skipped or len(said) > num_said)):
        yield lift(waiting, intrinsics, num_skipped, said)
    elif not num_lifted:
        raise ValueError(
            f"There is nobody to lift: of {num_skipped} people none has "
            f"{MIN_JOINTS} joints with scores of at least "
            f"{lift.score_threshold}."
        )


def _say(notes, said):
    """Warns of what was not said yet, where the caller asked for the next batch."""
    for note in notes:
        if str(note) not in said:
            said.append(str(note))
            warnings.warn(note, stacklevel=3)
