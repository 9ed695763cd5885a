"""The energy-based discriminator of Eq. 11."""

import functools
from typing import Any, Self

import keras
from keras import ops

from propose_keras.losses import joint_distances
from propose_keras.networks import parts
from propose_keras.networks.shapes import (
    flatten_condition,
    flatten_pose,
    unflatten_pose,
)
from propose_keras.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="propose_keras")
class Discriminator(keras.layers.Layer):
    """EBGAN discriminator: a conditional autoencoder whose error is the energy.

    `D(P_3D, P_2D)` is the mean over joints of the distance between the pose and its
    reconstruction, in normalised units, so that the margin is a distance too.

    Args:
        encoder: A layer that `networks.parts.check_part` describes: `3 J` numbers under
            a condition of `2 J` to `feature_size`.
        decoder: Such a layer: `feature_size` under a condition of `2 J` to `3 J`.
        num_joints: Number of joints, J.
        feature_size: Size of the encoder's output, the S of the pulling-away term.

    Raises:
        TypeError: If a part is no layer.
        ValueError: If a part has another output size.
    """

    def __init__(
        self,
        encoder: Any,
        decoder: Any,
        num_joints: int = 17,
        feature_size: int = 32,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.num_joints = num_joints
        self.feature_size = feature_size
        check = functools.partial(parts.check_part, network="Discriminator")
        self.encoder = check(encoder, feature_size, name="encoder")
        self.decoder = check(decoder, 3 * num_joints, name="decoder")

    def build(
        self, pose_shape: Shape | None = None, condition_shape: Shape | None = None
    ) -> None:
        parts.build_part(self.encoder, 3 * self.num_joints, 2 * self.num_joints)
        parts.build_part(self.decoder, self.feature_size, 2 * self.num_joints)

    def call(self, pose: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        """Energies and features.

        Args:
            pose: Normalised poses, `(batch, hypotheses, J, 3)`.
            condition: `(batch, J, 2)`.

        Returns:
            Energies `(batch, hypotheses)` and encoder outputs
            `(batch, hypotheses, feature_size)`.
        """
        condition = flatten_condition(condition)
        features = self.encoder(flatten_pose(pose), condition, dropout_seed=None)
        flat = self.decoder(features, condition, dropout_seed=None)
        reconstruction = unflatten_pose(flat, self.num_joints)
        return ops.mean(joint_distances(pose, reconstruction), axis=-1), features

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "encoder": parts.serialize_part(self.encoder),
            "decoder": parts.serialize_part(self.decoder),
            "num_joints": self.num_joints,
            "feature_size": self.feature_size,
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Self:
        sizes = {
            "encoder": config["feature_size"],
            "decoder": 3 * config["num_joints"],
        }
        return cls(**parts.with_layers(config, sizes, custom_objects))
