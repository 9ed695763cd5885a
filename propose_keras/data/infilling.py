"""Joints that a detector missed or is unsure of.

A joint whose score is under a threshold is missing. The 2D pose is then taken for a
Gaussian tree: along each bone, the child's place relative to its parent is normal, its
mean that of the model's mean 3D pose and its variance what the bone's length leaves, a
third per axis: `(length^2 - |mean bone|^2) / 3`. The missing joints given the measured
ones are Gaussian too: their mean fills the gap, their covariance is what is not known.
Measured joints keep their place; their deviation grows as their score falls.
"""

import dataclasses

import numpy as np

from propose_keras.skeletons import H36M_17

# With fewer measured joints there is no person to lift.
MIN_JOINTS = 4
_JOINTS = H36M_17.num_joints

# mm. Segments of a stature of 1750 mm by Drillis and Contini's shares (Winter,
# "Biomechanics and Motor Control of Human Movement", Fig. 4.1): pelvis and shoulders
# halved, trunk and the head with its neck cut in two.
_STATURE = 1750.0
_SHARES = {
    **{"RHip": 0.0955, "RKnee": 0.245, "RFoot": 0.246},
    **{"LHip": 0.0955, "LKnee": 0.245, "LFoot": 0.246},
    **{"Spine": 0.144, "Thorax": 0.144, "Nose": 0.091, "Head": 0.091},
    **{"LShoulder": 0.1295, "LElbow": 0.186, "LWrist": 0.146},
    **{"RShoulder": 0.1295, "RElbow": 0.186, "RWrist": 0.146},
}
# Least deviation of a bone's end per axis, as a share of its length: people differ.
_LEAST_DEVIATION = 0.1


@dataclasses.dataclass(frozen=True, eq=False)
class Infilled:
    """Keypoints with no gaps, and what is not known of them.

    Attributes:
        keypoints: `(batch, 17, 2)` float32 pixels.
        factor: `(batch, 17, 17)` float32 pixels: `factor @ noise`, with standard normal
            noise (17, 2), is a draw of what is not known.
        missing: `(batch, 17)` bool.
    """

    keypoints: np.ndarray
    factor: np.ndarray
    missing: np.ndarray


class Infilling:
    """Fills in missing joints of Human3.6M's 17.

    Args:
        mean_pose: Mean root-relative 3D pose, `(17, 3)` mm, x right, y down.
        score_threshold: Joints whose score is lower are missing; so are those of
            score 0.
        keypoint_noise: Deviation per axis of a joint measured with score 0, in mm at
            the person's scale; with score s it is `(1 - s)` times as large.
    """

    def __init__(
        self,
        mean_pose: np.ndarray,
        score_threshold: float = 0.3,
        keypoint_noise: float = 50.0,
    ) -> None:
        self.score_threshold = score_threshold
        self.keypoint_noise = keypoint_noise
        mean_pose = np.asarray(mean_pose, np.float64)
        self._mean = mean_pose[:, :2]
        lengths = np.array([_SHARES.get(n, 0.0) for n in H36M_17.joint_names])
        lengths = _STATURE * lengths
        bones = H36M_17.bones
        self._precision = np.zeros((_JOINTS, _JOINTS))
        variance = np.zeros(_JOINTS)
        for parent, child in bones:
            mean_bone = np.sum((mean_pose[child] - mean_pose[parent]) ** 2)
            variance[child] = max(
                (lengths[child] ** 2 - mean_bone) / 3,
                (_LEAST_DEVIATION * lengths[child]) ** 2,
            )
            ends = np.zeros(_JOINTS)
            ends[[parent, child]] = -1.0, 1.0
            self._precision += np.outer(ends, ends) / variance[child]
        self._square_distance = self._expected_square_distances(variance)

    def measured(self, scores: np.ndarray) -> np.ndarray:
        """Which joints `(..., 17)` count as measured."""
        return (scores > 0) & (scores >= self.score_threshold)

    def can_fill(self, keypoints: np.ndarray, scores: np.ndarray) -> bool:
        """Whether a person, `(17, 2)` and `(17,)`, has enough joints apart."""
        kept = self.measured(scores)
        return bool(kept.sum() >= MIN_JOINTS and np.ptp(keypoints[kept], axis=0).any())

    def __call__(self, keypoints: np.ndarray, scores: np.ndarray) -> Infilled:
        """Fills in people for whom `can_fill` holds.

        Args:
            keypoints: `(batch, 17, 2)` pixels; those of missing joints are ignored.
            scores: `(batch, 17)` in 0..1.
        """
        kept = self.measured(scores)
        keypoints = np.where(kept[..., None], keypoints, 0.0).astype(np.float64)
        scale = self._pixels_per_mm(keypoints, kept)[:, None, None]
        deviation = np.where(kept, self.keypoint_noise * (1.0 - scores), 0.0)
        factor = scale * deviation[..., None] * np.eye(_JOINTS)
        rows = np.flatnonzero(~kept.all(axis=1))
        if len(rows):
            mean, root = self._fill(
                keypoints[rows] / scale[rows], ~kept[rows], self._mean
            )
            gaps = ~kept[rows][..., None]
            keypoints[rows] = np.where(gaps, mean * scale[rows], keypoints[rows])
            factor[rows] += scale[rows] * root
        return Infilled(keypoints.astype(np.float32), factor.astype(np.float32), ~kept)

    def _fill(self, keypoints, missing, mean):
        """Conditional means `(B, 17, 2)` and roots of covariances `(B, 17, 17)`, mm."""
        both = missing[:, :, None] & missing[:, None, :]
        # Rows of measured joints become those of the identity.
        matrix = np.where(both, self._precision, 0.0)
        matrix += (~missing)[:, :, None] * np.eye(_JOINTS)
        measured = np.where(missing[..., None], 0.0, keypoints - mean)
        right = np.where(missing[..., None], -(self._precision @ measured), 0.0)
        filled = mean + np.linalg.solve(matrix, right)
        return filled, np.linalg.cholesky(np.linalg.inv(matrix)) * both

    def _pixels_per_mm(self, keypoints, kept):
        """Scale at which the measured joints lie as far apart as they are expected to.

        Mean squares over all pairs of measured joints, `(batch,)`.
        """
        count = kept.sum(axis=1)
        center = keypoints.sum(axis=1) / count[:, None]
        centred = (keypoints - center[:, None]) * kept[..., None]
        found = count * np.sum(centred**2, axis=(1, 2))
        weights = kept.astype(np.float64)
        expected = np.einsum("bi,ij,bj->b", weights, self._square_distance, weights) / 2
        return np.sqrt(found / expected)

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
