"""Poses of tracks, smoothed along time, as they stream by.

The sequence is cut into blocks of frames; each is smoothed with the frames that follow
it at once, by `TrackFilter`, the joints and the root of each person alike. Then the
person's bones get one length each, found in the block in which they appear.
"""

import dataclasses
from collections.abc import Iterable, Iterator

import numpy as np

from propose_keras.inference.bones import BoneLengths, bone_lengths, with_lengths
from propose_keras.inference.results import LiftedPoses
from propose_keras.inference.track_filter import TrackFilter

# Frames of a block, and those after it that it is smoothed with. The bones are measured
# over a block.
_BLOCK, _AHEAD = 256, 32


def smoothed(batches: Iterable[LiftedPoses]) -> Iterator[LiftedPoses]:
    """Poses smoothed by the frames before and after them.

    How the stream is cut into batches changes nothing.

    Args:
        batches: In the order of frames; `person` is the track. Hypotheses must be
            motions, see `inference.trajectories`.

    Yields:
        The same poses with other `mode`, `hypotheses`, `root` and what follows from
        them; 256 frames at a time.
    """
    people: dict[int | str, _Person] = {}
    waiting: LiftedPoses | None = None
    for batch in batches:
        parts = [batch] if waiting is None else [waiting, batch]
        waiting = LiftedPoses.concatenate(parts)
        while len(waiting) and waiting.frame[-1] >= waiting.frame[0] + _BLOCK + _AHEAD:
            end = waiting.frame[0] + _BLOCK
            block, waiting = _split(waiting, end)
            ahead, _ = _split(waiting, end + _AHEAD)
            yield _smooth_block(block, ahead, people)
    if waiting is not None:
        yield _smooth_block(waiting, None, people)


class LiveSmoother:
    """Smooths poses by the frames before them alone, as they come."""

    def __init__(self) -> None:
        self._people: dict[int | str, _Person] = {}

    def __call__(self, poses: LiftedPoses) -> LiftedPoses:
        """Smooths poses of one frame or several, later than those before."""
        found = []
        for row in range(len(poses)):
            one = poses.subset([row])
            person = self._people.setdefault(poses.person.tolist()[row], _Person())
            found.append(person.filter(one))
        if not found:
            return poses
        for person in self._people.values():
            person.rest(poses.frame[-1])
        return dataclasses.replace(
            LiftedPoses.concatenate(found),
            num_skipped=poses.num_skipped,
            warnings=poses.warnings,
        )


class _Person:
    """Motion and bones of one track."""

    def __init__(self):
        self._joints, self._root = TrackFilter(), TrackFilter()
        self._bones = BoneLengths()

    def smooth(self, poses: LiftedPoses, num_final: int) -> LiftedPoses:
        """The first rows, smoothed with the help of those after them."""
        joints, roots = _stacked(poses)
        joints = self._joints.smooth(poses.frame, joints[:, :, 1:], num_final)
        joints = _with_root(joints)
        if not self._bones.num_frames:
            self._bones.add(bone_lengths(joints))
        joints = with_lengths(joints, self._bones.estimate())
        if np.isfinite(roots).all():
            roots = self._root.smooth(poses.frame, roots, num_final)
        poses = poses.subset(slice(num_final))
        return poses.with_poses(joints, roots[:num_final, :, 0])

    def rest(self, time: int) -> None:
        """Gives back the memory of a motion that has ended; the bones are kept."""
        self._joints.rest(time)
        self._root.rest(time)

    def filter(self, poses: LiftedPoses) -> LiftedPoses:
        """One row, by those before it."""
        joints, roots = _stacked(poses)
        joints = _with_root(self._joints.filter(poses.frame, joints[:, :, 1:]))
        if self._bones.num_frames < _BLOCK:
            self._bones.add(bone_lengths(joints))
        joints = with_lengths(joints, self._bones.estimate())
        if np.isfinite(roots).all():
            roots = self._root.filter(poses.frame, roots)
        return poses.with_poses(joints, roots[:, :, 0])


def _smooth_block(block, ahead, people):
    """Smooths each person of a block."""
    rows, parts = [], []
    for name in dict.fromkeys(block.person.tolist()):
        mine = np.flatnonzero(block.person == name)
        poses = block.subset(mine)
        if ahead is not None:
            later = ahead.subset(np.flatnonzero(ahead.person == name))
            poses = LiftedPoses.concatenate([poses, later])
        person = people.setdefault(name, _Person())
        parts.append(person.smooth(poses, len(mine)))
        rows.append(mine)
    if not parts:
        return block
    order = np.argsort(np.concatenate(rows), kind="stable")
    for person in people.values():
        person.rest(block.frame[-1])
    return dataclasses.replace(
        LiftedPoses.concatenate(parts).subset(order),
        num_skipped=block.num_skipped,
        warnings=block.warnings,
    )


def _split(poses, end):
    """Poses before a frame, with what is said of all of them, and those from it on."""
    first = int(np.searchsorted(poses.frame, end))
    head = dataclasses.replace(
        poses.subset(slice(first)),
        num_skipped=poses.num_skipped,
        warnings=poses.warnings,
    )
    return head, poses.subset(slice(first, None))


def _stacked(poses):
    """Modes before hypotheses: poses `(N, 1 + S, 17, 3)`, roots `(N, 1 + S, 1, 3)`."""
    joints = np.concatenate([poses.mode[:, None], poses.hypotheses], axis=1)
    roots = np.concatenate([poses.root[:, None], poses.root_hypotheses], axis=1)
    return joints.astype(np.float64), roots[:, :, None].astype(np.float64)


def _with_root(joints):
    return np.pad(joints, [(0, 0), (0, 0), (1, 0), (0, 0)])
