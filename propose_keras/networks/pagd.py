"""The PAGD learner: an autoencoder of 2D poses and the base distribution, Eqs. 6-8."""

import keras
from keras import ops

from propose_keras.layers import ResidualMLP, soft_clamp
from propose_keras.networks.shapes import flatten_condition


@keras.saving.register_keras_serializable(package="propose_keras")
class PAGDLearner(keras.layers.Layer):
    """Encoder `q`, 2D decoder `v` and projection `h` to the base `S_2D`.

    `mu_2D, log sigma_2D = soft_clamp(h(q(P_2D)))` (Eqs. 7, 8), a diagonal Gaussian. `h`
    is one dense layer that starts at 0, so that the base starts as `N(0, I)`.

    Args:
        num_joints: Number of joints, J.
        latent_size: Dimension d of the base distribution.
        feature_size: Size of q's output, the self-supervised representation.
        mean_clamp: Half width of the interval that holds `mu_2D`.
        log_scale_clamp: Half width of the interval that holds `log sigma_2D`.
        encoder: Arguments of q's `ResidualMLP`.
        decoder: Arguments of v's `ResidualMLP`.

    Raises:
        ValueError: If a clamp is not positive.
    """

    def __init__(
        self,
        num_joints=17,
        latent_size=32,
        feature_size=128,
        mean_clamp=3.0,
        log_scale_clamp=2.0,
        encoder=None,
        decoder=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if mean_clamp <= 0 or log_scale_clamp <= 0:
            raise ValueError(
                "`mean_clamp` and `log_scale_clamp` must be positive. "
                f"Received: {mean_clamp=}, {log_scale_clamp=}."
            )
        self.num_joints = num_joints
        self.latent_size = latent_size
        self.feature_size = feature_size
        self.mean_clamp = mean_clamp
        self.log_scale_clamp = log_scale_clamp
        self.encoder_arguments = dict(encoder or {})
        self.decoder_arguments = dict(decoder or {})
        self.encoder = ResidualMLP(
            feature_size, name="encoder", **self.encoder_arguments
        )
        self.decoder = ResidualMLP(
            2 * num_joints, name="decoder", **self.decoder_arguments
        )
        self.projection = keras.layers.Dense(
            2 * latent_size, kernel_initializer="zeros", name="projection"
        )

    def build(self, condition_shape=None):
        self.encoder.build((None, 1, 2 * self.num_joints))
        self.decoder.build((None, 1, self.feature_size))
        self.projection.build((None, self.feature_size))

    def encode(self, condition, dropout_seed=None):
        """Features `q(P_2D)`, `(batch, 1, feature_size)`, of `(batch, J, 2)`."""
        return self.encoder(
            flatten_condition(condition), dropout_seed=dropout_seed, dropout_stream=2
        )

    def decode(self, features, dropout_seed=None):
        """Reconstruction `v(features)` of the condition, `(batch, J, 2)`."""
        flat = self.decoder(features, dropout_seed=dropout_seed, dropout_stream=3)
        return ops.reshape(flat, (-1, self.num_joints, 2))

    def project(self, features):
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

    def call(self, condition):
        """`mu_2D` and `log sigma_2D`, each `(batch, 1, d)`, of `(batch, J, 2)`."""
        return self.project(self.encode(condition))

    def get_config(self):
        return {
            **super().get_config(),
            "num_joints": self.num_joints,
            "latent_size": self.latent_size,
            "feature_size": self.feature_size,
            "mean_clamp": self.mean_clamp,
            "log_scale_clamp": self.log_scale_clamp,
            "encoder": self.encoder_arguments,
            "decoder": self.decoder_arguments,
        }
