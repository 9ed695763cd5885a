"""The 17 joints of Human3.6M from 39 markers on the skin of one person."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from propose_keras.data.errors import DataFileError
from propose_keras.skeletons import H36M_17

from . import anatomy
from .facts import MARKERS
from .lower_body import LowerBody, fit_lower_body
from .markers import Markers
from .upper_body import UpperBody, fit_upper_body

_MIN_FRAMES = 100
_MAX_FRAMES = 20_000
_LIMB_BONES = (
    *(("Hip", "Knee"), ("Knee", "Foot")),
    *(("Shoulder", "Elbow"), ("Elbow", "Wrist")),
)
_BONE_ROUNDS = 60


@dataclasses.dataclass(frozen=True)
class Person:
    """A person whose joints were found.

    Attributes:
        stature: Estimated height, mm.
        lower: Hips, knees and ankles.
        upper: Trunk, head and arms.
        bones: Pairs of joints to the length of their bone in mm: the limbs', alike on
            the left and the right, and from hip to hip.
    """

    stature: float
    lower: LowerBody
    upper: UpperBody
    bones: dict[tuple[str, str], float]

    def poses(self, markers: Markers, rigid: bool = True) -> np.ndarray:
        """The person's joints.

        Args:
            markers: Frames in which the markers that are needed are present.
            rigid: Whether bones are given their lengths. The ends of a bone are moved
                by like amounts, time and again, until all fit.

        Returns:
            World positions, z up, mm, `(frames, 17, 3)`.
        """
        found = self.lower.joints(markers) | self.upper.joints(markers)
        if rigid:
            _fit_bones(found, self.bones)
        found["Hip"] = (found["LHip"] + found["RHip"]) / 2
        return np.stack([found[name] for name in H36M_17.joint_names], axis=1)


def fit_person(recordings: Sequence[Markers]) -> Person:
    """Finds where the joints of a person are, from all that they did.

    Args:
        recordings: All that is known of them; the more they moved the better.

    Returns:
        The person.

    Raises:
        DataFileError: If fewer than 100 frames have all markers.
    """
    frames = np.concatenate(
        [r.positions[r.seen(MARKERS)] for r in recordings] or [np.zeros((0, 39, 3))]
    )
    if len(frames) < _MIN_FRAMES:
        raise DataFileError(
            f"Only {len(frames)} frames have all 39 markers, expected {_MIN_FRAMES} or "
            "more of each person to find their joints in. Give all recordings of them."
        )
    step = -(-len(frames) // _MAX_FRAMES)
    markers = Markers(frames[::step].astype(np.float64))
    stature = estimate_stature(markers)
    lower = fit_lower_body(markers, stature)
    upper = fit_upper_body(markers, stature)
    joints = lower.joints(markers) | upper.joints(markers)
    bones = {("LHip", "RHip"): _median_length(joints, "LHip", "RHip")}
    for start, end in _LIMB_BONES:
        pairs = [(side + start, side + end) for side in "LR"]
        length = np.mean([_median_length(joints, *pair) for pair in pairs])
        bones |= dict.fromkeys(pairs, float(length))
    return Person(stature, lower, upper, bones)


def estimate_stature(markers: Markers) -> float:
    """A person's height in mm, from how high neck and forehead are when they stand."""
    band = markers.middle("LFHD", "RFHD", "LBHD", "RBHD")[:, 2]
    neck = markers["C7"][:, 2]
    return float(
        np.percentile(band, 90) / anatomy.HEAD_BAND_HEIGHT / 2
        + np.percentile(neck, 90) / anatomy.CERVICALE_HEIGHT / 2
    )


def _median_length(joints: dict[str, np.ndarray], start: str, end: str) -> float:
    return float(np.median(np.linalg.norm(joints[end] - joints[start], axis=-1)))


def _fit_bones(joints: dict[str, np.ndarray], bones: dict[tuple[str, str], float]):
    for _ in range(_BONE_ROUNDS):
        for (start, end), length in bones.items():
            bone = joints[end] - joints[start]
            actual = np.linalg.norm(bone, axis=-1, keepdims=True)
            move = bone * (1 - length / actual) / 2
            joints[start] = joints[start] + move
            joints[end] = joints[end] - move
