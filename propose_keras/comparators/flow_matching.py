"""Flow matching on straight paths: Lipman et al., ICLR 2023."""

import dataclasses
from typing import Any

import keras
from keras import ops

from propose_keras import random
from propose_keras.comparators.base import ComparatorLifter
from propose_keras.comparators.training import step_noise
from propose_keras.comparators.trunks import (
    TrunkSettings,
    make_trunk,
    with_root,
    with_time,
)
from propose_keras.networks import parts
from propose_keras.settings import setting
from propose_keras.types import Tensor

TIME_FEATURES = 16
"""Numbers that a time is given to the networks as."""


@dataclasses.dataclass(frozen=True)
class FlowMatchingSettings(TrunkSettings):
    """Settings of a `FlowMatchingLifter`.

    Raises:
        ValueError: If a value is out of range.
    """

    sampling_steps: int = setting(
        10, "Steps from noise to a hypothesis, of models that take some.", minimum=1
    )


@keras.saving.register_keras_serializable(package="propose_keras")
class FlowMatchingLifter(ComparatorLifter):
    """A velocity field that carries noise to poses along straight paths.

    Lipman et al., "Flow matching for generative modeling" (ICLR 2023): the conditional
    optimal-transport path (Eqs. 20 to 23 with sigma_min = 0) `x_t = (1 - t) x_0 + t
    x_1`, whose velocity `x_1 - x_0` the network learns by least squares; FMPose (2026)
    lifts poses in this way. Hypotheses are solutions of `dx/dt = v(x, t)` by the
    midpoint rule, two evaluations for each of `sampling_steps` steps.

    The mode is where the noise's mode, 0, is carried. There is no density: it would
    need the divergence of the field along the path. Arguments and methods: see
    `ComparatorLifter`, and `FlowMatchingSettings`.
    """

    system_name = "Flow matching"
    settings_class = FlowMatchingSettings
    loss_names = ("matching",)

    def make_networks(self) -> None:
        """A trunk from pose, time and keypoints to a velocity."""
        self.trunk = make_trunk(
            self.settings, 3, self.normalization.skeleton, "trunk", zero=True
        )
        size = (3 + TIME_FEATURES) * self.num_joints
        parts.build_part(self.trunk, size, 2 * self.num_joints)

    def velocity(
        self, pose: Tensor, time: Tensor, condition: Tensor, seed: Tensor = None
    ) -> Tensor:
        """The field `v`.

        Args:
            pose: `x_t`, `(batch, S, J - 1, 3)`.
            time: t in [0, 1], broadcasts against `(batch, S)`.
            condition: `(batch, J, 2)`.
            seed: Of dropout, or None.

        Returns:
            As `pose`.
        """
        x = with_time(with_root(pose, self.root), time, TIME_FEATURES)
        return self.per_joint_of(self.trunk, x, condition, seed)

    def set_sampling_steps(self, steps: int) -> None:
        """Sets the steps from noise to a hypothesis; before anything is compiled.

        Raises:
            ValueError: If `steps` is no whole number of at least 1.
        """
        self.settings = dataclasses.replace(self.settings, sampling_steps=steps)

    def losses_of(self, condition: Any, pose: Any, seed: Any) -> dict[str, Tensor]:
        """Squared error of the velocity, mean over coordinates."""
        pose = pose[:, None]
        start = step_noise(seed, 1, pose, 1, 3 * (self.num_joints - 1))
        start = ops.reshape(start, ops.shape(pose))
        time = step_noise(seed, 2, pose, 1, 1, random.uniform)[..., 0]
        share = time[..., None, None]
        point = (1.0 - share) * start + share * pose
        dropout = self.dropout_seed(self.trunk, seed)
        velocity = self.velocity(point, time, condition, dropout)
        error = ops.square(velocity - (pose - start))
        return {"matching": ops.mean(error, axis=(1, 2, 3))}

    def mode_of(self, condition: Tensor) -> Tensor:
        """Where 0 is carried."""
        shape = (ops.shape(condition)[0], 1, self.noise_size)
        return self.generate(condition, ops.zeros(shape), 1.0)[:, 0]

    def generate(self, condition: Tensor, noise: Tensor, temperature: Any) -> Tensor:
        """Noise times temperature, carried along the field."""
        shape = (-1, ops.shape(noise)[1], self.num_joints - 1, 3)
        length = 1.0 / self.settings.sampling_steps

        def step(index, pose):
            time = ops.full((1, 1), length) * ops.cast(index, "float32")
            half = 0.5 * length
            middle = pose + half * self.velocity(pose, time, condition)
            return pose + length * self.velocity(middle, time + half, condition)

        start = ops.reshape(temperature * noise, shape)
        return ops.fori_loop(0, self.settings.sampling_steps, step, start)
