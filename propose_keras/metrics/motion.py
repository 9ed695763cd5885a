"""Errors of how poses move, from frame to frame of a clip."""

from typing import NamedTuple

import numpy as np


class MotionErrors(NamedTuple):
    """Mean errors over joints and frames; NaN where no frames follow each other.

    Attributes:
        velocity: Mean per-joint velocity error (MPJVE), mm per frame (Pavllo et al.,
            "3D human pose estimation in video with temporal convolutions and
            semi-supervised training", 2019, Sec. 4).
        acceleration: Mean per-joint acceleration error, mm per squared frame (Kanazawa
            et al., "Learning 3D human dynamics from video", 2019, Sec. 4).
    """

    velocity: float
    acceleration: float


def motion_errors(
    offset: np.ndarray, clip: np.ndarray, frame: np.ndarray
) -> MotionErrors:
    """Errors of velocities and accelerations, as differences of consecutive frames.

    Args:
        offset: Pose less ground truth, `(N, J, 3)` mm.
        clip: `(N,)`, which clip each pose is of; rows of a clip follow each other.
        frame: `(N,)`, number of the frame in its clip.
    """
    follows = (np.diff(clip) == 0) & (np.diff(frame) == 1)
    velocity = np.diff(np.asarray(offset, np.float64), axis=0)
    acceleration = np.diff(velocity, axis=0)[follows[1:] & follows[:-1]]
    return MotionErrors(_mean_length(velocity[follows]), _mean_length(acceleration))


def _mean_length(vectors):
    if not len(vectors):
        return float("nan")
    return float(np.mean(np.linalg.norm(vectors, axis=-1)))
