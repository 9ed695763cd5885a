"""What a page of lifted poses is made of."""

import base64
import collections
from typing import Any

import numpy as np

from propose_keras import drawing
from propose_keras.inference.results import AXES, LiftedPoses
from propose_keras.skeletons import H36M_17

_MAX_NAME_LENGTH = 120
# Correlation of a hypothesis with itself one frame later, from which on it is a motion:
# that of drawn anew hypotheses is about 0, that of smooth noise nearly 1.
_MOTION = 0.5


class FrameSample:
    """Keeps frames evenly spread over a stream of unknown length.

    Attributes:
        kept: For each frame kept, its people.
        stride: One in how many frames of the source is kept, a power of two.
        num_frames: Frames of the source so far.
    """

    def __init__(self, max_frames: int) -> None:
        self.kept: list[list[LiftedPoses]] = []
        self.stride, self.num_frames = 1, 0
        self._max_frames, self._name = max_frames, None

    def add(self, person: LiftedPoses) -> None:
        """Takes the next row; rows of equal names one after another are a frame."""
        name = person.frame_name[0]
        if self.num_frames == 0 or name != self._name:
            self._name = name
            self.num_frames += 1
            if self._is_kept():
                self.kept.append([])
            if len(self.kept) > self._max_frames:
                self.kept, self.stride = self.kept[::2], 2 * self.stride
        if self._is_kept():
            self.kept[-1].append(person)

    @property
    def names(self) -> list[int | str]:
        """Names of the frames kept."""
        return [people[0].frame_name[0] for people in self.kept]

    def _is_kept(self) -> bool:
        return (self.num_frames - 1) % self.stride == 0


class MotionCheck:
    """Whether hypothesis i of one frame continues that of the frame before."""

    def __init__(self) -> None:
        self._before: dict[int | str, tuple[int, np.ndarray]] = {}
        self._product, self._square = 0.0, 0.0

    def add(self, person: LiftedPoses) -> None:
        """Takes the next row."""
        time, name = int(person.frame[0]), person.person.tolist()[0]
        noise = person.hypotheses[0] - person.hypotheses[0].mean(axis=0)
        then, before = self._before.get(name, (time, noise))
        if then == time - 1:
            self._product += float(np.vdot(before, noise))
            self._square += float(np.linalg.norm(before) * np.linalg.norm(noise))
        # Of those who left nothing is kept.
        self._before = {n: v for n, v in self._before.items() if v[0] >= time - 1}
        self._before[name] = time, noise

    @property
    def are_motions(self) -> bool | None:
        """None if no frame followed another."""
        return self._product > _MOTION * self._square if self._square else None


def page_data(frames: FrameSample) -> dict[str, Any]:
    """What the page's script reads, ready for JSON; arrays are in base64."""
    poses = LiftedPoses.concatenate([row for people in frames.kept for row in people])
    num_people = [len(people) for people in frames.kept]
    person_lanes = lanes(
        np.repeat(np.arange(len(frames.kept)), num_people),
        poses.person,
        poses.keypoints[:, H36M_17.root, 0],
    )
    # What is known of a person whose hips were not seen is not where they are.
    about_thorax = poses.missing[:, H36M_17.root]
    spread = np.where(about_thorax[:, None], poses.spread_about_thorax, poses.spread)
    are_placed = (
        np.isfinite(poses.root).all() and np.isfinite(poses.root_hypotheses).all()
    )
    return {
        "axes": AXES,
        "joints": H36M_17.joint_names,
        "parents": H36M_17.parents,
        "left": H36M_17.left,
        "right": H36M_17.right,
        "colors": {
            "left": drawing.LEFT_COLOR,
            "right": drawing.RIGHT_COLOR,
            "middle": drawing.MIDDLE_COLOR,
            "hypotheses": drawing.HYPOTHESIS_COLOR,
        },
        "frames": [short(str(name)) for name in frames.names],
        "numFrames": frames.num_frames,
        "stride": frames.stride,
        "firstRow": np.cumsum([0, *num_people]).tolist(),
        "person": poses.person.tolist(),
        "lanes": [[person, lane] for person, lane in person_lanes.items()],
        "numHypotheses": poses.hypotheses.shape[1],
        "mode": _encode(poses.mode, "<i2"),
        "hypotheses": _encode(poses.hypotheses, "<i2"),
        "spread": _encode(spread, "<u2"),
        "aboutThorax": _encode(about_thorax, "u1"),
        "keypoints": _encode(poses.keypoints, "<f4"),
        "missing": _encode(poses.missing, "u1"),
        "root": _encode(poses.root, "<i4") if are_placed else None,
        "rootHypotheses": _encode(poses.root_hypotheses, "<i4") if are_placed else None,
    }


def lanes(frame: np.ndarray, person: np.ndarray, x: np.ndarray) -> dict[int | str, int]:
    """Places side by side, so that nobody shares one with another at the same time.

    Who comes may take the place of who has gone: a crowd in which few are seen at once
    needs few places.

    Args:
        frame: `(N,)`, number of the frame.
        person: `(N,)`, number or name of the person.
        x: `(N,)` pixels, where the person is; places are from left to right.

    Returns:
        For each person the place, 0 for the leftmost.
    """
    appearances = collections.defaultdict(list)
    for key, when, where in zip(person.tolist(), frame.tolist(), x.tolist()):
        appearances[key].append((when, where))
    last_frames, members = [], []
    for key in sorted(appearances, key=lambda key: (appearances[key][0][0], key)):
        first, last = appearances[key][0][0], appearances[key][-1][0]
        free = [i for i, end in enumerate(last_frames) if end < first]
        if free:
            lane = free[0]
        else:
            lane = len(last_frames)
            last_frames.append(0)
            members.append([])
        last_frames[lane] = last
        members[lane].append(key)
    members.sort(
        key=lambda keys: np.median([x for key in keys for _, x in appearances[key]])
    )
    return {key: lane for lane, keys in enumerate(members) for key in keys}


def short(name: str) -> str:
    """A name that fits a page."""
    return name if len(name) <= _MAX_NAME_LENGTH else name[:_MAX_NAME_LENGTH] + "…"


def _encode(array: np.ndarray, dtype: str) -> str:
    if np.dtype(dtype).kind in "iu" and array.dtype.kind == "f":
        limits = np.iinfo(dtype)
        # In double precision, in which the largest integer does not overflow.
        array = np.rint(array.astype(np.float64)).clip(limits.min, limits.max)
    return base64.b64encode(np.ascontiguousarray(array, dtype).tobytes()).decode()
