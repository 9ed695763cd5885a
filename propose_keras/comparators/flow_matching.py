"""Flow matching on straight paths: Lipman et al., ICLR 2023."""

import dataclasses
from typing import Any

import keras
from keras import ops

from propose_keras.comparators.timed import TimedLifter
from propose_keras.comparators.trunks import TrunkSettings
from propose_keras.settings import setting
from propose_keras.types import Tensor


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
class FlowMatchingLifter(TimedLifter):
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

    def losses_of(self, condition: Any, pose: Any, seed: Any) -> dict[str, Tensor]:
        """Squared error of the velocity, mean over coordinates."""
        pose = pose[:, None]
        start, time = self.draw_training(pose, seed)
        share = time[..., None, None]
        point = (1.0 - share) * start + share * pose
        dropout = self.dropout_seed(self.trunk, seed)
        velocity = self.at_time(point, time, condition, dropout)
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
            middle = pose + half * self.at_time(pose, time, condition)
            return pose + length * self.at_time(middle, time + half, condition)

        start = ops.reshape(temperature * noise, shape)
        return ops.fori_loop(0, self.settings.sampling_steps, step, start)
