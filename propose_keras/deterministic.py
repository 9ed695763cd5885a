"""The reference without a distribution: a residual MLP from keypoints to one pose."""

import dataclasses
from typing import Any, Self

import keras
import numpy as np
from keras import ops

from propose_keras import random
from propose_keras.inputs import check_pose
from propose_keras.layers import ResidualMLP
from propose_keras.losses import reconstruction_3d
from propose_keras.metrics.keras_metrics import MeanPerJointPositionError
from propose_keras.networks import parts
from propose_keras.networks.graph_settings import GraphSettings
from propose_keras.networks.shapes import flatten_condition, unflatten_pose
from propose_keras.normalization import PoseNormalization
from propose_keras.presets import FromPreset
from propose_keras.settings import setting
from propose_keras.types import Tensor, TensorLike


@dataclasses.dataclass(frozen=True)
class DeterministicSettings(GraphSettings):
    """Sizes of a `DeterministicLifter`; the MLP's defaults are Martinez et al. 2017's.

    Raises:
        ValueError: If a value is out of range.
    """

    width: int = setting(1024, "Units of hidden layers.", minimum=1)
    num_blocks: int = setting(2, "Residual blocks of two dense layers.", minimum=0)
    dropout: float = setting(
        0.0, "Share of hidden units dropped in training.", minimum=0, maximum=0.99
    )
    activation: str = setting("relu", "Activation, by its Keras name.")


@keras.saving.register_keras_serializable(package="propose_keras")
class DeterministicLifter(FromPreset, keras.Model):
    """Residual MLP of the shape of Martinez et al. 2017 that lifts to one pose.

    It sees the same normalised keypoints as `ProPose`, learns the same normalised
    poses under Eq. 4's sum of distances, and is trained and evaluated by the same
    programs (`train.py --model=deterministic`): what `ProPose`'s mode is measured
    against.

    Called on keypoints, or on `{"keypoints": ..., "image_size": ...}`, it returns
    poses `(batch, J, 3)` in mm, relative to the root. A Keras model like any other:
    `compile(optimizer)` and `fit`; the loss is built in.

    Args:
        lifter: A `ResidualMLP` of `3 J` outputs.
        normalization: A `PoseNormalization`; `adapt` it before training.
        seed: Of dropout's noise.

    Raises:
        ValueError: If the outputs of `lifter` are not `3 J`.
    """

    system_name = "Deterministic"
    is_probabilistic = False
    has_latent_density = False

    def __init__(
        self, lifter: Any, normalization: Any, seed: int | Tensor = 0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if lifter.output_size != 3 * normalization.num_joints:
            raise ValueError(
                f"Expected a `lifter` of {3 * normalization.num_joints} outputs, three "
                f"a joint, received one of {lifter.output_size}."
            )
        self.lifter = lifter
        self.normalization = normalization
        self.seed = seed
        # Training steps taken: with the seed it decides what dropout drops.
        self.step = self.add_weight(
            shape=(),
            initializer="zeros",
            dtype="int32",
            trainable=False,
            name="step",
        )
        self._error = MeanPerJointPositionError(name="mpjpe")
        if not lifter.built:
            lifter.build((None, 1, normalization.num_inputs * normalization.num_joints))
        self.built = True

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
        """A model by the sizes of its MLP.

        Args:
            settings: `DeterministicSettings`; the default ones if None.
            normalization: A `PoseNormalization`; the default one if None.
            seed: Of dropout's noise.
            name: Of the model.
            **changes: Fields of the settings that are to differ, such as `width=64`.

        Raises:
            TypeError: If a name is no field of `DeterministicSettings`.
            ValueError: If a value is out of range.
        """
        settings = DeterministicSettings.resolve(settings, changes)
        normalization = normalization or PoseNormalization(name="normalization")
        if settings.encoder == "graph":
            lifter = settings.make_graph(3, normalization.skeleton.name, "lifter")
        else:
            lifter = ResidualMLP(
                3 * normalization.num_joints,
                width=settings.width,
                num_blocks=settings.num_blocks,
                dropout=settings.dropout,
                activation=settings.activation,
                name="lifter",
            )
        return cls(lifter, normalization, seed=seed, name=name)

    @property
    def num_joints(self) -> int:
        """Number of joints, J."""
        return self.normalization.num_joints

    def mode(self, keypoints: TensorLike, image_size: TensorLike = None) -> Tensor:
        """The pose, `(batch, J, 3)` mm; named as that of `ProPose` is.

        Args:
            keypoints: `(batch, J, 2)` pixels.
            image_size: `(batch, 2)` or `(2,)`, width and height in pixels.
        """
        return self._lift(keypoints, image_size, None)

    def call(self, inputs: Any, training: bool = False) -> Tensor:
        if not isinstance(inputs, dict):
            inputs = {"keypoints": inputs}
        seed = None
        if training:
            seed = random.fold_in(np.array([self.seed, 0], "uint32"), self.step)
            seed = parts.dropout_seed_of(self.lifter, seed, parts.PILGD_ENCODER)
            self.step.assign_add(1)
        return self._lift(inputs["keypoints"], inputs.get("image_size"), seed)

    def _lift(self, keypoints, image_size, dropout_seed):
        condition, view = self.normalization.observe(keypoints, image_size)
        flat = self.lifter(
            flatten_condition(condition), None, dropout_seed=dropout_seed
        )
        pose = unflatten_pose(flat, self.num_joints)[:, 0]
        return self.normalization.denormalize_pose(pose, view)

    def compute_loss(
        self,
        x: Tensor = None,
        y: Tensor = None,
        y_pred: Tensor = None,
        sample_weight: Tensor = None,
        training: bool = True,
    ) -> Tensor:
        """Eq. 4 on normalised poses, mean over the batch."""
        if sample_weight is not None:
            raise ValueError("The lifter takes no sample weights; leave them out.")
        # In the camera's axes, whatever the view: distances do not depend on it.
        normalize = self.normalization.normalize_pose
        pose = normalize(check_pose(y, self.num_joints))
        return ops.mean(reconstruction_3d(pose, normalize(y_pred)))

    def compute_metrics(
        self, x: Tensor, y: Tensor, y_pred: Tensor, sample_weight: Tensor = None
    ) -> dict[str, Any]:
        """MPJPE in mm, and the metrics passed to `compile`."""
        self._error.update_state(check_pose(y, self.num_joints), y_pred)
        return {
            **super().compute_metrics(x, y, y_pred, sample_weight),
            "mpjpe": self._error.result(),
        }

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "lifter": keras.saving.serialize_keras_object(self.lifter),
            "normalization": keras.saving.serialize_keras_object(self.normalization),
            "seed": self.seed,
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Self:
        parts = {
            name: keras.saving.deserialize_keras_object(
                config[name], custom_objects=custom_objects
            )
            for name in ("lifter", "normalization")
        }
        return cls(**{**config, **parts})
