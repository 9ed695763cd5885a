"""Left and right, mended where a detector exchanged them for a few frames.

Along a track, a frame whose legs (or all sides) lie where those of the other side just
were, and came back to soon after, was labelled the wrong way round: people do not turn
about within a tenth of a second. What stays exchanged is left as it is, since nothing
here tells which of the two is right.
"""

import dataclasses
import itertools
from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np

from propose_keras.keypoint_files import PersonKeypoints
from propose_keras.skeletons import get_skeleton

# Frames that an exchange may last, which is how far is looked ahead.
LONGEST = 3
# Exchanged joints lie nearer to where they were by this factor, and the difference is
# this share of the person's size: else the sides lie over each other.
_RATIO, _LEAST = 0.5, 0.15
# A pose older than this says nothing, frames.
_LAST_GOOD = 6
_LEG = ("Hip", "Knee", "Ankle", "Foot", "Heel", "Toe")


@dataclasses.dataclass
class _Waiting:
    person: PersonKeypoints


def mended(people: Iterable[PersonKeypoints]) -> Iterator[PersonKeypoints]:
    """People whose sides are not exchanged in single frames.

    Args:
        people: Grouped by frame, with `time`; only those `tracked` are changed.

    Yields:
        The people in their order, `LONGEST` frames later, with `sides_exchanged`.
    """
    frames: deque[list[_Waiting]] = deque()
    last: dict[int | str, PersonKeypoints] = {}
    groups = itertools.groupby(people, lambda person: person.time)
    for _, group in groups:
        frames.append([_Waiting(person) for person in group])
        if len(frames) > LONGEST:
            yield from _emit(frames, last)
    while frames:
        yield from _emit(frames, last)


def _emit(frames, last):
    """The oldest frame; `last` holds each track's last pose."""
    for waiting in frames[0]:
        person = waiting.person
        if person.tracked:
            before = last.get(person.person)
            if before is not None:
                _mend(waiting, before, frames)
            last[person.person] = waiting.person
        yield waiting.person
    frames.popleft()
    time = frames[0][0].person.time if frames else None
    for key in [k for k, p in last.items() if time and time - p.time > _LAST_GOOD]:
        del last[key]


def _mend(waiting, before, frames):
    """Exchanges sides that lie as before if exchanged, and soon do so as given."""
    person = waiting.person
    if person.time - before.time > _LAST_GOOD:
        return
    for swap in _swaps(person.layout):
        if not _is_exchanged(before, person, swap):
            continue
        later = (
            other.person
            for frame in list(frames)[1:]
            for other in frame
            if other.person.person == person.person and other.person.tracked
        )
        if any(_is_as_before(before, other, swap) for other in later):
            waiting.person = dataclasses.replace(
                person,
                keypoints=person.keypoints[list(swap)],
                scores=person.scores[list(swap)],
                sides_exchanged=True,
            )
        return


def _swaps(layout):
    """Orders of the joints with all sides exchanged, and with those of the legs."""
    skeleton = get_skeleton(layout)
    legs = list(range(skeleton.num_joints))
    for left, right in zip(skeleton.left, skeleton.right):
        if any(word in skeleton.joint_names[left] for word in _LEG):
            legs[left], legs[right] = right, left
    return tuple(skeleton.flip), tuple(legs)


def _distances(before, person, swap):
    """Mean distances of the swapped joints, as given and exchanged, over the size."""
    moved = np.flatnonzero(np.arange(len(swap)) != np.array(swap))
    swapped = np.array(swap)[moved]
    seen = (person.scores > 0) & (before.scores > 0)
    good = seen[moved] & (person.scores[swapped] > 0)
    if good.sum() < 4:
        return None
    moved, swapped = moved[good], swapped[good]
    target = before.keypoints[moved]
    as_given = np.linalg.norm(person.keypoints[moved] - target, axis=-1).mean()
    exchanged = np.linalg.norm(person.keypoints[swapped] - target, axis=-1).mean()
    size = np.sqrt(np.sum(np.var(before.keypoints[before.scores > 0], axis=0)))
    return as_given, exchanged, max(size, 1e-6)


def _is_exchanged(before, person, swap):
    found = _distances(before, person, swap)
    if found is None:
        return False
    as_given, exchanged, size = found
    return exchanged < _RATIO * as_given and as_given - exchanged > _LEAST * size


def _is_as_before(before, person, swap):
    found = _distances(before, person, swap)
    return found is not None and found[0] < found[1]
