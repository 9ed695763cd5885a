"""Who is who: people followed from frame to frame by their keypoints.

Detectors list the people of a frame in any order. Each is given to the track whose last
pose, moved on at the track's speed, lies nearest: the assignment with the least sum of
distances (Kuhn 1955, "The Hungarian method for the assignment problem").
"""

import dataclasses
import itertools
from collections.abc import Iterable, Iterator

import numpy as np
from scipy.optimize import linear_sum_assignment

from propose_keras.keypoint_files import PersonKeypoints
from propose_keras.skeletons import get_skeleton

# Distances are in sizes of the person: root mean square distances of the joints from
# their middle, of somebody who stands about a quarter of the height.
# Nobody moves further than this from one frame to the next, and more for each frame
# without detection.
_REACH, _REACH_PER_FRAME = 1.0, 0.2
# Where one person follows one other, and nobody else is there.
_REACH_ALONE = 3.0
# Frames for which a track waits for its person.
PATIENCE = 30
# Two detections this near in one frame are one person.
_DUPLICATE = 0.12
# Share of the new speed in the running mean.
_SPEED_GAIN = 0.5
# Joints that two poses must share to be compared joint by joint.
_MIN_SHARED = 3
_FAR = 1e6


@dataclasses.dataclass
class _Track:
    number: int
    keypoints: np.ndarray  # (J, 2) pixels, where last measured.
    seen: np.ndarray  # (J,) bool, measured at some time.
    size: float
    time: int
    speed: np.ndarray  # (2,) pixels per frame.

    def at(self, time: int, step: int) -> np.ndarray:
        """Where the joints should be, `(J, 2)`; a speed is good for a few frames."""
        return self.keypoints + self.speed * min(time - self.time, 10 * step)


def tracked(
    people: Iterable[PersonKeypoints], track: bool | None = None
) -> Iterator[PersonKeypoints]:
    """People numbered by who they are.

    Args:
        people: Grouped by frame, with `time`, in one layout.
        track: Whether to follow people; None: where the source does not say who is who,
            by its first person.

    Yields:
        The people, in their order, with the number of their track as `person`; without
        those that are near duplicates of another in their frame.
    """
    people = iter(people)
    first = next(people, None)
    if first is None:
        return
    people = itertools.chain([first], people)
    if not (not first.tracked if track is None else track):
        yield from people
        return
    tracker = Tracker()
    for time, group in itertools.groupby(people, lambda person: person.time):
        kept = without_duplicates(list(group))
        for person, number in zip(kept, tracker(time or 0, kept)):
            yield dataclasses.replace(person, person=number, tracked=True)


class Tracker:
    """Follows people through frames in order; memory holds those of the last frames.

    Args:
        patience: Frames without detection after which a person who comes is a new one.
            A frame is the least step between frames so far: names may be times in
            milliseconds, or of every tenth frame.
    """

    def __init__(self, patience: int = PATIENCE) -> None:
        self._patience = patience
        self._tracks: list[_Track] = []
        self._count = 0
        self._last: int | None = None
        self._step: int | None = None

    def __call__(self, time: int, people: list[PersonKeypoints]) -> list[int]:
        """Numbers of the tracks of a frame's people, counted by first appearance.

        Args:
            time: Of the frame, above that of the last call.
            people: Of the frame, all in the layout of the calls before.
        """
        step = self._step_to(time)
        self._tracks = [
            track
            for track in self._tracks
            if time - track.time <= self._patience * step
        ]
        cost = np.full((len(self._tracks), len(people)), _FAR)
        for row, track in enumerate(self._tracks):
            elapsed = (time - track.time) / step
            reach = _REACH + _REACH_PER_FRAME * (elapsed - 1)
            if len(people) == len(self._tracks) == 1:
                reach = max(reach, _REACH_ALONE)
            for column, person in enumerate(people):
                far = _distance(track.at(time, step), track.seen, person)
                size = max(track.size, _size(person), 1e-6)
                if far <= reach * size:
                    cost[row, column] = far / size
        numbers: dict[int, int] = {}
        for row, column in zip(*linear_sum_assignment(cost)):
            if cost[row, column] < _FAR:
                numbers[column] = self._tracks[row].number
                _update(self._tracks[row], people[column], time)
        for column, person in enumerate(people):
            if column not in numbers:
                numbers[column] = self._count
                self._tracks.append(_start(self._count, person, time))
                self._count += 1
        return [numbers[column] for column in range(len(people))]

    def _step_to(self, time: int) -> int:
        """The least step between frames, that to this one among them."""
        if self._last is not None and time > self._last:
            elapsed = time - self._last
            self._step = elapsed if self._step is None else min(elapsed, self._step)
        self._last = time
        return self._step or 1


def _start(number, person, time):
    seen = person.scores > 0
    keypoints = np.where(seen[:, None], person.keypoints, 0.0)
    return _Track(number, keypoints, seen, _size(person), time, np.zeros(2))


def _update(track, person, time):
    seen = person.scores > 0
    elapsed = max(time - track.time, 1)
    both = seen & track.seen
    if both.any():
        moved = np.median(person.keypoints[both] - track.keypoints[both], axis=0)
        speed = moved / elapsed
        track.speed = (1 - _SPEED_GAIN) * track.speed + _SPEED_GAIN * speed
        # Joints that are not seen move along.
        track.keypoints = track.keypoints + moved
    track.keypoints = np.where(seen[:, None], person.keypoints, track.keypoints)
    track.seen = track.seen | seen
    # A person who is half covered is not smaller.
    track.size = max(_size(person), 0.9 * track.size)
    track.time = time


def _size(person):
    seen = person.keypoints[person.scores > 0]
    if not len(seen):
        return 0.0
    return float(np.sqrt(np.sum(np.var(seen, axis=0))))


def _distance(keypoints, seen, person):
    """Mean distance of joints from a person's, pixels; of the middles if few match.

    Detectors exchange left and right: the nearer of both readings counts.
    """
    flip = list(get_skeleton(person.layout).flip)
    found = person.scores > 0
    return min(
        _mean_distance(keypoints, seen, person.keypoints, found),
        _mean_distance(keypoints, seen, person.keypoints[flip], found[flip]),
    )


def _mean_distance(a, seen_a, b, seen_b):
    both = seen_a & seen_b
    if both.sum() >= min(_MIN_SHARED, len(both)):
        return float(np.mean(np.linalg.norm(a[both] - b[both], axis=-1)))
    if not seen_a.any() or not seen_b.any():
        return np.inf
    return float(np.linalg.norm(a[seen_a].mean(axis=0) - b[seen_b].mean(axis=0)))


def without_duplicates(people: list[PersonKeypoints]) -> list[PersonKeypoints]:
    """A frame's people, of those nearly alike only the one with the highest scores."""
    order = sorted(range(len(people)), key=lambda i: -float(people[i].scores.sum()))
    kept: list[int] = []
    for i in order:
        person = people[i]
        size = _size(person)
        if not any(
            _distance(people[k].keypoints, people[k].scores > 0, person)
            < _DUPLICATE * max(size, _size(people[k]))
            for k in kept
        ):
            kept.append(i)
    return [people[i] for i in sorted(kept)]
