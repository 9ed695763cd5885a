"""The distribution over 3D poses that ProPose assigns to a 2D pose."""

from typing import Any

from keras import ops

from propose_keras import losses, random
from propose_keras.backend import tfp
from propose_keras.inputs import check_integer, check_row_seeds
from propose_keras.types import Tensor, TensorLike


class PoseDistribution:
    """`p(P_3D | P_2D)` of a batch of poses, base parameters computed once.

    Made by `ProPose.distribution`, at the model's temperature. `base` is a TFP
    distribution.

    Args:
        model: The `ProPose` model.
        condition: Normalised keypoints, `(batch, J, 2)`.
        view: Rotation `(batch, 3, 3)` of `PoseNormalization.observe`, or None.
    """

    def __init__(self, model: Any, condition: Tensor, view: Tensor = None) -> None:
        self._model = model
        self._view = view
        self.condition = condition
        self.context = model.context(condition)
        self.base_mean, log_scale = model.base_parameters(self.context)
        self.base_log_scale = log_scale + ops.log(model.temperature)

    @property
    def base(self) -> Any:
        """`S_2D` of Eq. 8: a TFP Gaussian of batch `(batch, 1)` and event `(d,)`."""
        normal = tfp.distributions.Normal(self.base_mean, ops.exp(self.base_log_scale))
        return tfp.distributions.Independent(normal, reinterpreted_batch_ndims=1)

    def mode(self) -> Tensor:
        """The pose at the base's mode, `(batch, J, 3)` mm."""
        return self._poses(self.base_mean)[:, 0]

    def sample(
        self,
        num_hypotheses: int,
        seed: int | Tensor,
        first_hypothesis: int | Tensor = 0,
        temperature: float = 1.0,
    ) -> Tensor:
        """Hypotheses, `(batch, num_hypotheses, J, 3)` mm; see `ProPose.sample`."""
        num_hypotheses = check_integer(num_hypotheses, "num_hypotheses", 1)
        batch_size, _, size = self.base_mean.shape
        seed = check_row_seeds(seed, batch_size)
        if batch_size is None:
            batch_size = ops.shape(self.base_mean)[0]
        seeds = random.row_seeds(seed, batch_size)
        noise = random.normal(seeds, num_hypotheses, size, first_hypothesis)
        return self.sample_from_noise(temperature * noise)

    def sample_from_noise(self, noise: Tensor) -> Tensor:
        """Hypotheses of standard normal base noise `(batch, S, d)`."""
        return self._poses(self.base_mean + ops.exp(self.base_log_scale) * noise)

    def latents(self, base: Tensor) -> Tensor:
        """`f^-1`: pose latents w of points of the base space, both `(batch, S, d)`."""
        return self._model.flow.inverse(base, self.context)

    def latent_log_prob(self, pose_3d: TensorLike) -> Tensor:
        """Log-density of `w = g(P_3D, P_2D)` by Eq. 9, `(batch, S)` nats.

        Args:
            pose_3d: `(batch, S, J, 3)` mm.
        """
        if len(pose_3d.shape) != 4:
            raise ValueError(
                "Expected `pose_3d` of shape (batch, S, J, 3), received "
                f"{tuple(pose_3d.shape)}."
            )
        pose = self._model.normalization.normalize_pose(pose_3d, self._view)
        latents, _ = self._model.pilgd_learner.encode(pose, self.context)
        return self.log_prob_of_latents(latents)

    def log_prob_of_latents(self, latents: Tensor) -> Tensor:
        """Log-density of latents `(batch, S, d)` by Eq. 9, `(batch, S)` nats."""
        base, log_det = self._model.flow.forward(latents, self.context)
        return losses.latent_log_prob(
            base, log_det, self.base_mean, self.base_log_scale
        )

    def _poses(self, base):
        latents = self.latents(base)
        poses = self._model.pilgd_learner.decode(latents, self.context)
        return self._model.normalization.denormalize_pose(poses, self._view)
