"""What evaluation and inference ask of a model, as `typing.Protocol`s.

A model offers these by having the attributes and methods: nothing is inherited or
registered. `ProPose`, `DeterministicLifter`, the comparators and `FlipEnsemble` do.
What a model offers is asked by `is_probabilistic`, `has_latent_density` and
`has_pose_density`, not by its class, so that a wrapper can answer for the model inside
it.

All poses are mm, relative to the root, in the camera's frame (x right, y down, z
forward). All methods may be called inside a compiled function.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeGuard, runtime_checkable

from propose_keras import random
from propose_keras.normalization import PoseNormalization
from propose_keras.types import Tensor, TensorLike


@runtime_checkable
class PoseModel(Protocol):
    """Lifts 2D keypoints to one 3D pose."""

    @property
    def system_name(self) -> str:
        """Name of the method in tables."""
        ...

    @property
    def is_probabilistic(self) -> bool:
        """Whether the model is a `ProbabilisticPoseModel`."""
        ...

    @property
    def has_latent_density(self) -> bool:
        """Whether the model is a `LatentDensityModel`."""
        ...

    @property
    def normalization(self) -> PoseNormalization:
        """What is done to poses before the networks; knows the skeleton."""
        ...

    @property
    def num_joints(self) -> int:
        """Number of joints, J."""
        ...

    @property
    def variables(self) -> Sequence[Any]:
        """Keras variables that the methods read."""
        ...

    def mode(self, keypoints: TensorLike, image_size: TensorLike = None) -> Tensor:
        """The most plausible pose by the model's own measure.

        Args:
            keypoints: `(batch, J, 2)` pixels.
            image_size: `(batch, 2)` or `(2,)`: width and height of the images in
                pixels. May be None for a model whose normalization needs none.

        Returns:
            `(batch, J, 3)` mm.
        """
        ...


@runtime_checkable
class ProbabilisticPoseModel(PoseModel, Protocol):
    """Lifts 2D keypoints to a distribution over 3D poses that can be sampled."""

    @property
    def temperature(self) -> Any:
        """Factor on the deviation of the noise that hypotheses are made of, a scalar.

        A weight of the model, 1 when trained.
        """
        ...

    def set_temperature(self, temperature: float) -> None:
        """Sets the model's temperature.

        Raises:
            ValueError: If `temperature` is not positive and finite.
        """
        ...

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
        """Draws hypotheses.

        Args:
            keypoints: `(batch, J, 2)` pixels.
            image_size: See `mode`.
            num_hypotheses: S, at least 1.
            seed: Int, or row seeds `(batch, 2)`. Hypothesis i of a row is a function
                of its row seed and i only; an int means `(seed, row index)`.
            first_hypothesis: Index of the first hypothesis, for drawing in chunks.
            temperature: Factor on top of the model's own temperature.

        Returns:
            `(batch, num_hypotheses, J, 3)` mm.
        """
        ...


@runtime_checkable
class LatentDensityModel(ProbabilisticPoseModel, Protocol):
    """A distribution whose density is known in a latent space."""

    def latent_log_prob(
        self,
        keypoints: TensorLike,
        image_size: TensorLike = None,
        *,
        pose_3d: TensorLike,
    ) -> Tensor:
        """Log-density of the poses' latents.

        Args:
            keypoints: `(batch, J, 2)` pixels.
            image_size: See `mode`.
            pose_3d: `(batch, J, 3)` or `(batch, S, J, 3)` mm; need not be
                root-relative.

        Returns:
            `(batch,)` or `(batch, S)` nats. Comparable between models of the same
            latent space only.
        """
        ...


@runtime_checkable
class PoseDensityModel(ProbabilisticPoseModel, Protocol):
    """A distribution whose density of a pose is known; `has_pose_density` is True."""

    def log_prob(
        self,
        keypoints: TensorLike,
        image_size: TensorLike = None,
        *,
        pose_3d: TensorLike,
    ) -> Tensor:
        """Log-density of poses relative to their root.

        Args:
            keypoints: `(batch, J, 2)` pixels.
            image_size: See `mode`.
            pose_3d: `(batch, J, 3)` or `(batch, S, J, 3)` mm; need not be
                root-relative.

        Returns:
            `(batch,)` or `(batch, S)` nats, of a density per mm to the power of 3 (J -
            1). Comparable between models.
        """
        ...


@runtime_checkable
class NoiseModel(ProbabilisticPoseModel, Protocol):
    """A distribution whose hypotheses are a function of noise: what `Lifter` needs.

    `sample` of row seeds is `sample_from_noise` of `draw_noise` of them.
    """

    def draw_noise(
        self, row_seeds: Tensor, num_hypotheses: int, normal: Callable = random.normal
    ) -> Tensor:
        """Noise of hypotheses.

        Args:
            row_seeds: `(batch, 2)` integers.
            num_hypotheses: S.
            normal: What draws it, with the first three arguments of `random.normal`.

        Returns:
            `(batch, S, size)`, standard normal.
        """
        ...

    def sample_from_noise(
        self, keypoints: TensorLike, image_size: TensorLike = None, *, noise: Tensor
    ) -> Tensor:
        """Hypotheses `(batch, S, J, 3)` mm of noise `(batch, S, size)`.

        Args:
            keypoints: `(batch, J, 2)` pixels.
            image_size: See `mode`.
            noise: Of `draw_noise`.
        """
        ...


def is_probabilistic(model: PoseModel) -> TypeGuard[ProbabilisticPoseModel]:
    """Whether hypotheses can be drawn from a model."""
    return model.is_probabilistic


def has_latent_density(model: PoseModel) -> TypeGuard[LatentDensityModel]:
    """Whether a model has a density in a latent space."""
    return model.has_latent_density


def has_pose_density(model: PoseModel) -> TypeGuard[PoseDensityModel]:
    """Whether a model's density of a pose is known."""
    return getattr(model, "has_pose_density", False)
