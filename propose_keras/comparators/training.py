"""How the comparators train: losses of a batch, computed from its poses and noise."""

from typing import Any, ClassVar

import keras
from keras import ops

from propose_keras import random
from propose_keras.geometry import root_centre
from propose_keras.inputs import check_pose
from propose_keras.metrics.keras_metrics import MeanPerJointPositionError
from propose_keras.metrics.poses import mpjpe
from propose_keras.types import Tensor


class LossTraining(keras.Model):
    """A model whose losses are functions of keypoints, poses and a seed.

    Keras' own step trains it. Subclasses have `num_joints`, `root` and `_from_mm`, and
    return in training what `compute_loss` takes.
    """

    # Names of the losses, for the logs; their sum is the loss.
    loss_names: ClassVar[tuple[str, ...]] = ()
    num_joints: Any
    root: Any
    _from_mm: Any

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._trackers = {n: keras.metrics.Mean(name=n) for n in self.loss_names}
        self._error = MeanPerJointPositionError(name="mpjpe")

    def losses_of(
        self, condition: Tensor, pose: Tensor, seed: Tensor
    ) -> dict[str, Tensor]:
        """Losses of a batch by the names of `loss_names`, weighted, `(batch,)` or `()`.

        Args:
            condition: Normalised keypoints, `(batch, J, 2)`.
            pose: Normalised poses without the root, `(batch, J - 1, 3)`.
            seed: Of this step's noise, `(2,)`.
        """
        raise NotImplementedError

    def compute_loss(
        self,
        x: Tensor = None,
        y: Tensor = None,
        y_pred: Any = None,
        sample_weight: Tensor = None,
        training: bool = True,
    ) -> Tensor:
        """Sum of the losses, mean over the batch; of `evaluate`, the mode's MPJPE."""
        if sample_weight is not None:
            raise ValueError("The lifter takes no sample weights; leave them out.")
        y = check_pose(y, self.num_joints)
        if not isinstance(y_pred, dict):
            return ops.mean(mpjpe(root_centre(y, self.root), y_pred))
        pose = self._from_mm(y, y_pred.get("view"))
        losses = self.losses_of(y_pred["condition"], pose, y_pred["seed"])
        means = {name: ops.mean(value) for name, value in losses.items()}
        for name, value in means.items():
            self._trackers[name].update_state(value)
        return sum(means.values())

    def compute_metrics(
        self, x: Tensor, y: Tensor, y_pred: Any, sample_weight: Tensor = None
    ) -> dict[str, Any]:
        """The losses; of `evaluate`, MPJPE in mm and the metrics of `compile`."""
        if isinstance(y_pred, dict):
            losses = {n: t.result() for n, t in self._trackers.items()}
            return {"loss": self._loss_tracker.result(), **losses}
        self._error.update_state(check_pose(y, self.num_joints), y_pred)
        results = super().compute_metrics(x, y, y_pred, sample_weight)
        return {**results, "mpjpe": self._error.result()}

    def get_metrics_result(self) -> dict[str, Any]:
        """Results of `evaluate`, without the losses that only training computes."""
        # Of `compile`'s metrics TensorFlow builds in the first evaluation only.
        if not all(getattr(metric, "built", True) for metric in self.metrics):
            return {}
        results = super().get_metrics_result()
        return {k: v for k, v in results.items() if k not in self._trackers}


def step_noise(
    seed: Tensor, stream: int, pose: Tensor, num_draws: int, size: int, draw: Any = None
) -> Tensor:
    """Noise of a training step.

    Args:
        seed: Of the step, `(2,)`.
        stream: Keeps noise of different use apart.
        pose: Of the batch, whose rows are counted.
        num_draws: Draws for each row.
        size: Numbers of a draw.
        draw: `random.uniform`; `random.normal` if None.

    Returns:
        `(batch, num_draws, size)`.
    """
    seed = random.fold_in(seed, stream)[None]
    rows = ops.shape(pose)[0]
    noise = (draw or random.normal)(seed, rows, num_draws * size)
    return ops.reshape(noise, (-1, num_draws, size))
