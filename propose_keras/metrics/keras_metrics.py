"""Metrics for `compile(metrics=...)`."""

from typing import Any

import keras

from propose_keras.geometry import root_centre
from propose_keras.metrics.poses import mpjpe, pa_mpjpe
from propose_keras.types import Tensor


@keras.saving.register_keras_serializable(package="propose_keras")
class MeanPerJointPositionError(keras.metrics.Mean):
    """MPJPE: mean distance of root-centred joints, mm, averaged over poses.

    Example:
        model.compile(metrics=[MeanPerJointPositionError()])

    Args:
        root: Index of the root joint.
        name: Name in the logs.
        dtype: Of the sums.
    """

    def __init__(self, root: int = 0, name: str = "mpjpe", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.root = root

    def update_state(
        self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor = None
    ) -> None:
        """Adds poses.

        Args:
            y_true: `(batch, J, 3)` mm.
            y_pred: `(batch, J, 3)` mm.
            sample_weight: `(batch,)`, or None.
        """
        y_true, y_pred = root_centre(y_true, self.root), root_centre(y_pred, self.root)
        super().update_state(self._errors(y_pred, y_true), sample_weight)

    def _errors(self, pose, target):
        return mpjpe(pose, target)

    def get_config(self) -> dict[str, Any]:
        """Arguments that recreate the metric."""
        return {**super().get_config(), "root": self.root}


@keras.saving.register_keras_serializable(package="propose_keras")
class AlignedMeanPerJointPositionError(MeanPerJointPositionError):
    """PA-MPJPE: mean distance of joints after Procrustes alignment, mm.

    Args:
        root: Index of the root joint, which the alignment makes meaningless.
        name: Name in the logs.
        dtype: Of the sums.
    """

    def __init__(
        self, root: int = 0, name: str = "pa_mpjpe", dtype: Any = None
    ) -> None:
        super().__init__(root=root, name=name, dtype=dtype)

    def _errors(self, pose, target):
        return pa_mpjpe(pose, target)
