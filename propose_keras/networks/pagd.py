"""The PAGD learner: an autoencoder of 2D poses and the base distribution, Eqs. 6-8."""

import functools
from typing import Any, Self

import keras
from keras import ops

from propose_keras.layers import soft_clamp
from propose_keras.networks import parts
from propose_keras.networks.context import as_context
from propose_keras.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="propose_keras")
class PAGDLearner(keras.layers.Layer):
    """Encoder `q`, 2D decoder `v` and projection `h` to the base `S_2D`.

    `mu_2D, log sigma_2D = soft_clamp(h(q(P_2D)))` (Eqs. 7, 8), a diagonal Gaussian. `h`
    is one dense layer that starts at 0, so that the base starts as `N(0, I)`.

    Args:
        encoder: q, a layer that `networks.parts.check_part` describes: the flat 2D
            pose, or a lifter's features, without a condition to `feature_size`, the
            self-supervised representation.
        decoder: v, such a layer: `feature_size` to `2 J`.
        latent_size: Dimension d of the base distribution.
        num_joints: Number of joints, J.
        feature_size: Size of q's output.
        mean_clamp: Half width of the interval that holds `mu_2D`.
        log_scale_clamp: Half width of the interval that holds `log sigma_2D`.
        condition_size: Size of q's input; `2 J` if None.

    Raises:
        TypeError: If a part is no layer.
        ValueError: If a clamp is not positive or a part has another output size.
    """

    def __init__(
        self,
        encoder: Any,
        decoder: Any,
        latent_size: int = 32,
        num_joints: int = 17,
        feature_size: int = 128,
        mean_clamp: float = 3.0,
        log_scale_clamp: float = 2.0,
        condition_size: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if mean_clamp <= 0 or log_scale_clamp <= 0:
            raise ValueError(
                "`mean_clamp` and `log_scale_clamp` must be positive. "
                f"Received: {mean_clamp=}, {log_scale_clamp=}."
            )
        self.num_joints = num_joints
        self.latent_size = latent_size
        self.feature_size = feature_size
        self.condition_size = condition_size or 2 * num_joints
        self.mean_clamp = mean_clamp
        self.log_scale_clamp = log_scale_clamp
        check = functools.partial(parts.check_part, network="PAGDLearner")
        self.encoder = check(encoder, feature_size, name="encoder")
        self.decoder = check(decoder, 2 * num_joints, name="decoder")
        self.projection = keras.layers.Dense(
            2 * latent_size, kernel_initializer="zeros", name="projection"
        )

    def build(self, condition_shape: Shape | None = None) -> None:
        parts.build_part(self.encoder, self.condition_size)
        parts.build_part(self.decoder, self.feature_size)
        if not self.projection.built:
            self.projection.build((None, self.feature_size))

    def encode(self, condition: Tensor, dropout_seed: Tensor = None) -> Tensor:
        """Features `q(P_2D)`, `(batch, 1, feature_size)`.

        Args:
            condition: `(batch, J, 2)`, or a `PoseContext`.
            dropout_seed: `(2,)` integers, or None for no dropout.
        """
        return self.encoder(
            as_context(condition).features,
            None,
            dropout_seed=parts.dropout_seed_of(
                self.encoder, dropout_seed, parts.PAGD_ENCODER
            ),
        )

    def decode(self, features: Tensor, dropout_seed: Tensor = None) -> Tensor:
        """Reconstruction `v(features)` of the condition, `(batch, J, 2)`."""
        flat = self.decoder(
            features,
            None,
            dropout_seed=parts.dropout_seed_of(
                self.decoder, dropout_seed, parts.PAGD_DECODER
            ),
        )
        return ops.reshape(flat, (-1, self.num_joints, 2))

    def project(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Base distribution of features, Eq. 7.

        Args:
            features: `(batch, 1, feature_size)`.

        Returns:
            `mu_2D` and `log sigma_2D`, each `(batch, 1, d)`.
        """
        mean, log_scale = ops.split(self.projection(features[:, 0]), 2, axis=-1)
        mean = soft_clamp(mean, self.mean_clamp)
        log_scale = soft_clamp(log_scale, self.log_scale_clamp)
        return mean[:, None], log_scale[:, None]

    def call(self, condition: Tensor) -> Tensor:
        """`mu_2D` and `log sigma_2D`, each `(batch, 1, d)`, of a condition."""
        return self.project(self.encode(condition))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "encoder": parts.serialize_part(self.encoder),
            "decoder": parts.serialize_part(self.decoder),
            "latent_size": self.latent_size,
            "num_joints": self.num_joints,
            "feature_size": self.feature_size,
            "mean_clamp": self.mean_clamp,
            "log_scale_clamp": self.log_scale_clamp,
            "condition_size": self.condition_size,
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Self:
        sizes = {
            "encoder": config["feature_size"],
            "decoder": 2 * config["num_joints"],
        }
        return cls(**parts.with_layers(config, sizes, custom_objects))
