"""A mixture of Gaussians over the pose: Li and Lee, CVPR 2019."""

import dataclasses
import math
from typing import Any

import keras
from keras import ops

from propose_keras.comparators.density import PoseDensityLifter
from propose_keras.comparators.trunks import TrunkSettings, make_trunk
from propose_keras.networks import parts
from propose_keras.settings import setting
from propose_keras.types import Tensor, TensorLike

# Smallest deviation, normalised: under 1 mm. ELU + 1 alone comes near 0.
_LEAST_SCALE = 1e-3


@dataclasses.dataclass(frozen=True)
class MixtureDensitySettings(TrunkSettings):
    """Settings of a `MixtureDensityLifter`.

    Raises:
        ValueError: If a value is out of range.
    """

    num_components: int = setting(5, "Gaussians of the mixture.", minimum=1)
    dirichlet: float = setting(
        2.0,
        "Concentration of the Dirichlet prior on the mixture's weights; 1 is none.",
        minimum=1,
    )


@keras.saving.register_keras_serializable(package="propose_keras")
class MixtureDensityLifter(PoseDensityLifter):
    """Mixture density network: M isotropic Gaussians over the whole pose.

    Li and Lee, "Generating multiple hypotheses for 3D human pose estimation with
    mixture density network" (CVPR 2019): `p(y | x) = sum_m w_m N(y; mu_m, sigma_m^2 I)`
    by its negative log-likelihood, deviations by ELU + 1, and the Dirichlet prior
    `sum_m (gamma - 1) log w_m` on the weights. Their hypotheses are the M means,
    `component_means`; `sample` draws from the mixture.

    The mode is the mean of the component of the largest weight. Arguments and methods:
    see `ComparatorLifter`, and `MixtureDensitySettings`.
    """

    system_name = "Mixture density"
    settings_class = MixtureDensitySettings
    loss_names = ("nll", "prior")

    def make_networks(self) -> None:
        """A trunk of 5 M numbers per joint; two of each component are averaged."""
        self.trunk = make_trunk(
            self.settings,
            5 * self.settings.num_components,
            self.normalization.skeleton,
            "trunk",
        )
        parts.build_part(self.trunk, 2 * self.num_joints)

    def components(
        self, condition: Tensor, seed: Tensor = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The mixture.

        Args:
            condition: `(batch, J, 2)`.
            seed: Of dropout, or None.

        Returns:
            Log of the weights `(batch, M)`, means `(batch, M, J - 1, 3)`, and log of
            the deviations `(batch, M)`.
        """
        number = self.settings.num_components
        seed = self.dropout_seed(self.trunk, seed)
        numbers = self.per_joint(self.trunk, condition, seed)
        means = ops.reshape(
            numbers[..., : 3 * number], (-1, self.num_joints - 1, number, 3)
        )
        # Summed, so that the gradient is not smaller than that of one output.
        others = ops.sum(numbers[..., 3 * number :], axis=1)
        logits, scales = ops.split(others, 2, axis=-1)
        log_scale = ops.log(ops.elu(scales) + 1.0 + _LEAST_SCALE)
        return ops.log_softmax(logits), ops.transpose(means, (0, 2, 1, 3)), log_scale

    def losses_of(self, condition: Any, pose: Any, seed: Any) -> dict[str, Tensor]:
        """Negative log-likelihood, nats, and that of the weights under their prior."""
        components = self.components(condition, seed)
        log_prob = _log_prob(pose[:, None], *components)[:, 0]
        prior = (self.settings.dirichlet - 1.0) * ops.sum(components[0], axis=-1)
        return {"nll": -log_prob, "prior": -prior}

    def mode_of(self, condition: Tensor) -> Tensor:
        """The mean of the component of the largest weight."""
        log_weights, means, _ = self.components(condition)
        return _choose(means, ops.argmax(log_weights, axis=-1)[:, None])[:, 0]

    def component_means(
        self, keypoints: TensorLike, image_size: TensorLike = None
    ) -> tuple[Tensor, Tensor]:
        """The paper's M hypotheses.

        Args:
            keypoints: `(batch, J, 2)` pixels.
            image_size: See `mode`.

        Returns:
            The components' means `(batch, M, J, 3)` mm, and their weights `(batch, M)`.
        """
        condition, view = self._observe(keypoints, image_size)
        log_weights, means, _ = self.components(condition)
        return self._to_mm(means, view), ops.exp(log_weights)

    @property
    def noise_size(self) -> int:
        """One number chooses the component, the others are those of the Gaussian."""
        return 3 * (self.num_joints - 1) + 1

    def generate(self, condition: Tensor, noise: Tensor, temperature: Tensor) -> Tensor:
        """A component by its weight, and its Gaussian, which temperature widens."""
        log_weights, means, log_scale = self.components(condition)
        uniform = 0.5 * (1.0 + ops.erf(noise[..., 0] / math.sqrt(2.0)))
        steps = ops.cumsum(ops.exp(log_weights), axis=-1)[:, None, :-1]
        chosen = ops.sum(ops.cast(uniform[..., None] > steps, "int32"), axis=-1)
        scale = ops.exp(_choose(log_scale[..., None, None], chosen))
        shape = (-1, ops.shape(noise)[1], self.num_joints - 1, 3)
        noise = ops.reshape(noise[..., 1:], shape)
        return _choose(means, chosen) + temperature * scale * noise

    def log_prob_of(self, condition: Tensor, pose: Tensor) -> Tensor:
        """Log-density of normalised poses, nats; see `PoseDensityLifter`."""
        log_weights, means, log_scale = self.components(condition)
        log_scale = log_scale + ops.log(self.temperature)
        return _log_prob(pose, log_weights, means, log_scale)


def _choose(values, index):
    """Entries `(batch, S, ...)` of `(batch, M, ...)` by indices `(batch, S)`."""
    one_hot = ops.one_hot(index, values.shape[1], dtype=values.dtype)
    return ops.einsum("bsm,bmjd->bsjd", one_hot, values)


def _log_prob(pose, log_weights, means, log_scale):
    """Log-density `(batch, S)` of poses `(batch, S, J - 1, 3)`."""
    size = means.shape[2] * means.shape[3]
    difference = pose[:, :, None] - means[:, None]
    squares = ops.sum(ops.square(difference), axis=(-2, -1))
    squares = squares * ops.exp(-2.0 * log_scale)[:, None]
    log_norm = size * (log_scale + 0.5 * math.log(2.0 * math.pi))
    terms = (log_weights - log_norm)[:, None] - 0.5 * squares
    return ops.logsumexp(terms, axis=-1)
