"""Comparators whose density of a pose is known."""

from keras import ops

from propose_keras.comparators.base import ComparatorLifter
from propose_keras.types import Tensor, TensorLike


class PoseDensityLifter(ComparatorLifter):
    """A `ComparatorLifter` that has a density over poses.

    The class has `log_prob_of(condition, pose)`: the log-density of normalised poses
    without the root, `(batch, S, J - 1, 3)` to `(batch, S)` nats, at the model's
    temperature.
    """

    has_pose_density = True

    def log_prob_of(self, condition: Tensor, pose: Tensor) -> Tensor:
        """Log-density of poses, see the class."""
        raise NotImplementedError

    def log_prob(
        self,
        keypoints: TensorLike,
        image_size: TensorLike = None,
        *,
        pose_3d: TensorLike,
    ) -> Tensor:
        """Log-density of poses relative to their root; see `PoseDensityModel`.

        Args:
            keypoints: `(batch, J, 2)` pixels.
            image_size: See `mode`.
            pose_3d: `(batch, J, 3)` or `(batch, S, J, 3)` mm; need not be
                root-relative.

        Returns:
            `(batch,)` or `(batch, S)`: nats, of a density per mm to the power of
            3 (J - 1).

        Raises:
            ValueError: If a shape is another.
        """
        shape = tuple(pose_3d.shape)
        if len(shape) not in (3, 4) or shape[-2:] != (self.num_joints, 3):
            raise ValueError(
                f"Expected `pose_3d` of shape (batch, {self.num_joints}, 3) or (batch, "
                f"S, {self.num_joints}, 3) in mm, received shape {shape}."
            )
        condition, view = self._observe(keypoints, image_size)
        pose = pose_3d if len(shape) == 4 else pose_3d[:, None]
        log_prob = self.log_prob_of(condition, self._from_mm(pose, view))
        volume = 3.0 * (self.num_joints - 1)
        log_prob = log_prob - volume * ops.log(self.normalization.deviation_3d)
        return log_prob if len(shape) == 4 else log_prob[:, 0]
