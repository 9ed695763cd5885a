"""What the comparators share: everything but the distribution and its losses."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any, ClassVar, Self

import keras
import numpy as np
from keras import ops

from propose_keras import random
from propose_keras.comparators.training import LossTraining
from propose_keras.comparators.trunks import (
    JointOutputs,
    TrunkSettings,
    with_root,
    without_root,
)
from propose_keras.inputs import (
    check_integer,
    check_row_seeds,
    check_temperature,
)
from propose_keras.normalization import PoseNormalization
from propose_keras.presets import FromPreset
from propose_keras.types import Tensor, TensorLike


class ComparatorLifter(FromPreset, JointOutputs, LossTraining):
    """A probabilistic lifter that others have published, on ProPose's conditions.

    It sees the same normalised keypoints as `ProPose`, learns the same normalised
    poses, and is trained and evaluated by the same programs. A Keras model like any
    other: `compile(optimizer)` and `fit`; the losses are built in. Called on keypoints,
    or on `{"keypoints": ..., "image_size": ...}`, it returns the pose at the mode.

    A subclass has the class attributes and the four methods below, and an entry in
    `comparators.COMPARATORS`. Its distribution is over the J - 1 joints that are not
    the root, normalised; the root is at 0.

    - `make_networks()` makes the layers from `self.settings`, built;
    - `losses_of(condition, pose, seed)` gives the losses of training;
    - `mode_of(condition)` gives the mode;
    - `generate(condition, noise, temperature)` turns noise into hypotheses.

    Args:
        settings: Of the class `settings_class`, or a dict of its fields; the default
            ones if None.
        normalization: A `PoseNormalization`, the default one if None; `adapt` it
            before training.
        seed: Of training's noise, which is a function of (seed, step).

    Raises:
        TypeError: If the settings are of another model.
        ValueError: If a value is out of range.
    """

    system_name: ClassVar[str]
    settings_class: ClassVar[type[TrunkSettings]]
    is_probabilistic = True
    has_latent_density = False
    has_pose_density = False

    def __init__(
        self,
        settings: Any = None,
        normalization: Any = None,
        seed: int | Tensor = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if settings is None or isinstance(settings, dict):
            settings = self.settings_class.resolve(None, settings or {})
        if not isinstance(settings, self.settings_class):
            raise TypeError(
                f"{type(self).__name__} takes {self.settings_class.__name__}, received "
                f"{settings!r}."
            )
        self.settings: Any = settings
        self.normalization = normalization or PoseNormalization(name="normalization")
        if self.normalization.deviation_input:
            raise ValueError(
                f"{type(self).__name__} takes x and y of keypoints only: leave out "
                "`deviation_input`."
            )
        self.seed = seed
        # Training steps taken: with the seed they decide on training's noise.
        self.step = self._number("step", "int32", "zeros")
        self.temperature = self._number("temperature", "float32", "ones")
        self.set_temperature(settings.temperature)
        self.make_networks()
        self.built = True

    def _number(self, name, dtype, initializer):
        return self.add_weight(
            shape=(), initializer=initializer, dtype=dtype, trainable=False, name=name
        )

    @classmethod
    def from_sizes(
        cls,
        settings: Any = None,
        *,
        normalization: Any = None,
        seed: int | Tensor = 0,
        name: str | None = None,
        **changes: Any,
    ) -> Self:
        """A model by its settings.

        Args:
            settings: Of the class `settings_class`; the default ones if None.
            normalization: A `PoseNormalization`; the default one if None.
            seed: Of training's noise.
            name: Of the model.
            **changes: Fields of the settings that are to differ, such as `width=64`.

        Raises:
            TypeError: If a name is no field of the settings.
            ValueError: If a value is out of range.
        """
        settings = cls.settings_class.resolve(settings, changes)
        return cls(settings, normalization, seed=seed, name=name)

    # What a subclass is.

    def make_networks(self) -> None:
        """Makes and builds the layers; called once, by the constructor."""
        raise NotImplementedError

    def mode_of(self, condition: Tensor) -> Tensor:
        """The mode, normalised, `(batch, J - 1, 3)`."""
        raise NotImplementedError

    @property
    def noise_size(self) -> int:
        """Numbers of noise that a hypothesis is made of."""
        return 3 * (self.num_joints - 1)

    def generate(self, condition: Tensor, noise: Tensor, temperature: Tensor) -> Tensor:
        """Hypotheses, a function of their noise.

        Args:
            condition: Normalised keypoints, `(batch, J, 2)`.
            noise: Standard normal, `(batch, S, noise_size)`.
            temperature: Factor on its deviation.

        Returns:
            `(batch, S, J - 1, 3)`, normalised.
        """
        raise NotImplementedError

    # Inference.

    @property
    def num_joints(self) -> int:
        """Number of joints, J."""
        return self.normalization.num_joints

    @property
    def root(self) -> int:
        """Index of the root joint."""
        return self.normalization.skeleton.root

    def set_temperature(self, temperature: float) -> None:
        """Sets the factor on the deviation of hypotheses' noise; see `ProPose`.

        Raises:
            ValueError: If `temperature` is not positive and finite.
        """
        check_temperature(temperature)
        self.temperature.assign(temperature)

    def mode(self, keypoints: TensorLike, image_size: TensorLike = None) -> Tensor:
        """The single pose that the model is measured by, see the class.

        Args:
            keypoints: `(batch, J, 2)` pixels.
            image_size: `(batch, 2)` or `(2,)`, width and height in pixels.

        Returns:
            `(batch, J, 3)` mm, the root at 0.
        """
        condition, view = self._observe(keypoints, image_size)
        return self._to_mm(self.mode_of(condition), view)

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
        """Draws hypotheses; arguments, shapes and errors as `ProPose.sample`."""
        num_hypotheses = check_integer(num_hypotheses, "num_hypotheses", 1)
        condition, view = self._observe(keypoints, image_size)
        seed = check_row_seeds(seed, condition.shape[0])
        seeds = random.row_seeds(seed, ops.shape(condition)[0])
        normal = functools.partial(random.normal, first_draw=first_hypothesis)
        temperature = temperature * self.temperature
        pose = self.draw(condition, seeds, num_hypotheses, temperature, normal)
        return self._to_mm(pose, view)

    def draw(
        self,
        condition: Tensor,
        row_seeds: Tensor,
        num_hypotheses: int,
        temperature: Tensor,
        normal: Callable,
    ) -> Tensor:
        """`generate` of the noise of `draw_noise`."""
        noise = self.draw_noise(row_seeds, num_hypotheses, normal)
        return self.generate(condition, noise, temperature)

    def draw_noise(
        self,
        row_seeds: Tensor,
        num_hypotheses: int,
        normal: Callable = random.normal,
    ) -> Tensor:
        """Noise of hypotheses, `(batch, S, noise_size)`; see `NoiseModel`."""
        return normal(row_seeds, num_hypotheses, self.noise_size)

    def sample_from_noise(
        self, keypoints: TensorLike, image_size: TensorLike = None, *, noise: Tensor
    ) -> Tensor:
        """Hypotheses of their noise, `(batch, S, J, 3)` mm; see `NoiseModel`."""
        condition, view = self._observe(keypoints, image_size)
        return self._to_mm(self.generate(condition, noise, self.temperature), view)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """The mode; in training, what the losses are computed from."""
        if not isinstance(inputs, dict):
            inputs = {"keypoints": inputs}
        observed = inputs["keypoints"], inputs.get("image_size")
        if not training:
            return self.mode(*observed)
        condition, view = self._observe(*observed)
        seed = random.fold_in(np.array([self.seed, 0], "uint32"), self.step)
        self.step.assign_add(1)
        given = {"condition": condition, "seed": seed}
        return given if view is None else {**given, "view": view}

    def _observe(self, keypoints, image_size):
        return self.normalization.observe(keypoints, image_size)

    def _to_mm(self, pose, view):
        return self.normalization.denormalize_pose(with_root(pose, self.root), view)

    def _from_mm(self, pose_3d, view):
        pose = self.normalization.normalize_pose(pose_3d, view)
        return without_root(pose, self.root)

    # Saving.

    def get_config(self) -> dict[str, Any]:
        temperature = float(np.asarray(self.temperature))
        settings = dataclasses.replace(self.settings, temperature=temperature)
        return {
            **super().get_config(),
            "settings": settings.to_dict(),
            "normalization": keras.saving.serialize_keras_object(self.normalization),
            "seed": self.seed,
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Self:
        normalization = keras.saving.deserialize_keras_object(
            config["normalization"], custom_objects=custom_objects
        )
        return cls(**{**config, "normalization": normalization})
