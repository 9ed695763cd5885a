"""Do these look like people? Looks at what is about to be lifted, while it passes.

What is read in a wrong joint order, or with y upward, is lifted to something all the
same. Every person is therefore also read in the other ways that the numbers allow
(`readings`), and the likelihood of each as a person is compared (`PoseLikelihood`),
averaged over the people seen so far.
"""

import dataclasses
from collections.abc import Iterator

import numpy as np

from propose_keras.inference.image_bounds import ImageBounds
from propose_keras.inference.percents import PERCENTS
from propose_keras.inference.pose_likelihood import default_likelihood
from propose_keras.inference.readings import AXES, Reading, read_as, readings
from propose_keras.inference.units import FRACTIONS
from propose_keras.keypoint_files import KeypointWarning, PersonKeypoints

# People of fewer measured joints are not looked at.
_LEAST_JOINTS = 6
# People seen when it is first decided (then at twice as many, and at the end), when a
# clear case is left, and any.
_FIRST, _FEWEST_CLEAR, _LAST = 10, 160, 640
# What is said.
_LAYOUT = (
    "As {given} these are not people; as {better} they are{axes}. Pass the layout "
    "{better} if that is what the detector wrote."
)
_WITH_AXES = {
    "as given": "",
    "y up": ", if y is turned to point downward",
    "exchanged": ", if x and y are exchanged",
}
_AXES = {
    "y up": "These people are upside down, as they are where y points upward or images "
    "were turned. Keypoints are expected in pixels from the upper left corner, y "
    "downward. If the people do stand on their heads, all is well.",
    "exchanged": "These people lie on their sides, as they do where x and y are "
    "exchanged or images were turned. Keypoints are expected as x, then y, y downward. "
    "If the people do lie, all is well.",
}
_ARMS = (
    "Left and right of the arms contradict left and right of the legs: in one of them "
    "they are exchanged. Check the order of the joints."
)
_NOBODY = (
    "As {layout} these are not people, nor in another known order of as many joints. "
    "Check the order of the joints, and that x points right and y down."
)
# Nats that one person can say at most for a reading, and for one against another.
_MOST, _MOST_BETTER = 60.0, 20.0


@dataclasses.dataclass(frozen=True)
class _Limits:
    """Mean nats at which a warning is given.

    Attributes:
        layout: By how much another layout has to be better.
        axes: The same of other axes.
        arms: The same of other arms.
        nobody: Below which nobody is there.
    """

    layout: float
    axes: float
    arms: float
    nobody: float

    def of(self, given: Reading, other: Reading) -> float:
        """By how much another reading has to be better."""
        if other.other_arms:
            return self.arms
        return self.axes if other.layout == given.layout else self.layout


_LIMITS_FEW = _Limits(layout=4.0, axes=6.0, arms=6.0, nobody=-9.0)
_LIMITS = _Limits(layout=3.0, axes=4.0, arms=4.0, nobody=-3.0)
# Joints of h36m17 that tell up from down: arms alone do not.
_LEAST_FOR_AXES = 8
# By how much the given reading has to be better than all others to look no further.
_CLEAR = 3.0


class PersonWarning(KeypointWarning):
    """Keypoints do not look like people as they were read; the message says why."""


class PersonCheck:
    """Says once if a source does not look like people, in constant memory.

    Args:
        image_size: Width and height in pixels of all images; a person's own is taken
            where None.
        score_threshold: Joints whose score is lower are missing.
    """

    def __init__(
        self,
        image_size: tuple[float, float] | None = None,
        score_threshold: float = 0.0,
    ) -> None:
        self._image_size = image_size
        self._score_threshold = score_threshold
        self._likelihood = default_likelihood()
        self._layout = ""
        # Over people: nats of each reading, and by how much it beats the given one.
        self._nats, self._better = np.zeros(0), np.zeros(0)
        self._bounds = ImageBounds()
        self._count = 0
        self._next = _FIRST
        self._is_done = False

    def add(self, person: PersonKeypoints) -> Iterator[PersonWarning]:
        """Looks at one person; those in another layout than the first are passed over.

        Yields:
            What to say now, once in the life of the check.
        """
        measured = (person.scores > 0) & (person.scores >= self._score_threshold)
        if self._is_done or measured.sum() < _LEAST_JOINTS:
            return
        if not self._count:
            self._layout = person.layout
            count = len(readings(person.layout))
            self._nats, self._better = np.zeros(count), np.zeros(count)
        if person.layout != self._layout:
            return
        self._count += 1
        size = self._image_size or person.image_size
        are_shares = not {FRACTIONS, PERCENTS}.isdisjoint(person.notes)
        aspect = size[0] / size[1] if size and are_shares else 1.0
        self._compare(person.keypoints, measured, aspect)
        self._bounds.add(person.keypoints, measured, person.layout, size, aspect)
        if self._count == self._next:
            self._next *= 2
            yield from self._decide(_LIMITS)

    def finish(self) -> Iterator[PersonWarning]:
        """What is to be said at the end of the source, if anything."""
        if self._count and not self._is_done:
            yield from self._decide(_LIMITS if self._count >= _FIRST else _LIMITS_FEW)

    def _compare(self, keypoints, measured, aspect):
        groups = read_as(keypoints, measured, self._layout, aspect)
        nats = np.concatenate(
            [self._likelihood.log_ratio(points, found) for points, found in groups]
        )
        better = nats - nats[0]
        if groups[0][1].sum() < _LEAST_FOR_AXES:
            better[: len(AXES)] = 0.0
        self._nats += np.clip(nats, -_MOST, _MOST)
        self._better += np.clip(better, -_MOST_BETTER, _MOST_BETTER)

    def _decide(self, limits):
        given, *others = readings(self._layout)
        own, *nats = self._nats / self._count
        better = self._better[1:] / self._count
        needed = [limits.of(given, other) for other in others]
        # The likelihoods of readings that are better by far and look like people.
        found = np.where((better > needed) & (np.array(nats) > 0), nats, -np.inf)
        for number, other in enumerate(others):
            if other.axes == "exchanged" and self._bounds.forbid_exchange():
                found[number] = -np.inf
        message = None
        if np.isfinite(found).any():
            message = _describe(given, _best(others, found, limits.layout))
        elif own < limits.nobody:
            message = _NOBODY.format(layout=self._layout)
        else:
            message = self._bounds.describe()
        is_clear = self._count >= _FEWEST_CLEAR and max(better) < -_CLEAR
        self._is_done = bool(message) or is_clear or self._count >= _LAST
        if message:
            seen = "one pose" if self._count == 1 else f"{self._count} poses"
            yield PersonWarning(f"{message} (Seen so far: {seen}.)")


def _best(others, nats, margin):
    """The likeliest reading, or the first that differs by layout and hardly worse."""
    best = others[int(np.argmax(nats))]
    for other, value in zip(others, nats):
        alike = (other.axes, other.other_arms) == (best.axes, best.other_arms)
        if alike and value > np.max(nats) - margin:
            return other
    return best


def _describe(given: Reading, better: Reading) -> str:
    """Says that another reading fits better."""
    if better.other_arms:
        return _ARMS
    if better.layout == given.layout:
        return _AXES[better.axes]
    return _LAYOUT.format(
        given=given.layout, better=better.layout, axes=_WITH_AXES[better.axes]
    )
