"""Poses as detectors of other layouts report them."""

import numpy as np

from propose_keras.data.augmentations import Augmentation, Batch
from propose_keras.data.cameras import project
from propose_keras.data.landmarks import NUM_FREE_ANGLES, landmarks
from propose_keras.skeletons import H36M_17, SKELETONS, convert

# Share of joints that are far off, and how much further.
_OUTLIER_SHARE, _OUTLIER_FACTOR = 0.02, 5.0


def other_layouts(level: float) -> Augmentation:
    """Augmentation that reports each pose in the layout of some detector.

    Each row gets a layout of its own. Its joints are placed on the body (`landmarks`),
    projected, given a detector's errors and converted back to the order h36m17, with
    the distortions of that conversion. Keypoints are replaced; the batch must hold the
    cameras.

    Args:
        level: Greatest standard deviation of a coordinate, as a share of the root mean
            square distance of the joints from their middle; each pose has its own.
    """
    layouts = sorted(SKELETONS)

    def augment(batch: Batch, generator: np.random.Generator) -> Batch:
        inputs, pose_3d = batch
        count = len(pose_3d)
        drawn = generator.integers(len(layouts), size=count)
        noise = generator.standard_normal((count, NUM_FREE_ANGLES))
        keypoints = np.zeros((count, H36M_17.num_joints, 2), np.float32)
        for number, layout in enumerate(layouts):
            rows = np.flatnonzero(drawn == number)
            points = landmarks(pose_3d[rows], layout, noise[rows])
            camera = inputs["intrinsics"][rows], inputs["distortion"][rows]
            seen = _with_errors(project(points, *camera), level, generator)
            keypoints[rows] = convert(seen, layout)
        return {**inputs, "keypoints": keypoints}, pose_3d

    return augment


def _with_errors(keypoints, level, generator):
    """Keypoints `(N, J, 2)` with a detector's errors."""
    centred = keypoints - keypoints.mean(axis=1, keepdims=True)
    size = np.sqrt(np.mean(np.sum(centred**2, axis=-1), axis=1))
    deviation = level * generator.random(len(keypoints)) * size
    deviation = np.repeat(deviation[:, None], keypoints.shape[1], axis=1)
    far_off = generator.random(deviation.shape) < _OUTLIER_SHARE
    deviation[far_off] *= _OUTLIER_FACTOR
    noise = generator.standard_normal(keypoints.shape)
    return keypoints + deviation[..., None] * noise
