"""A score network and its stochastic differential equation: GFPose, CVPR 2023."""

import dataclasses
from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from propose_keras import random
from propose_keras.comparators.timed import TimedLifter
from propose_keras.comparators.trunks import TrunkSettings
from propose_keras.settings import setting
from propose_keras.types import Tensor

# Where the equation ends: the noise of earlier times is too small to learn.
_LAST_TIME = 1e-3


@dataclasses.dataclass(frozen=True)
class ScoreSettings(TrunkSettings):
    """Settings of a `ScoreLifter`.

    Raises:
        ValueError: If a value is out of range.
    """

    sampling_steps: int = setting(
        100, "Steps from noise to a hypothesis, of models that take some.", minimum=1
    )
    beta_min: float = setting(0.1, "Rate of the sub-VP SDE at time 0.", minimum=1e-6)
    beta_max: float = setting(20.0, "Rate of the sub-VP SDE at time 1.", minimum=1e-6)


@keras.saving.register_keras_serializable(package="propose_keras")
class ScoreLifter(TimedLifter):
    """Score-based lifter: noise is undone along the sub-VP SDE.

    Ci et al., "GFPose: Learning 3D human pose prior with gradient fields" (CVPR 2023):
    denoising score matching under the sub-VP SDE of Song et al., "Score-based
    generative modeling through stochastic differential equations" (ICLR 2021, Eqs. 12
    and, in appendix B, 29), and its reverse by Euler-Maruyama in
    `sampling_steps` steps. With `B(t)` the integral of beta, a pose becomes
    `exp(-B / 2) x + (1 - exp(-B)) z`; the network estimates z
    (`at_time`), the score times `-(1 - exp(-B))`.

    Unlike the paper's, it lifts to the camera's frame relative to the root, by
    keypoints alone: it is told neither the root's depth nor a box from the truth.

    The mode follows the probability-flow ODE from 0. There is no density. Arguments and
    methods: see `ComparatorLifter`, and `ScoreSettings`.
    """

    system_name = "Score"
    settings_class = ScoreSettings

    def integral(self, time: Tensor) -> Tensor:
        """`B(t)`, the integral of beta from 0 to t."""
        low, high = self.settings.beta_min, self.settings.beta_max
        return low * time + 0.5 * (high - low) * ops.square(time)

    def losses_of(self, condition: Any, pose: Any, seed: Any) -> dict[str, Tensor]:
        """Squared error of the noise, mean over coordinates."""
        pose = pose[:, None]
        noise, time = self.draw_training(pose, seed)
        time = _LAST_TIME + (1.0 - _LAST_TIME) * time
        integral = self.integral(time)[..., None, None]
        point = ops.exp(-0.5 * integral) * pose + (1.0 - ops.exp(-integral)) * noise
        dropout = self.dropout_seed(self.trunk, seed)
        error = ops.square(self.at_time(point, time, condition, dropout) - noise)
        return {"matching": ops.mean(error, axis=(1, 2, 3))}

    def mode_of(self, condition: Tensor) -> Tensor:
        """Where the probability-flow ODE leads 0."""
        shape = (ops.shape(condition)[0], 1, self.num_joints - 1, 3)
        return self._solve(condition, ops.zeros(shape))[:, 0]

    @property
    def noise_size(self) -> int:
        """Noise of the start and of each step but the last."""
        return 3 * (self.num_joints - 1) * self.settings.sampling_steps

    def draw_noise(
        self,
        row_seeds: Tensor,
        num_hypotheses: int,
        normal: Callable = random.normal,
    ) -> Tensor:
        """Noise of the start and of the steps, `(batch, S, noise_size)`."""
        size = 3 * (self.num_joints - 1)

        def of_step(index):
            return normal(random.fold_in(row_seeds, index), num_hypotheses, size)

        noise = ops.map(of_step, ops.arange(self.settings.sampling_steps))
        noise = ops.transpose(noise, (1, 2, 0, 3))
        return ops.reshape(noise, (-1, num_hypotheses, self.noise_size))

    def draw(
        self,
        condition: Tensor,
        row_seeds: Tensor,
        num_hypotheses: int,
        temperature: Tensor,
        normal: Callable,
    ) -> Tensor:
        """The same hypotheses without all steps' noise in memory at once."""
        shape = (-1, num_hypotheses, self.num_joints - 1, 3)

        def of_step(index):
            seeds = random.fold_in(row_seeds, index)
            noise = normal(seeds, num_hypotheses, 3 * (self.num_joints - 1))
            return temperature * ops.reshape(noise, shape)

        return self._solve(condition, of_step(0), of_step)

    def generate(self, condition: Tensor, noise: Tensor, temperature: Tensor) -> Tensor:
        """The reverse SDE by Euler-Maruyama."""
        steps = self.settings.sampling_steps
        shape = (-1, ops.shape(noise)[1], steps, self.num_joints - 1, 3)
        noise = temperature * ops.reshape(noise, shape)
        return self._solve(
            condition, noise[:, :, 0], lambda index: ops.take(noise, index, axis=2)
        )

    def _solve(self, condition, start, noise_of=None):
        """From noise at time 1 to a pose; without `noise_of` by the ODE.

        Step k takes noise k + 1; the last takes none, so that no noise is left.
        """
        steps = self.settings.sampling_steps
        length = (1.0 - _LAST_TIME) / steps
        low, high = self.settings.beta_min, self.settings.beta_max
        share = 0.5 if noise_of is None else 1.0

        def step(index, pose):
            time = 1.0 - length * ops.cast(index, "float32")
            left = ops.exp(-self.integral(time))
            beta = low + (high - low) * time
            noise = self.at_time(pose, ops.reshape(time, (1, 1)), condition)
            # Of Song et al.: g^2 = beta (1 - exp(-2 B)), the score is
            # -noise / (1 - exp(-B)), and f = -beta x / 2.
            drift = 0.5 * beta * pose - share * beta * (1.0 + left) * noise
            pose = pose + length * drift
            if noise_of is None:
                return pose
            diffusion = ops.sqrt(length * beta * (1.0 - ops.square(left)))
            goes_on = ops.cast(index < steps - 1, "float32")
            index = ops.minimum(index + 1, steps - 1)
            return pose + goes_on * diffusion * noise_of(index)

        return ops.fori_loop(0, steps, step, start)
