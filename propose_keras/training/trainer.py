"""The Keras face of ProPose's training: `compile`, `fit`, `evaluate`, `predict`."""

import importlib
from typing import Any

import keras
import numpy as np
from keras import ops

from propose_keras import backend, random
from propose_keras.geometry import root_centre
from propose_keras.inputs import check_pose
from propose_keras.metrics.keras_metrics import MeanPerJointPositionError
from propose_keras.metrics.poses import mpjpe
from propose_keras.training.objectives import (
    LOSSES,
    Batch,
    loss_names,
    noise_seeds,
)
from propose_keras.training.optimizers import PhaseOptimizer
from propose_keras.training.phases import make_phases
from propose_keras.training.settings import TrainingSettings
from propose_keras.types import Tensor

# The module with the backend's name has its step.
TrainStep = importlib.import_module(f"propose_keras.training.{backend.name}").TrainStep


class AlternatingTrainer(TrainStep, keras.Model):
    """A Keras model that trains by the phases of Algorithm 1.

    Subclasses have the attributes `pilgd_learner`, `flow`, `pagd_learner` (or None),
    `discriminator` (or None), `normalization` and `num_joints`, and the methods
    `networks` and `base_parameters`.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.settings = TrainingSettings()
        self._trackers = {n: keras.metrics.Mean(name=n) for n in LOSSES}
        self._error = MeanPerJointPositionError(name="mpjpe")

    def compile(
        self,
        optimizer: Any = "adam",
        loss: Any = None,
        *,
        settings: TrainingSettings | None = None,
        **kwargs: Any,
    ) -> None:
        """Prepares training.

        Args:
            optimizer: A `PhaseOptimizer`, see `training.make_optimizer`; or any Keras
                optimizer, of which each network then gets a copy.
            loss: Must be None: the losses are the paper's, weighted by `settings`.
            settings: `TrainingSettings`, or a dict of its fields.
            **kwargs: `metrics`, `run_eagerly`, `steps_per_execution`, `jit_compile` of
                `keras.Model.compile`. XLA is on unless `jit_compile=False`.

        Raises:
            ValueError: If a loss is passed, or the settings need a discriminator that
                the model does not have.
        """
        if loss is not None:
            raise ValueError(
                "ProPose trains on the losses of its paper: choose them through "
                "`settings`, not `loss`."
            )
        if not isinstance(settings, TrainingSettings):
            settings = TrainingSettings.from_dict(settings or {})
        if settings.use_discriminator and self.discriminator is None:
            raise ValueError(
                "The settings weigh in the adversarial losses of Eq. 11, but the model "
                "has no discriminator. Pass one, or set `generator_weight` and "
                "`pulling_away_weight` to 0."
            )
        optimizer = keras.optimizers.get(optimizer)
        if not isinstance(optimizer, PhaseOptimizer):
            optimizer = PhaseOptimizer.replicate(optimizer)
        optimizer.build_networks(
            {name: n.trainable_variables for name, n in self.networks().items()}
        )
        self.settings = settings
        self.phases = make_phases(self, settings)
        self._compiled_with = dict(kwargs)
        kwargs.setdefault("jit_compile", not kwargs.get("run_eagerly", False))
        super().compile(optimizer=optimizer, **kwargs)

    def get_compile_config(self) -> dict[str, Any] | None:
        """What `compile_from_config` needs to compile the model again."""
        if not self.compiled:
            return None
        return {
            "optimizer": keras.saving.serialize_keras_object(self.optimizer),
            "settings": self.settings.to_dict(),
            **{
                name: keras.saving.serialize_keras_object(value)
                for name, value in self._compiled_with.items()
            },
        }

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compiles the model as a saved one was."""
        self.compile(
            **{
                name: value
                if name == "settings"
                else keras.saving.deserialize_keras_object(value)
                for name, value in config.items()
            }
        )

    def get_metrics_result(self) -> dict[str, Any]:
        """Results of `evaluate`: without the losses, which only training computes."""
        # Training does not update the metrics of `compile`, so that TensorFlow builds
        # them in the first evaluation; until then there is nothing to report.
        if not all(getattr(metric, "built", True) for metric in self.metrics):
            return {}
        results = super().get_metrics_result()
        return {k: v for k, v in results.items() if k not in self._trackers}

    def training_batch(self, data: Any) -> Batch:
        """Normalises `(inputs, pose_3d)` as `fit` passes it."""
        inputs, pose_3d, weight = keras.utils.unpack_x_y_sample_weight(data)
        if pose_3d is None or weight is not None:
            raise ValueError(
                "Expected batches `(inputs, pose_3d)`: training needs poses and takes "
                "no sample weights."
            )
        if not isinstance(inputs, dict):
            inputs = {"keypoints": inputs}
        keypoints = self.normalization.check_keypoints(inputs["keypoints"])
        pose_3d = check_pose(pose_3d, self.num_joints)
        condition, view = self.normalization.observe(
            keypoints, inputs.get("image_size")
        )
        pose = self.normalization.normalize_pose(pose_3d, view)
        return Batch(ops.stop_gradient(pose[:, None]), ops.stop_gradient(condition))

    def step_seeds(self, step: Tensor) -> Tensor:
        """Seeds `(uses, 2)` of a step's noise: a function of (settings.seed, step)."""
        seed = random.fold_in(np.array([self.settings.seed, 0], "uint32"), step)
        return noise_seeds(seed)

    def network_variables(self, network: str) -> list[Any]:
        """Trainable variables of a network, by its name."""
        return self.networks()[network].trainable_variables

    def complete_logs(self, logs: dict[str, Any]) -> dict[str, tuple[Tensor, Tensor]]:
        """Losses as `(value, weight)`: weight 0 where a phase has not computed one."""
        zero, one = ops.zeros((), "float32"), ops.ones((), "float32")
        return {
            name: (ops.cast(logs[name], "float32"), one)
            if name in logs
            else (zero, zero)
            for name in loss_names(self, self.settings)
        }

    def update_loss_trackers(self, logs: dict[str, Any]) -> dict[str, Tensor]:
        """Adds a step's losses to their means and returns the means."""
        for name, (value, weight) in logs.items():
            self._trackers[name].update_state(value, sample_weight=weight)
        return {name: self._trackers[name].result() for name in logs}

    def compute_loss(
        self,
        x: Tensor = None,
        y: Tensor = None,
        y_pred: Tensor = None,
        sample_weight: Tensor = None,
        training: bool = True,
    ) -> Tensor:
        """Mean error of the mode in mm: the loss that `evaluate` reports."""
        if sample_weight is not None:
            raise ValueError("ProPose takes no sample weights; leave them out.")
        return ops.mean(mpjpe(root_centre(check_pose(y, self.num_joints)), y_pred))

    def compute_metrics(
        self, x: Tensor, y: Tensor, y_pred: Tensor, sample_weight: Tensor = None
    ) -> dict[str, Any]:
        """MPJPE of the mode in mm, and the metrics passed to `compile`."""
        self._error.update_state(check_pose(y, self.num_joints), y_pred)
        return {
            **super().compute_metrics(x, y, y_pred, sample_weight),
            "mpjpe": self._error.result(),
        }

    def fit(self, x: Tensor = None, y: Tensor = None, *args: Any, **kwargs: Any) -> Any:
        """`keras.Model.fit` on `(inputs, pose_3d)`; arrays are checked first."""
        self._check_arrays(x, y)
        return super().fit(x, y, *args, **kwargs)

    def evaluate(
        self, x: Tensor = None, y: Tensor = None, *args: Any, **kwargs: Any
    ) -> Any:
        """`keras.Model.evaluate`: the MPJPE of the mode, mm."""
        self._check_arrays(x, y)
        return super().evaluate(x, y, *args, **kwargs)

    def predict(self, x: Tensor, *args: Any, **kwargs: Any) -> Any:
        """`keras.Model.predict`: the mode, `(N, J, 3)` mm."""
        self._check_arrays(x)
        return super().predict(x, *args, **kwargs)

    def _check_arrays(self, x, y=None):
        keypoints = x.get("keypoints") if isinstance(x, dict) else x
        if isinstance(keypoints, np.ndarray):
            self.normalization.check_keypoints(keypoints)
        if isinstance(y, np.ndarray):
            check_pose(y, self.num_joints)
