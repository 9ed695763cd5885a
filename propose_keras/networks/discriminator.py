"""The energy-based discriminator of Eq. 11."""

import keras
from keras import ops

from propose_keras.layers import ResidualMLP
from propose_keras.losses import joint_distances
from propose_keras.networks.shapes import (
    flatten_condition,
    flatten_pose,
    unflatten_pose,
)


@keras.saving.register_keras_serializable(package="propose_keras")
class Discriminator(keras.layers.Layer):
    """EBGAN discriminator: a conditional autoencoder whose error is the energy.

    `D(P_3D, P_2D)` is the mean over joints of the distance between the pose and its
    reconstruction, in normalised units, so that the margin is a distance too.

    Args:
        num_joints: Number of joints, J.
        feature_size: Size of the encoder's output, the S of the pulling-away term.
        encoder: Arguments of the encoder's `ResidualMLP`.
        decoder: Arguments of the decoder's `ResidualMLP`.
    """

    def __init__(
        self, num_joints=17, feature_size=32, encoder=None, decoder=None, **kwargs
    ):
        super().__init__(**kwargs)
        self.num_joints = num_joints
        self.feature_size = feature_size
        self.encoder_arguments = dict(encoder or {})
        self.decoder_arguments = dict(decoder or {})
        self.encoder = ResidualMLP(
            feature_size, name="encoder", **self.encoder_arguments
        )
        self.decoder = ResidualMLP(
            3 * num_joints, name="decoder", **self.decoder_arguments
        )

    def build(self, pose_shape=None, condition_shape=None):
        condition = (None, 1, 2 * self.num_joints)
        self.encoder.build((None, 1, 3 * self.num_joints), condition)
        self.decoder.build((None, 1, self.feature_size), condition)

    def call(self, pose, condition):
        """Energies and features.

        Args:
            pose: Normalised poses, `(batch, hypotheses, J, 3)`.
            condition: `(batch, J, 2)`.

        Returns:
            Energies `(batch, hypotheses)` and encoder outputs
            `(batch, hypotheses, feature_size)`.
        """
        condition = flatten_condition(condition)
        features = self.encoder(flatten_pose(pose), condition)
        flat = self.decoder(features, condition)
        reconstruction = unflatten_pose(flat, self.num_joints)
        return ops.mean(joint_distances(pose, reconstruction), axis=-1), features

    def get_config(self):
        return {
            **super().get_config(),
            "num_joints": self.num_joints,
            "feature_size": self.feature_size,
            "encoder": self.encoder_arguments,
            "decoder": self.decoder_arguments,
        }
