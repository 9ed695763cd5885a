"""The PILGD learner: a conditional autoencoder of 3D poses, Eqs. 1-5."""

import functools
from typing import Any, Self

import keras
from keras import ops

from propose_keras.layers import soft_clamp
from propose_keras.networks import parts
from propose_keras.networks.context import as_context
from propose_keras.networks.shapes import flatten_pose, unflatten_pose
from propose_keras.types import Shape, Tensor

PILGD_KINDS = ("instance", "standard")
# Deviations by which a bounded latent may lie beyond the interval of `mu_3D`.
_BOUND_DEVIATIONS = 5.0


def encoder_size(latent_size: int, kind: str) -> int:
    """Output size of g: the mean and, if `kind` is `"standard"`, the log-variance."""
    return latent_size * (2 if kind == "standard" else 1)


@keras.saving.register_keras_serializable(package="propose_keras")
class PILGDLearner(keras.layers.Layer):
    """Encoder `g` and decoder `k` around the pose instance-level distribution.

    `kind="instance"` is the paper's: `S_3D = N(mu_3D, s I)` with
    `mu_3D = soft_clamp(g(P_3D, P_2D))` (Eqs. 1, 2, 5) and a fixed `s`. Eq. 1 writes `s`
    as a variance, Eq. 3 uses it as a standard deviation; here it is a standard
    deviation. `kind="standard"` is the variational autoencoder of Table 4: `g` gives
    mean and log-variance, pulled to `N(0, I)` by a KL term in training.

    Args:
        encoder: g, a layer that `networks.parts.check_part` describes: `3 J` numbers
            under a condition of `2 J` to d, or `2 d` if `kind` is `"standard"`.
        decoder: k, such a layer: d under a condition of `2 J` to `3 J`.
        latent_size: Dimension d of the latent space.
        num_joints: Number of joints, J.
        latent_scale: The fixed standard deviation s.
        clamp: Half width alpha of the interval that holds `mu_3D` (Eq. 5).
        kind: `"instance"` or `"standard"`.
        condition_size: Size of what g and k are conditioned on; `2 J` if None.
        bounded: Whether k takes latents to lie where those of poses do, within `clamp`
            and five times `latent_scale`: a flow can map a rare input far outside,
            where k has learnt nothing and poses have bones of metres. Of kind
            `"instance"` only.

    Where the context has a lifted pose, g encodes and k decodes what differs from it.

    Raises:
        TypeError: If a part is no layer.
        ValueError: If `latent_scale` or `clamp` is not positive, `kind` is unknown or
            a part has another output size.
    """

    def __init__(
        self,
        encoder: Any,
        decoder: Any,
        latent_size: int = 32,
        num_joints: int = 17,
        latent_scale: float = 0.1,
        clamp: float = 1.0,
        kind: str = "instance",
        condition_size: int | None = None,
        bounded: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if latent_scale <= 0 or clamp <= 0:
            raise ValueError(
                "`latent_scale` and `clamp` must be positive. "
                f"Received: {latent_scale=}, {clamp=}."
            )
        if kind not in PILGD_KINDS:
            raise ValueError(f"`kind` must be one of {PILGD_KINDS}, not {kind!r}.")
        self.num_joints = num_joints
        self.latent_size = latent_size
        self.latent_scale = latent_scale
        self.clamp = clamp
        self.kind = kind
        self.condition_size = condition_size or 2 * num_joints
        self.bounded = bounded
        check = functools.partial(parts.check_part, network="PILGDLearner")
        self.encoder = check(encoder, encoder_size(latent_size, kind), name="encoder")
        self.decoder = check(decoder, 3 * num_joints, name="decoder")

    def build(
        self, pose_shape: Shape | None = None, condition_shape: Shape | None = None
    ) -> None:
        parts.build_part(self.encoder, 3 * self.num_joints, self.condition_size)
        parts.build_part(self.decoder, self.latent_size, self.condition_size)

    def encode(
        self, pose: Tensor, condition: Tensor, dropout_seed: Tensor = None
    ) -> tuple[Tensor, Tensor]:
        """Parameters of `S_3D`, Eqs. 1 and 2.

        Args:
            pose: Normalised poses, `(batch, hypotheses, J, 3)`.
            condition: `(batch, J, 2)`, or a `PoseContext`.
            dropout_seed: `(2,)` integers, or None for no dropout.

        Returns:
            Mean and standard deviation, each `(batch, hypotheses, d)`.
        """
        context = as_context(condition)
        if context.lifted is not None:
            pose = pose - ops.stop_gradient(context.lifted)
        output = self.encoder(
            flatten_pose(pose),
            context.features,
            dropout_seed=parts.dropout_seed_of(
                self.encoder, dropout_seed, parts.PILGD_ENCODER
            ),
        )
        if self.kind == "instance":
            mean = soft_clamp(output, self.clamp)
            return mean, ops.full_like(mean, self.latent_scale)
        mean, log_variance = ops.split(output, 2, axis=-1)
        return mean, ops.exp(0.5 * soft_clamp(log_variance, 10.0))

    def decode(
        self, latents: Tensor, condition: Tensor, dropout_seed: Tensor = None
    ) -> Tensor:
        """The decoder `k` of Eq. 3.

        Args:
            latents: `(batch, hypotheses, d)`.
            condition: `(batch, J, 2)`, or a `PoseContext`.
            dropout_seed: `(2,)` integers, or None for no dropout.

        Returns:
            Normalised poses, `(batch, hypotheses, J, 3)`.
        """
        context = as_context(condition)
        if self.bounded and self.kind == "instance":
            bound = self.clamp + _BOUND_DEVIATIONS * self.latent_scale
            latents = ops.clip(latents, -bound, bound)
        flat = self.decoder(
            latents,
            context.features,
            dropout_seed=parts.dropout_seed_of(
                self.decoder, dropout_seed, parts.PILGD_DECODER
            ),
        )
        pose = unflatten_pose(flat, self.num_joints)
        if context.lifted is None:
            return pose
        return pose + ops.stop_gradient(context.lifted)

    def call(self, pose: Tensor, condition: Tensor) -> Tensor:
        """Reconstruction at the mean: `k(mu_3D, P_2D)`."""
        mean, _ = self.encode(pose, condition)
        return self.decode(mean, condition)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "encoder": parts.serialize_part(self.encoder),
            "decoder": parts.serialize_part(self.decoder),
            "latent_size": self.latent_size,
            "num_joints": self.num_joints,
            "latent_scale": self.latent_scale,
            "clamp": self.clamp,
            "kind": self.kind,
            "condition_size": self.condition_size,
            "bounded": self.bounded,
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Self:
        sizes = {
            "encoder": encoder_size(config["latent_size"], config["kind"]),
            "decoder": 3 * config["num_joints"],
        }
        return cls(**parts.with_layers(config, sizes, custom_objects))
