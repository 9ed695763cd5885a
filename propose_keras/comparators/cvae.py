"""A conditional variational autoencoder: Sharma et al., ICCV 2019."""

import dataclasses
from typing import Any

import keras
from keras import ops

from propose_keras import losses
from propose_keras.comparators.base import ComparatorLifter
from propose_keras.comparators.training import step_noise
from propose_keras.comparators.trunks import TrunkSettings, make_mlp
from propose_keras.layers import GraphDecoder, soft_clamp
from propose_keras.networks import parts
from propose_keras.networks.shapes import flatten_condition
from propose_keras.settings import setting
from propose_keras.types import Tensor

# Half width of the interval of the log of the posterior's deviation.
_LOG_LIMIT = 5.0


@dataclasses.dataclass(frozen=True)
class CVAESettings(TrunkSettings):
    """Settings of a `CVAELifter`; their defaults are the paper's.

    Raises:
        ValueError: If a value is out of range.
    """

    latent_size: int = setting(
        256, "Dimension d of the latent and base spaces.", minimum=2
    )
    recon_weight: float = setting(
        100.0, "Weight of the CVAE's squared error, a mean over coordinates.", minimum=0
    )
    kl_weight: float = setting(
        10.0, "Weight of the CVAE's KL term, a mean over the latent.", minimum=0
    )
    prior_share: float = setting(
        0.5,
        "Share of the CVAE's squared error of poses decoded from the prior, not from "
        "the posterior.",
        minimum=0,
        maximum=1,
    )
    training_hypotheses: int = setting(
        10, "Samples of the prior that the CVAE is trained on for each pose.", minimum=1
    )


@keras.saving.register_keras_serializable(package="propose_keras")
class CVAELifter(ComparatorLifter):
    """Conditional VAE that decodes a standard normal latent under the 2D pose.

    Sharma et al., "Monocular 3D human pose estimation by generation and ordinal
    ranking" (ICCV 2019): `lambda_1 |p - k(z, c)|^2 + lambda_2 KL(q(z | p, c), N)`, the
    bound of the likelihood, where a share of the first term is of poses decoded from
    the prior, so that training sees what sampling does (the hybrid objective of Sohn et
    al., NeurIPS 2015). Their ranking of samples by ordinal depths reads the image,
    which the data sets of this project do not hold; it is left out.

    The mode decodes the prior's mode, 0. The density of a pose has a bound only.
    Arguments and methods: see `ComparatorLifter`, and `CVAESettings`.
    """

    system_name = "CVAE"
    settings_class = CVAESettings
    loss_names = ("recon", "kl")

    def make_networks(self) -> None:
        """Encoder (an MLP) and decoder (an MLP or a graph)."""
        settings, joints = self.settings, self.num_joints
        self.encoder = make_mlp(settings, 2 * settings.latent_size, "encoder")
        if settings.encoder == "graph":
            self.decoder = GraphDecoder(
                3,
                width=settings.graph_width,
                num_blocks=settings.graph_blocks,
                relations=settings.relations,
                ratio=settings.graph_ratio,
                activation=settings.graph_activation,
                skeleton=self.normalization.skeleton.name,
                name="decoder",
            )
        else:
            self.decoder = make_mlp(settings, 3 * joints, "decoder")
        parts.build_part(self.encoder, 3 * (joints - 1), 2 * joints)
        parts.build_part(self.decoder, settings.latent_size, 2 * joints)

    @property
    def noise_size(self) -> int:
        """The latent's size."""
        return self.settings.latent_size

    def encode(
        self, condition: Tensor, pose: Tensor, seed: Tensor = None
    ) -> tuple[Tensor, Tensor]:
        """The posterior of poses `(batch, J - 1, 3)`: mean and log deviation.

        Args:
            condition: `(batch, J, 2)`.
            pose: Normalised.
            seed: Of dropout, or None.

        Returns:
            Both `(batch, 1, latent_size)`.
        """
        flat = ops.reshape(pose, (-1, 1, 3 * (self.num_joints - 1)))
        seed = self.dropout_seed(self.encoder, seed, parts.PILGD_ENCODER)
        out = self.encoder(flat, flatten_condition(condition), dropout_seed=seed)
        mean, log_scale = ops.split(out, 2, axis=-1)
        return mean, soft_clamp(log_scale, _LOG_LIMIT)

    def decode(self, condition: Tensor, latent: Tensor, seed: Tensor = None) -> Tensor:
        """Poses `(batch, S, J - 1, 3)` of latents `(batch, S, latent_size)`."""
        seed = self.dropout_seed(self.decoder, seed, parts.PILGD_DECODER)
        return self.per_joint_of(self.decoder, latent, condition, seed)

    def losses_of(self, condition: Any, pose: Any, seed: Any) -> dict[str, Tensor]:
        """Squared errors by both paths, and the KL divergence."""
        settings = self.settings
        mean, log_scale = self.encode(condition, pose, seed)
        scale, size = ops.exp(log_scale), settings.latent_size
        posterior = mean + scale * step_noise(seed, 1, pose, 1, size)
        prior = step_noise(seed, 2, pose, settings.training_hypotheses, size)
        latents = ops.concatenate([posterior, prior], axis=1)
        poses = self.decode(condition, latents, seed)
        errors = ops.mean(ops.square(poses - pose[:, None]), axis=(2, 3))
        share = settings.prior_share
        error = (1.0 - share) * errors[:, 0] + share * ops.mean(errors[:, 1:], axis=1)
        kl = losses.kl_to_standard_normal(mean, scale)[:, 0] / size
        return {"recon": settings.recon_weight * error, "kl": settings.kl_weight * kl}

    def mode_of(self, condition: Tensor) -> Tensor:
        """The prior's mode, decoded."""
        latent = ops.zeros((ops.shape(condition)[0], 1, self.settings.latent_size))
        return self.decode(condition, latent)[:, 0]

    def generate(self, condition: Tensor, noise: Tensor, temperature: Tensor) -> Tensor:
        """Samples of the prior, decoded."""
        return self.decode(condition, temperature * noise)
