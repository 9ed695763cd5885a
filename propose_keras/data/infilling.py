"""Joints that a detector missed or is unsure of.

A joint whose score is under a threshold is missing. The 2D pose is then taken for a
Gaussian tree: along each bone, the child's place relative to its parent is normal, its
mean that of the model's mean 3D pose and its variance what the bone's length leaves, a
third per axis: `(length^2 - |mean bone|^2) / 3`. The missing joints given the measured
ones are Gaussian too: their mean fills the gap, their covariance is what is not known.
Measured joints keep their place; their deviation grows as their score falls.

Joint by joint from the ends of the limbs to the hip, Gaussian elimination adds nothing
to a tree's precision matrix: the conditional distribution takes sums and products of
whole arrays only. They are NumPy's, or those of `keras.ops` inside a program.
"""

import dataclasses
from typing import Any

import numpy as np

from propose_keras.skeletons import H36M_17
from propose_keras.types import Tensor, TensorLike

# With fewer measured joints there is no person to lift.
MIN_JOINTS = 4
_JOINTS = H36M_17.num_joints

# mm. Segments of a stature of 1750 mm by Drillis and Contini's shares (Winter,
# "Biomechanics and Motor Control of Human Movement", Fig. 4.1): pelvis and shoulders
# halved, trunk and the head with its neck cut in two.
_STATURE = 1750.0
SEGMENT_SHARES = {
    **{"RHip": 0.0955, "RKnee": 0.245, "RFoot": 0.246},
    **{"LHip": 0.0955, "LKnee": 0.245, "LFoot": 0.246},
    **{"Spine": 0.144, "Thorax": 0.144, "Nose": 0.091, "Head": 0.091},
    **{"LShoulder": 0.1295, "LElbow": 0.186, "LWrist": 0.146},
    **{"RShoulder": 0.1295, "RElbow": 0.186, "RWrist": 0.146},
}
# Least deviation of a bone's end per axis, as a share of its length: people differ.
_LEAST_DEVIATION = 0.1
# Of a joint given its parent, mm^-2: any bone has more.
_LEAST_PRECISION = 1e-20
# Deviation per axis of a joint that a detector is sure of, mm: two thirds of what
# annotators of one picture differ by. COCO's constants of object keypoint similarity,
# .083 of the root of a person's area in the mean of the limbs' joints, put that at 46
# for a grown-up who covers 0.6 m^2 of the picture.
DETECTOR_NOISE = 30.0
# Bones from the hip to the furthest joint.
_DEPTH = 5
# `(17, 17)`: row j is 1 at joint j's parent; the root's is 0.
_PARENT = np.array([np.eye(_JOINTS)[p] * (p >= 0) for p in H36M_17.parents])


def check_uncertainty(
    score_threshold: float, keypoint_noise: float, detector_noise: float = 0.0
) -> None:
    """Raises `ValueError` if an argument of `Infilling` is out of range."""
    if not 0 <= score_threshold <= 1:
        raise ValueError(f"Expected `score_threshold` in 0..1, not {score_threshold}.")
    given = {"keypoint_noise": keypoint_noise, "detector_noise": detector_noise}
    for name, value in given.items():
        if not 0 <= value < np.inf:
            raise ValueError(f"Expected `{name}` of at least 0 mm, received {value}.")


def default_detector_noise(normalization: Any) -> float:
    """The `detector_noise` of `Infilling` for a model, mm.

    A model that is told deviations takes keypoints of none for exact. One that is not
    has learnt what detectors do wrong, or knows nothing of it.

    Args:
        normalization: The model's `PoseNormalization`.
    """
    return DETECTOR_NOISE if normalization.deviation_input else 0.0


@dataclasses.dataclass(frozen=True, eq=False)
class Infilled:
    """Keypoints with no gaps, and what is not known of them.

    Attributes:
        keypoints: `(batch, 17, 2)` pixels.
        factor: `(batch, 17, 17)` pixels, lower triangular: `factor @ noise`, with
            standard normal noise (17, 2), is a draw of what is not known.
        missing: `(batch, 17)` bool.
    """

    keypoints: Tensor
    factor: Tensor
    missing: Tensor


class Infilling:
    """Fills in missing joints of Human3.6M's 17.

    Args:
        mean_pose: Mean root-relative 3D pose, `(17, 3)` mm, x right, y down.
        score_threshold: Joints whose score is lower are missing; so are those of
            score 0.
        keypoint_noise: Deviation per axis of a joint measured with score 0, in mm at
            the person's scale; with score s it is `(1 - s)` times as large.
        detector_noise: Deviation that joints of any score have besides, mm.

    Raises:
        ValueError: If the threshold or the deviation is out of range.
    """

    def __init__(
        self,
        mean_pose: np.ndarray,
        score_threshold: float = 0.3,
        keypoint_noise: float = 50.0,
        detector_noise: float = 0.0,
    ) -> None:
        check_uncertainty(score_threshold, keypoint_noise, detector_noise)
        self.detector_noise = detector_noise
        self.score_threshold = score_threshold
        self.keypoint_noise = keypoint_noise
        mean_pose = np.asarray(mean_pose, np.float64)
        self._mean = mean_pose[:, :2]
        variance = np.zeros(_JOINTS)
        # Of each bone, by its child; 0 for the root.
        self._precision = np.zeros(_JOINTS)
        for parent, child in H36M_17.bones:
            length = _STATURE * SEGMENT_SHARES[H36M_17.joint_names[child]]
            mean_bone = np.sum((mean_pose[child] - mean_pose[parent]) ** 2)
            variance[child] = max(
                (length**2 - mean_bone) / 3, (_LEAST_DEVIATION * length) ** 2
            )
            self._precision[child] = 1.0 / variance[child]
        self._square_distance = self._expected_square_distances(variance)

    def measured(self, scores: TensorLike) -> Tensor:
        """Which joints `(..., 17)` count as measured."""
        return (scores > 0) & (scores >= self.score_threshold)

    def can_fill(
        self, keypoints: TensorLike, scores: TensorLike, xp: Any = np
    ) -> Tensor:
        """Whether people have enough joints, and not all in one place.

        Args:
            keypoints: `(..., 17, 2)` pixels.
            scores: `(..., 17)`.
            xp: As in `fill`.

        Returns:
            `(...)` bool.
        """
        kept = self.measured(scores)
        lowest = xp.min(xp.where(kept[..., None], keypoints, np.inf), axis=-2)
        highest = xp.max(xp.where(kept[..., None], keypoints, -np.inf), axis=-2)
        enough = xp.sum(xp.where(kept, 1, 0), axis=-1) >= MIN_JOINTS
        return enough & xp.any(highest > lowest, axis=-1)

    def __call__(self, keypoints: np.ndarray, scores: np.ndarray) -> Infilled:
        """Fills in people for whom `can_fill` holds; computes in float64.

        Args:
            keypoints: `(batch, 17, 2)` pixels; those of missing joints are ignored.
            scores: `(batch, 17)` in 0..1.

        Returns:
            Float32 arrays.
        """
        filled = self.fill(np.asarray(keypoints, np.float64), scores)
        return Infilled(
            filled.keypoints.astype(np.float32),
            filled.factor.astype(np.float32),
            filled.missing,
        )

    def fill(self, keypoints: TensorLike, scores: TensorLike, xp: Any = np) -> Infilled:
        """As `__call__`, for arrays or tensors, in their own precision.

        Args:
            keypoints: `(batch, 17, 2)` pixels.
            scores: `(batch, 17)` in 0..1.
            xp: Namespace of the arrays: `numpy` or `keras.ops`.

        Returns:
            Arrays of the kind and the type of `keypoints`. A row for which `can_fill`
            does not hold is not finite, and disturbs no other.
        """
        kept = self.measured(scores)
        keypoints = xp.where(kept[..., None], keypoints, 0.0)
        scale, center = self._place(keypoints, kept, xp)
        deviation = self.detector_noise + self.keypoint_noise * (1.0 - scores)
        deviation = xp.where(kept, deviation, 0.0)
        dtype = keypoints.dtype.name
        factor = deviation[..., None] * np.eye(_JOINTS, dtype=dtype)
        if xp is not np or not kept.all():
            mean = self._mean.astype(dtype)
            offset = (keypoints - center) / scale - mean
            offset, root = self._condition(offset, kept, xp)
            filled = (mean + offset) * scale + center
            keypoints = xp.where(kept[..., None], keypoints, filled)
            factor = factor + root
        return Infilled(keypoints, scale * factor, ~kept)

    def _condition(self, offset, kept, xp):
        """The missing joints given the measured ones, in mm.

        Args:
            offset: From the mean pose, `(batch, 17, 2)`; read where measured.
            kept: Which joints are measured, `(batch, 17)`.
            xp: As in `fill`.

        Returns:
            Means of the offsets, `(batch, 17, 2)`, and Cholesky roots of the
            covariances, `(batch, 17, 17)`, 0 at measured joints.
        """
        dtype = offset.dtype.name
        bone, parent = self._precision.astype(dtype), _PARENT.astype(dtype)
        eye = np.eye(_JOINTS, dtype=dtype)
        # What its children tell of each joint, exact once the tips' word has come up.
        told = xp.zeros_like(offset[..., 0])
        for _ in range(_DEPTH):
            precision = xp.maximum(bone + told, _LEAST_PRECISION)
            message = xp.where(kept, bone, bone * told / precision)
            told = xp.matmul(message, parent)
        precision = xp.maximum(bone + told, _LEAST_PRECISION)
        # How far each joint follows its parent, then any joint above it.
        follows = xp.where(kept, 0.0, bone / precision)[..., None] * parent
        path = xp.zeros_like(follows) + eye
        for _ in range(_DEPTH):
            path = eye + xp.matmul(follows, path)
        seen = xp.where(kept[..., None], bone[:, None] * offset, 0.0)
        seen = xp.matmul(xp.swapaxes(path, -1, -2), xp.matmul(parent.T, seen))
        own = xp.where(kept[..., None], offset, seen / precision[..., None])
        deviation = xp.where(kept, 0.0, 1.0 / xp.sqrt(precision))
        return xp.matmul(path, own), path * deviation[:, None, :]

    def _place(self, keypoints, kept, xp):
        """Scale in pixels per mm `(batch, 1, 1)` and center in pixels `(batch, 1, 2)`.

        The center is the mean of the measured joints, which are as far apart at that
        scale as they are expected to be: mean squares over all pairs of them.
        """
        kept = xp.where(kept, xp.ones_like(keypoints[..., 0]), 0.0)
        count = xp.sum(kept, axis=1)
        center = (xp.sum(keypoints, axis=1) / count[:, None])[:, None]
        centred = (keypoints - center) * kept[..., None]
        found = count * xp.sum(centred**2, axis=(1, 2))
        expected = self._square_distance.astype(keypoints.dtype.name)
        expected = xp.sum(xp.matmul(kept, expected) * kept, axis=1) / 2
        return xp.sqrt(found / expected)[:, None, None], center

    def _expected_square_distances(self, variance):
        """Mean squared 2D distance of each pair of joints, `(17, 17)` mm^2."""
        paths = np.zeros(
            (_JOINTS, _JOINTS), bool
        )  # Bones, by their child, from the root.
        for joint in range(_JOINTS):
            bone = joint
            while bone != H36M_17.root:
                paths[joint, bone] = True
                bone = H36M_17.parents[bone]
        apart = (paths[:, None] ^ paths[None]) @ variance
        offset = self._mean[:, None] - self._mean[None]
        return np.sum(offset**2, axis=-1) + 2 * apart
