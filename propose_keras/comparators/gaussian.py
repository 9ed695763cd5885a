"""A Gaussian for each joint, trained by likelihood: the reference for calibration."""

import dataclasses
import math
from typing import Any

import keras
from keras import ops

from propose_keras.comparators.density import PoseDensityLifter
from propose_keras.comparators.trunks import TrunkSettings, make_trunk
from propose_keras.layers import soft_clamp
from propose_keras.networks import parts
from propose_keras.types import Tensor

# Half width of the interval of the log of a deviation: at 300 mm from 2 mm to 45 m.
_LOG_LIMIT = 5.0


@dataclasses.dataclass(frozen=True)
class GaussianSettings(TrunkSettings):
    """Sizes of a `GaussianLifter`."""


@keras.saving.register_keras_serializable(package="propose_keras")
class GaussianLifter(PoseDensityLifter):
    """One full Gaussian for each joint, independent of the others, by likelihood.

    The simplest probabilistic lifter: what a network would have to know to be
    calibrated joint by joint, and nothing of how joints move together. Nix and Weigend,
    "Estimating the mean and variance of the target probability distribution" (ICNN
    1994), with a covariance of 3 x 3 by its Cholesky factor, as Dorta et al. 2018
    parameterise it; Pierzchlewicz et al. (arXiv 2210.11179) measure such a model
    against others.

    The mode is the mean. Arguments and methods: see `ComparatorLifter`, and
    `GaussianSettings`.
    """

    system_name = "Gaussian"
    settings_class = GaussianSettings
    loss_names = ("nll",)

    def make_networks(self) -> None:
        """A trunk of 9 numbers per joint: mean, log diagonal, lower triangle."""
        self.trunk = make_trunk(
            self.settings, 9, self.normalization.skeleton, "trunk", zero=True
        )
        parts.build_part(self.trunk, 2 * self.num_joints)

    def parameters(
        self, condition: Tensor, seed: Tensor = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Mean and Cholesky factor of each joint.

        Args:
            condition: `(batch, J, 2)`.
            seed: Of dropout, or None.

        Returns:
            Mean `(batch, J - 1, 3)`, log of the factor's diagonal, same shape, and
            what is below it, same shape: entries (1, 0), (2, 0) and (2, 1).
        """
        seed = self.dropout_seed(self.trunk, seed)
        numbers = self.per_joint(self.trunk, condition, seed)
        mean, log_diagonal, below = ops.split(numbers, 3, axis=-1)
        return mean, soft_clamp(log_diagonal, _LOG_LIMIT), below

    def losses_of(self, condition: Any, pose: Any, seed: Any) -> dict[str, Tensor]:
        """Negative log-likelihood of the normalised pose, nats."""
        log_prob = _log_prob(pose, *self.parameters(condition, seed))
        return {"nll": -ops.sum(log_prob, axis=-1)}

    def mode_of(self, condition: Tensor) -> Tensor:
        """The mean."""
        return self.parameters(condition)[0]

    def generate(self, condition: Tensor, noise: Tensor, temperature: Tensor) -> Tensor:
        """Mean plus factor times noise."""
        mean, log_diagonal, below = self.parameters(condition)
        shape = (-1, ops.shape(noise)[1], self.num_joints - 1, 3)
        noise = temperature * ops.reshape(noise, shape)
        x, y, z = (noise[..., i] for i in range(3))
        below = below[:, None]
        lower = ops.stack(
            [
                ops.zeros_like(x),
                below[..., 0] * x,
                below[..., 1] * x + below[..., 2] * y,
            ],
            axis=-1,
        )
        return mean[:, None] + ops.exp(log_diagonal)[:, None] * noise + lower

    def log_prob_of(self, condition: Tensor, pose: Tensor) -> Tensor:
        """Log-density of normalised poses, nats; see `PoseDensityLifter`."""
        mean, log_diagonal, below = self.parameters(condition)
        log_diagonal = log_diagonal + ops.log(self.temperature)
        parameters = mean, log_diagonal, below * self.temperature
        log_prob = _log_prob(pose, *(p[:, None] for p in parameters))
        return ops.sum(log_prob, axis=-1)


def _log_prob(pose, mean, log_diagonal, below):
    """Log-density of each joint, `(...)` of `(..., 3)`, by forward substitution."""
    difference = pose - mean
    scale = ops.exp(-log_diagonal)
    x = difference[..., 0] * scale[..., 0]
    y = (difference[..., 1] - below[..., 0] * x) * scale[..., 1]
    z = difference[..., 2] - below[..., 1] * x - below[..., 2] * y
    z = z * scale[..., 2]
    squares = ops.square(x) + ops.square(y) + ops.square(z)
    log_volume = ops.sum(log_diagonal, axis=-1)
    return -0.5 * squares - log_volume - 1.5 * math.log(2.0 * math.pi)
