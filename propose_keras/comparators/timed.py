"""What models share that learn to undo noise, told how much of it there is."""

import dataclasses

from keras import ops

from propose_keras import random
from propose_keras.comparators.base import ComparatorLifter
from propose_keras.comparators.training import step_noise
from propose_keras.comparators.trunks import make_trunk, with_root, with_time
from propose_keras.networks import parts
from propose_keras.types import Tensor

# Numbers that a time is given to the networks as.
_TIME_FEATURES = 16


class TimedLifter(ComparatorLifter):
    """A `ComparatorLifter` that carries noise to poses in `sampling_steps` steps."""

    loss_names = ("matching",)

    def make_networks(self) -> None:
        """A trunk from pose, time and keypoints to three numbers a joint."""
        self.trunk = make_trunk(
            self.settings, 3, self.normalization.skeleton, "trunk", zero=True
        )
        size = (3 + _TIME_FEATURES) * self.num_joints
        parts.build_part(self.trunk, size, 2 * self.num_joints)

    def at_time(
        self, pose: Tensor, time: Tensor, condition: Tensor, seed: Tensor = None
    ) -> Tensor:
        """What the network says of a pose on its way.

        Args:
            pose: `x_t`, `(batch, S, J - 1, 3)`.
            time: t in [0, 1], broadcasts against `(batch, S)`.
            condition: `(batch, J, 2)`.
            seed: Of dropout, or None.

        Returns:
            As `pose`.
        """
        x = with_time(with_root(pose, self.root), time, _TIME_FEATURES)
        return self.per_joint_of(self.trunk, x, condition, seed)

    def set_sampling_steps(self, steps: int) -> None:
        """Sets the steps from noise to a hypothesis; before anything is compiled.

        Raises:
            ValueError: If `steps` is no whole number of at least 1.
        """
        self.settings = dataclasses.replace(self.settings, sampling_steps=steps)

    def draw_training(self, pose: Tensor, seed: Tensor) -> tuple[Tensor, Tensor]:
        """Noise as `pose`, `(batch, 1, J - 1, 3)`, times in [0, 1], `(batch, 1)`."""
        noise = step_noise(seed, 1, pose, 1, 3 * (self.num_joints - 1))
        time = step_noise(seed, 2, pose, 1, 1, random.uniform)[..., 0]
        return ops.reshape(noise, ops.shape(pose)), time
