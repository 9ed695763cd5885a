"""ProPose: the model."""

from collections.abc import Callable
from typing import Any, Self

import keras
import numpy as np
from keras import ops

from propose_keras import random
from propose_keras.distribution import PoseDistribution
from propose_keras.inputs import check_pose, check_temperature
from propose_keras.networks import (
    ConditionalFlow,
    Discriminator,
    GraphLifter,
    PAGDLearner,
    PILGDLearner,
)
from propose_keras.networks.context import PoseContext, as_context
from propose_keras.networks.defaults import ModelSettings, default_networks
from propose_keras.normalization import PoseNormalization
from propose_keras.presets import FromPreset
from propose_keras.training.trainer import AlternatingTrainer
from propose_keras.types import Tensor, TensorLike

_PARTS = (
    *("pilgd_learner", "flow", "pagd_learner", "discriminator", "lifter"),
    "normalization",
)


@keras.saving.register_keras_serializable(package="propose_keras")
class ProPose(FromPreset, AlternatingTrainer):
    """Probabilistic 2D-to-3D human pose lifting (Fig. 2 of the paper).

    Called on keypoints, the model returns the pose at the mode; `sample` draws
    hypotheses. All poses are mm, relative to the root, in the camera's frame (x right,
    y down, z forward).

    Args:
        pilgd_learner: A `PILGDLearner`: g and k.
        flow: A `ConditionalFlow`: f.
        pagd_learner: A `PAGDLearner`: q, v and h; None makes the base `N(0, I)`
            (Table 5).
        discriminator: A `Discriminator`; needed by training only.
        lifter: A `GraphLifter`, on whose features the other networks are then
            conditioned; None conditions them on the 2D pose, as the paper does.
        normalization: A `PoseNormalization`; `adapt` it before training.
        temperature: Factor on the base's standard deviation at inference, see
            `set_temperature`. Training knows nothing of it.

    Raises:
        ValueError: If the parts differ in joint count or latent size, or the
            temperature is not positive.

    Example:
    ```python
    model = ProPose.from_sizes(latent_size=16, width=64)
    model.normalization.adapt(keypoints, image_size, pose_3d)
    model.compile(optimizer="adam")
    model.fit({"keypoints": keypoints, "image_size": image_size}, pose_3d)
    hypotheses = model.sample(keypoints, image_size, num_hypotheses=200, seed=0)
    ```
    """

    system_name = "ProPose"
    is_probabilistic = True
    has_latent_density = True

    def __init__(
        self,
        pilgd_learner: PILGDLearner,
        flow: ConditionalFlow,
        pagd_learner: PAGDLearner | None = None,
        discriminator: Discriminator | None = None,
        lifter: GraphLifter | None = None,
        normalization: PoseNormalization | None = None,
        temperature: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.temperature = self.add_weight(
            shape=(), initializer="ones", trainable=False, name="temperature"
        )
        self.set_temperature(temperature)
        self.normalization = normalization or PoseNormalization(name="normalization")
        self.pilgd_learner = pilgd_learner
        self.flow = flow
        self.pagd_learner = pagd_learner
        self.discriminator = discriminator
        self.lifter = lifter
        self._check_sizes()
        for network in self.networks().values():
            if not network.built:
                network.build()
        self.built = True

    @classmethod
    def from_sizes(
        cls,
        settings: ModelSettings | None = None,
        *,
        normalization: Any = None,
        name: str | None = None,
        **changes: Any,
    ) -> Self:
        """A model of default networks.

        Args:
            settings: `ModelSettings`; the default ones if None.
            normalization: A `PoseNormalization`; the default one if None.
            name: Of the model.
            **changes: Fields of `ModelSettings` that are to differ, such as `width=64`.

        Raises:
            TypeError: If a name is no field of `ModelSettings`.
            ValueError: If a value is out of range.
        """
        settings = ModelSettings.resolve(settings, changes)
        normalization = normalization or PoseNormalization(name="normalization")
        return cls(
            **default_networks(
                settings, normalization.skeleton, normalization.num_inputs
            ),
            normalization=normalization,
            temperature=settings.temperature,
            name=name,
        )

    def networks(self) -> dict[str, Any]:
        """The networks that train, by name."""
        networks = {
            "pilgd_learner": self.pilgd_learner,
            "discriminator": self.discriminator,
            "pagd_learner": self.pagd_learner,
            "flow": self.flow,
            "lifter": self.lifter,
        }
        return {k: v for k, v in networks.items() if v is not None}

    def _check_sizes(self):
        networks = self.networks()
        joints = {k: v.num_joints for k, v in networks.items()}
        joints["normalization"] = self.normalization.num_joints
        if len(set(joints.values())) > 1:
            raise ValueError(f"The parts differ in their joint count: {joints}.")
        latents = {
            k: v.latent_size for k, v in networks.items() if hasattr(v, "latent_size")
        }
        if len(set(latents.values())) > 1:
            raise ValueError(f"The parts differ in their latent size: {latents}.")
        inputs = self.normalization.num_inputs
        expected = inputs * self.num_joints
        if self.lifter is not None:
            expected = getattr(self.lifter, "feature_size", None)
            taken = getattr(self.lifter, "num_inputs", inputs)
            if taken != inputs:
                raise ValueError(
                    f"The normalisation gives {inputs} numbers a joint, `lifter` takes "
                    f"{taken}: make it with num_inputs={inputs}."
                )
        sizes = {
            k: v.condition_size
            for k, v in networks.items()
            if hasattr(v, "condition_size")
        }
        if expected is not None and set(sizes.values()) - {expected}:
            raise ValueError(
                f"What the networks see of a 2D pose has {expected} numbers, but they "
                f"are made for others: {sizes}. Pass `condition_size={expected}`."
            )

    # Inference.

    @property
    def num_joints(self) -> int:
        """Number of joints, J."""
        return self.normalization.num_joints

    def set_temperature(self, temperature: float) -> None:
        """Sets the factor on the base's standard deviation at inference.

        Best-of-M training makes distributions too sure of themselves; a temperature
        above 1, fitted on people held out of training, corrects that
        (`evaluation.temperature`). It widens samples and the latent density, leaves
        the mode where it is, and is saved with the weights.

        Args:
            temperature: Positive float; 1 is the distribution as it was trained.

        Raises:
            ValueError: If `temperature` is not positive and finite.
        """
        check_temperature(temperature)
        self.temperature.assign(temperature)

    def context(self, condition: Tensor) -> PoseContext:
        """What the networks see of 2D poses, a `PoseContext`.

        Args:
            condition: Of `PoseNormalization.observe`, `(batch, J, inputs)`.
        """
        return as_context(condition) if self.lifter is None else self.lifter(condition)

    def base_parameters(self, context: Any) -> tuple[Tensor, Tensor]:
        """`mu_2D` and `log sigma_2D` (Eq. 7), each `(batch, 1, d)`.

        Args:
            context: `PoseContext` of the batch.

        The temperature is not in it: it is what training moves.
        """
        if self.pagd_learner is not None:
            return self.pagd_learner(context)
        shape = (ops.shape(context.condition)[0], 1, self.flow.latent_size)
        return ops.zeros(shape), ops.zeros(shape)

    def distribution(
        self, keypoints: TensorLike, image_size: TensorLike = None
    ) -> PoseDistribution:
        """The distribution over 3D poses given 2D keypoints.

        Args:
            keypoints: `(batch, J, 2)` pixels, or `(batch, J, 3)` with deviations, see
                `PoseNormalization`.
            image_size: `(batch, 2)` or `(2,)`: width and height of the images in
                pixels. May be None for a model whose normalisation needs none.

        Returns:
            A `PoseDistribution`.

        Raises:
            ValueError: If the joint count is not the model's, the batch is empty or
                NumPy keypoints are not finite.
        """
        condition, view = self.normalization.observe(keypoints, image_size)
        return PoseDistribution(self, condition, view)

    def mode(self, keypoints: TensorLike, image_size: TensorLike = None) -> Tensor:
        """The pose at the mode of the base: the single hypothesis of Table 3.

        Args and errors: see `distribution`.

        Returns:
            `(batch, J, 3)` mm, the root at 0.
        """
        return self.distribution(keypoints, image_size).mode()

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
            image_size: See `distribution`.
            num_hypotheses: S, at least 1.
            seed: Int, or row seeds `(batch, 2)`. Hypothesis i of a row is a function
                of its row seed and i only; an int means `(seed, row index)`.
            first_hypothesis: Index of the first hypothesis, for drawing in chunks.
            temperature: Factor on the base's standard deviation, on top of the
                model's own.

        Returns:
            `(batch, num_hypotheses, J, 3)` mm, the roots at 0.

        Raises:
            ValueError: As `distribution`, or if `num_hypotheses` is below 1.
        """
        return self.distribution(keypoints, image_size).sample(
            num_hypotheses, seed, first_hypothesis, temperature
        )

    def latent_log_prob(
        self,
        keypoints: TensorLike,
        image_size: TensorLike = None,
        *,
        pose_3d: TensorLike,
    ) -> Tensor:
        """Log-density of the latent `w = g(P_3D, P_2D)` under the flow (Eq. 9).

        Exact for the latent, not for the pose: the decoder is no bijection.

        Args:
            keypoints: `(batch, J, 2)` pixels.
            image_size: See `distribution`.
            pose_3d: `(batch, J, 3)` or `(batch, S, J, 3)` mm; need not be
                root-relative.

        Returns:
            `(batch,)` or `(batch, S)` nats.
        """
        distribution = self.distribution(keypoints, image_size)
        if len(pose_3d.shape) == 4:
            return distribution.latent_log_prob(pose_3d)
        pose_3d = check_pose(pose_3d, self.num_joints)
        return distribution.latent_log_prob(pose_3d[:, None])[:, 0]

    def draw_noise(
        self, row_seeds: Tensor, num_hypotheses: int, normal: Callable = random.normal
    ) -> Tensor:
        """Noise of the base, `(batch, S, d)`; see `NoiseModel`."""
        return normal(row_seeds, num_hypotheses, self.flow.latent_size)

    def sample_from_noise(
        self, keypoints: TensorLike, image_size: TensorLike = None, *, noise: Tensor
    ) -> Tensor:
        """Hypotheses `(batch, S, J, 3)` mm of noise; see `NoiseModel`."""
        return self.distribution(keypoints, image_size).sample_from_noise(noise)

    def call(self, inputs: Any) -> Tensor:
        """The mode of keypoints, or of `{"keypoints": ..., "image_size": ...}`."""
        if isinstance(inputs, dict):
            return self.mode(inputs["keypoints"], inputs.get("image_size"))
        return self.mode(inputs)

    # Saving.

    def get_config(self) -> dict[str, Any]:
        parts = {
            name: keras.saving.serialize_keras_object(getattr(self, name))
            for name in _PARTS
        }
        temperature = float(np.asarray(self.temperature))
        return {**super().get_config(), **parts, "temperature": temperature}

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Self:
        parts = {
            name: keras.saving.deserialize_keras_object(
                config[name], custom_objects=custom_objects
            )
            for name in _PARTS
            if config.get(name) is not None
        }
        return cls(**{**config, **parts})
