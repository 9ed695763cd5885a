"""How much a 2D pose looks like a person's: the likelihood under a Gaussian.

One Gaussian over the 17 joints, centred and scaled, describes people who stand, sit,
lean or, a few of them, lie, seen from all sides by cameras of all kinds. Joints that
are missing are left out. A person's place in the image is integrated out; the size is
the one that fits best.
"""

import functools
import os
import pathlib
from typing import BinaryIO

import numpy as np

from propose_keras.skeletons import H36M_17

_PATH = pathlib.Path(__file__).with_name("pose_likelihood.npz")
_JOINTS = H36M_17.num_joints
# With fewer joints there is nothing to tell people by.
MIN_JOINTS = 5
# Variance along the directions in which all joints move together, which is integrated
# out, and of each coordinate, as far as the Gaussian cannot be surer.
_PLACE, _LEAST_VARIANCE = 1.0, 1e-4
# Sets of measured joints whose matrices are kept.
_NUM_KEPT = 64


class PoseLikelihood:
    """A Gaussian over 2D poses in the order h36m17.

    Args:
        mean: `(17, 2)`, of poses with mean 0 and root mean square radius 1.
        covariance: `(34, 34)` of those poses, x and y of a joint next to each other.
    """

    def __init__(self, mean: np.ndarray, covariance: np.ndarray) -> None:
        self.mean = np.asarray(mean, np.float64)
        self.covariance = np.asarray(covariance, np.float64)
        together = np.tile(np.eye(2), (_JOINTS, 1))
        self._covariance = (
            self.covariance
            + _PLACE * together @ together.T
            + _LEAST_VARIANCE * np.eye(2 * _JOINTS)
        )
        self._of_measured = functools.lru_cache(_NUM_KEPT)(self._make_matrices)

    @classmethod
    def fit(cls, keypoints: np.ndarray) -> "PoseLikelihood":
        """The Gaussian of some people.

        Args:
            keypoints: `(N, 17, 2)`, any unit, x right and y down, nothing missing.
        """
        poses, _ = _normalise(np.asarray(keypoints, np.float64))
        poses = poses.reshape(len(poses), -1)
        return cls(poses.mean(axis=0).reshape(-1, 2), np.cov(poses.T))

    @classmethod
    def load(cls, path: str | os.PathLike = _PATH) -> "PoseLikelihood":
        """Reads what `save` wrote, by default the one that comes with the package."""
        with np.load(path) as arrays:
            return cls(arrays["mean"], arrays["covariance"])

    def save(self, path: str | os.PathLike | BinaryIO) -> None:
        """Writes the Gaussian as npz, in single precision."""
        np.savez(
            path,
            mean=self.mean.astype(np.float32),
            covariance=self.covariance.astype(np.float32),
        )

    def log_ratio(self, keypoints: np.ndarray, measured: np.ndarray) -> np.ndarray:
        """Log-likelihood against that of joints scattered at random.

        With the measured coordinates x, their precision P under the Gaussian with their
        place integrated out, and n = 2 * joints - 2, it is the maximum over the size a
        of `n log a + log det(P) / 2 - (a x - mean)' P (a x - mean) / 2`, less the same
        with `P = I` and mean 0.

        Args:
            keypoints: `(N, 17, 2)`, any unit, x right and y down; those of missing
                joints are ignored.
            measured: `(17,)` bool, the same for all.

        Returns:
            `(N,)` nats; 0 where fewer than 5 joints are measured or all lie in one
            place.
        """
        count = int(measured.sum())
        if count < MIN_JOINTS:
            return np.zeros(len(keypoints))
        poses, size = _normalise(keypoints[:, measured].astype(np.float64))
        poses = poses.reshape(len(poses), -1)
        precision, mean, constant = self._of_measured(measured.tobytes())
        free = 2 * count - 2
        weighted = poses @ precision
        square = np.maximum(np.sum(weighted * poses, axis=1), 1e-9)
        product = weighted @ mean
        scale = (product + np.sqrt(product**2 + 4 * square * free)) / (2 * square)
        found = free * np.log(scale) - (square * scale**2 - 2 * product * scale) / 2
        scattered = free * np.log(free / count) / 2 - free / 2
        return np.where(size > 0, found + constant - scattered, 0.0)

    def _make_matrices(self, key):
        """Of the measured coordinates: precision, mean and the Gaussian's constant."""
        measured = np.repeat(np.frombuffer(key, bool), 2)
        covariance = self._covariance[np.ix_(measured, measured)]
        mean = self.mean.reshape(-1)[measured]
        together = np.tile(np.eye(2), (len(mean) // 2, 1))
        precision = np.linalg.inv(covariance)
        place = together.T @ precision @ together
        precision -= (
            precision @ together @ np.linalg.solve(place, together.T @ precision)
        )
        log_det = np.linalg.slogdet(covariance)[1] + np.linalg.slogdet(place)[1]
        log_det -= 2 * np.log(len(mean) / 2)
        return precision, mean, -(mean @ precision @ mean + log_det) / 2


@functools.cache
def default_likelihood() -> PoseLikelihood:
    """The one that comes with the package."""
    return PoseLikelihood.load()


def _normalise(joints):
    """Joints `(N, J, 2)` with mean 0 and root mean square radius 1, and their radii."""
    centred = joints - joints.mean(axis=1, keepdims=True)
    size = np.sqrt(np.mean(np.sum(centred**2, axis=-1), axis=1))
    return centred / np.maximum(size, 1e-9)[:, None, None], size
