"""Errors like a 2D detector's, for keypoints that were projected."""

import numpy as np

from propose_keras.data.augmentations import Augmentation, Batch
from propose_keras.data.infilling import Infilling
from propose_keras.skeletons import H36M_17

# Joints that detectors' layouts place differently, and the factor on their noise.
_VAGUE = ("Hip", "Spine", "Thorax", "Nose", "Head")
_VAGUE_FACTOR = 1.5
# Share of joints that are far off, and how much further.
_OUTLIER_SHARE, _OUTLIER_FACTOR = 0.03, 5.0
# Share of poses with joints missing, of such a pose's joints that are, and of joints
# whose parent is missing that are missing too.
_GAPPY_SHARE, _MISSING_SHARE, _FOLLOW_SHARE = 0.2, 0.1, 0.7
_LEAST_MEASURED = 6


def detection_errors(level: float, mean_pose: np.ndarray) -> Augmentation:
    """Augmentation that makes projections look like detections.

    Each pose gets a level of noise of its own, evenly from 0 to `level`; some joints
    are far off; in a fifth of the poses joints are missing, mostly whole ends of limbs,
    and are filled in as `Lifter` does: by `Infilling`, somewhere between its mean and
    a draw.

    Args:
        level: Greatest standard deviation of a coordinate, as a share of the pose's
            root mean square distance from the hip (about 550 mm for a grown-up).
        mean_pose: Mean root-relative 3D pose, `(17, 3)` mm, see `Infilling`.
    """
    infilling = Infilling(mean_pose)
    vague = [H36M_17.index(name) for name in _VAGUE]

    def augment(batch: Batch, generator: np.random.Generator) -> Batch:
        inputs, pose_3d = batch
        keypoints = inputs["keypoints"]
        count, num_joints, _ = keypoints.shape
        size = pose_size(keypoints)
        deviation = np.full((count, num_joints), level) * size[:, None]
        deviation *= generator.random((count, 1))
        deviation[:, vague] *= _VAGUE_FACTOR
        outliers = generator.random((count, num_joints)) < _OUTLIER_SHARE
        deviation[outliers] *= _OUTLIER_FACTOR
        noise = generator.standard_normal(keypoints.shape, dtype=np.float32)
        keypoints = keypoints + deviation[..., None] * noise
        scores = (~_missing(count, generator)).astype(np.float32)
        share = generator.random((count, 1, 1))
        draw = generator.standard_normal(keypoints.shape, dtype=np.float32)
        rows = np.flatnonzero(
            [
                (row == 0).any() and infilling.can_fill(points, row)
                for points, row in zip(keypoints, scores)
            ]
        )
        if len(rows):
            filled = infilling(keypoints[rows], scores[rows])
            keypoints[rows] = filled.keypoints
            keypoints[rows] += share[rows] * (filled.factor @ draw[rows])
        return {**inputs, "keypoints": keypoints.astype(np.float32)}, pose_3d

    return augment


def gaps(
    count: int, missing_share: float, generator: np.random.Generator
) -> np.ndarray:
    """Joints missing here and there, mostly with what hangs on them, `(count, 17)`."""
    shape = count, H36M_17.num_joints
    missing = generator.random(shape) < missing_share
    follows = generator.random(shape) < _FOLLOW_SHARE
    for joint, parent in enumerate(H36M_17.parents):
        if parent > 0:  # The hip's children are not its end.
            missing[:, joint] |= missing[:, parent] & follows[:, joint]
    return missing


def pose_size(keypoints: np.ndarray) -> np.ndarray:
    """Root mean square distance of `(B, 17, 2)` keypoints from the hip, `(B,)`."""
    centred = keypoints - keypoints[:, H36M_17.root, None]
    return np.sqrt(np.mean(np.sum(centred**2, axis=-1), axis=1))


def _missing(count, generator):
    """Which joints `(count, 17)` are missing."""
    missing = gaps(count, _MISSING_SHARE, generator)
    missing &= generator.random((count, 1)) < _GAPPY_SHARE
    return missing & ((~missing).sum(axis=1, keepdims=True) >= _LEAST_MEASURED)
