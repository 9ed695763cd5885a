"""From people to poses, batch by batch."""

import warnings
from collections.abc import Iterable, Iterator

import numpy as np

from propose_keras.data.infilling import MIN_JOINTS
from propose_keras.inference.batch_lifter import BatchLifter
from propose_keras.inference.person_check import PersonCheck
from propose_keras.inference.results import LiftedPoses
from propose_keras.keypoint_files import KeypointWarning, PersonKeypoints


class Notes:
    """What is to be said of people who are lifted: each thing once, as a warning.

    Args:
        image_size: See `PersonCheck`.
        score_threshold: See `PersonCheck`.

    Attributes:
        said: What was said so far.
    """

    def __init__(
        self, image_size: tuple[float, float] | None, score_threshold: float
    ) -> None:
        self._check = PersonCheck(image_size, score_threshold)
        self.said: tuple[str, ...] = ()

    def add(self, people: Iterable[PersonKeypoints]) -> None:
        """Says what was changed of people, and whether they look like some."""
        for person in people:
            self._say(map(KeypointWarning, person.notes))
            self._say(self._check.add(person))

    def finish(self) -> None:
        """Says what is to be said at the end."""
        self._say(self._check.finish())

    def _say(self, notes):
        for note in notes:
            if str(note) not in self.said:
                self.said = (*self.said, str(note))
                # Where the next poses were asked for.
                warnings.warn(note, stacklevel=4)


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
    notes = Notes(image_size, lift.score_threshold)
    for index, person in enumerate(people):
        notes.add([person])
        row = lift.row_of(index, person, image_size)
        if row is None:
            num_skipped += 1
            continue
        waiting.append(row)
        if len(waiting) == lift.batch_size:
            yield lift(waiting, intrinsics, num_skipped, notes.said)
            num_lifted += len(waiting)
            waiting, num_skipped = [], 0
    num_said = len(notes.said)
    notes.finish()
    if waiting or (num_lifted and (num_skipped or len(notes.said) > num_said)):
        yield lift(waiting, intrinsics, num_skipped, notes.said)
    elif not num_lifted:
        raise ValueError(
            f"There is nobody to lift: of {num_skipped} people none has "
            f"{MIN_JOINTS} joints with scores of at least "
            f"{lift.score_threshold}."
        )
