"""One length for each bone of a person."""

import numpy as np

from propose_keras.data.infilling import SEGMENT_SHARES
from propose_keras.skeletons import H36M_17

_PARENTS = np.array(H36M_17.parents)
_FLIP = np.array(H36M_17.flip)
# Bones that stand one on the other, and their share of the stature.
_UPRIGHT = [
    H36M_17.index(name)
    for name in ("RKnee", "RFoot", "Spine", "Thorax", "Nose", "Head")
]
_UPRIGHT_SHARE = sum(SEGMENT_SHARES[H36M_17.joint_names[j]] for j in _UPRIGHT)
# No hypothesis' bone is shorter, as a share of the mode's.
_SHORTEST = 0.5


def bone_lengths(poses: np.ndarray) -> np.ndarray:
    """Lengths of the bones of poses; left ones equal right ones.

    Args:
        poses: `(..., 17, 3)` mm.

    Returns:
        `(..., 17)` mm, of the bone that ends in each joint; 0 for the root.
    """
    lengths = np.linalg.norm(poses - poses[..., _PARENTS, :], axis=-1)
    lengths = (lengths + lengths[..., _FLIP]) / 2
    lengths[..., 0] = 0.0
    return lengths


def stature(poses: np.ndarray) -> np.ndarray:
    """Statures of people whose bones are as long, whatever their pose.

    The bones from the feet to the top of the head are 96.1 % of it by Drillis and
    Contini's shares, as `data.infilling` has them.

    Args:
        poses: `(..., 17, 3)` mm.

    Returns:
        `(...)` mm.
    """
    return bone_lengths(poses)[..., _UPRIGHT].sum(axis=-1) / _UPRIGHT_SHARE


class BoneLengths:
    """Lengths of one person's bones from those in several frames.

    The mode's are means over the frames. What is misjudged of a body in one frame is in
    the next, too: hypotheses' lengths, one for all frames, have the means and the
    deviations that they have in single frames.
    """

    def __init__(self) -> None:
        self.num_frames = 0
        self._total: np.ndarray | float = 0.0  # (1 + S, 17)
        self._variance: np.ndarray | float = 0.0  # (17,) over the hypotheses.

    def add(self, lengths: np.ndarray) -> None:
        """Takes note of frames.

        Args:
            lengths: `(frames, 1 + S, 17)` mm, of a mode and S hypotheses.
        """
        self.num_frames += len(lengths)
        self._total = self._total + lengths.sum(axis=0)
        self._variance = self._variance + lengths[:, 1:].var(axis=1).sum(axis=0)

    def estimate(self) -> np.ndarray:
        """Lengths `(1 + S, 17)` mm."""
        mean = np.asarray(self._total) / self.num_frames
        mode, hypotheses = mean[0], mean[1:]
        middle = hypotheses.mean(axis=0)
        deviation = np.sqrt(np.asarray(self._variance) / self.num_frames)
        factor = deviation / np.maximum(hypotheses.std(axis=0), 1e-6)
        hypotheses = middle + np.maximum(factor, 1.0) * (hypotheses - middle)
        return np.concatenate([mode[None], np.maximum(hypotheses, _SHORTEST * mode)])


def with_lengths(poses: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Poses with other lengths of their bones; directions stay.

    Args:
        poses: `(..., 17, 3)` mm, relative to the root.
        lengths: `(..., 17)` mm, of the bone that ends in each joint.
    """
    bones = poses - poses[..., _PARENTS, :]
    now = np.maximum(np.linalg.norm(bones, axis=-1, keepdims=True), 1e-6)
    bones = bones / now * lengths[..., None]
    found = np.zeros_like(poses)
    for joint in range(1, H36M_17.num_joints):
        found[..., joint, :] = found[..., _PARENTS[joint], :] + bones[..., joint, :]
    return found
