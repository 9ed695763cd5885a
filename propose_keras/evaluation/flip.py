"""Test-time flip: a pose and its mirror image, lifted together."""

import math
from collections.abc import Sequence
from typing import Any

from keras import ops

from propose_keras import random
from propose_keras.inputs import check_image_size, check_row_seeds
from propose_keras.pose_model import PoseModel, has_pose_density
from propose_keras.types import Tensor, TensorLike


class FlipEnsemble:
    """A model together with what it makes of the mirrored input.

    The mode is the mean of the model's mode and of the mirrored mode of the mirrored
    input (VideoPose3D's test-time augmentation). The distribution is the even mixture
    of both: hypothesis i is drawn from the input for even i and from the mirrored input
    for odd i, so that S = 1 is a sample of the input alone.

    The latent density is the model's own, of the input as it is.

    It is what the model is, a `PoseModel` or a `ProbabilisticPoseModel`, at twice the
    cost; of one that is not probabilistic only `mode` may be called.

    Args:
        model: A `PoseModel`.
    """

    def __init__(self, model: PoseModel) -> None:
        # Of any kind: which methods may be called is the caller's knowledge.
        self.model: Any = model
        self._order = list(model.normalization.skeleton.flip)

    @property
    def system_name(self) -> str:
        """The model's name."""
        return self.model.system_name

    @property
    def is_probabilistic(self) -> bool:
        """Whether the model is."""
        return self.model.is_probabilistic

    @property
    def has_latent_density(self) -> bool:
        """Whether the model has one."""
        return self.model.has_latent_density

    @property
    def has_pose_density(self) -> bool:
        """Whether the model has one."""
        return has_pose_density(self.model)

    @property
    def normalization(self) -> Any:
        """The model's normalization."""
        return self.model.normalization

    @property
    def num_joints(self) -> int:
        """Number of joints, J."""
        return self.model.num_joints

    @property
    def variables(self) -> Sequence[Any]:
        """The model's weights."""
        return self.model.variables

    @property
    def temperature(self) -> Any:
        """The model's temperature."""
        return self.model.temperature

    def set_temperature(self, temperature: float) -> None:
        """Sets the model's temperature."""
        self.model.set_temperature(temperature)

    def mode(self, keypoints: TensorLike, image_size: TensorLike = None) -> Tensor:
        """Mean of both modes, `(batch, J, 3)` mm; see `PoseModel.mode`."""
        direct = self.model.mode(keypoints=keypoints, image_size=image_size)
        mirrored = self.model.mode(
            keypoints=self._mirrored_keypoints(keypoints, image_size),
            image_size=image_size,
        )
        return 0.5 * (direct + self._mirrored_pose(mirrored))

    def sample(
        self,
        keypoints: TensorLike,
        image_size: TensorLike = None,
        *,
        num_hypotheses: int,
        seed: int | Tensor,
        first_hypothesis: int | Tensor = 0,
        temperature: float = 1.0,
    ) -> Tensor:
        """Hypotheses `(batch, num_hypotheses, J, 3)` mm.

        Args and errors: see `ProbabilisticPoseModel.sample`.
        """
        keypoints = self.normalization.check_keypoints(keypoints)
        seed = check_row_seeds(seed, keypoints.shape[0])
        seeds = random.row_seeds(seed, ops.shape(keypoints)[0])

        def draw(keypoints):
            return self.model.sample(
                keypoints=keypoints,
                image_size=image_size,
                num_hypotheses=num_hypotheses,
                seed=seeds,
                first_hypothesis=first_hypothesis,
                temperature=temperature,
            )

        direct = draw(keypoints)
        mirrored = draw(self._mirrored_keypoints(keypoints, image_size))
        index = ops.cast(first_hypothesis, "int32") + ops.arange(
            num_hypotheses, dtype="int32"
        )
        is_even = ops.equal(index % 2, 0)[:, None, None]
        return ops.where(is_even, direct, self._mirrored_pose(mirrored))

    def latent_log_prob(
        self,
        keypoints: TensorLike,
        image_size: TensorLike = None,
        *,
        pose_3d: TensorLike,
    ) -> Tensor:
        """The model's own, `(batch,)` nats: latents of a mirrored pose are others."""
        return self.model.latent_log_prob(
            keypoints=keypoints, image_size=image_size, pose_3d=pose_3d
        )

    def log_prob(
        self,
        keypoints: TensorLike,
        image_size: TensorLike = None,
        *,
        pose_3d: TensorLike,
    ) -> Tensor:
        """That of the even mixture; see `PoseDensityModel`."""
        direct = self.model.log_prob(
            keypoints=keypoints, image_size=image_size, pose_3d=pose_3d
        )
        mirrored = self.model.log_prob(
            keypoints=self._mirrored_keypoints(keypoints, image_size),
            image_size=image_size,
            pose_3d=self._mirrored_pose(ops.convert_to_tensor(pose_3d)),
        )
        return ops.logaddexp(direct, mirrored) - math.log(2.0)

    def _mirrored_keypoints(self, keypoints, image_size):
        keypoints = self.normalization.check_keypoints(keypoints)
        width = 0.0
        if image_size is not None:
            size = check_image_size(image_size, keypoints.shape[0])
            width = ops.reshape(size, (-1, 1, 2))[..., :1]
        keypoints = ops.take(keypoints, self._order, axis=-2)
        mirrored = width - keypoints[..., :1]
        return ops.concatenate([mirrored, keypoints[..., 1:]], axis=-1)

    def _mirrored_pose(self, pose):
        pose = ops.take(pose, self._order, axis=-2)
        return pose * ops.convert_to_tensor([-1.0, 1.0, 1.0], dtype=pose.dtype)
