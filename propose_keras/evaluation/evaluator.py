"""The compiled evaluator: keypoints and ground truth in, measures of poses out."""

import dataclasses
import time
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from propose_keras import backend
from propose_keras.data.arrays import PoseArrays
from propose_keras.evaluation.measures import (
    measure_aggregates,
    measure_distribution,
    measure_hypotheses,
    measure_mode,
    measure_poses,
    measure_single,
)
from propose_keras.evaluation.protocols import Protocol
from propose_keras.geometry import root_centre
from propose_keras.metrics import AGGREGATES, density_mean
from propose_keras.metrics.aggregates import check_aggregates
from propose_keras.metrics.hypotheses import check_num_hypotheses
from propose_keras.pose_model import (
    PoseModel,
    ProbabilisticPoseModel,
    has_latent_density,
    has_pose_density,
    is_probabilistic,
)
from propose_keras.skeletons import H36M_17
from propose_keras.types import Tensor, TensorLike

# Hypotheses in flight per device by default: enough to fill it, little memory.
_ROWS_IN_FLIGHT = 2**16
# Numbers of hypotheses for the curve of error against S.
_CURVE = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


class EvaluationError(ValueError):
    """The model or the poses cannot be evaluated."""


@dataclasses.dataclass(frozen=True, eq=False)
class PoseMeasures:
    """Measures of poses, in the order of the arrays evaluated.

    Attributes:
        values: Measure's name to array, one row per pose that was evaluated; see
            `evaluation.measures`.
        rows: Row in the arrays of each pose evaluated, `(num_poses,)`.
        num_excluded: Poses left out since their ground truth is not finite.
        num_hypotheses: Numbers of hypotheses asked for, increasing.
        curve: Numbers of hypotheses of the columns of `best_*`; holds those asked for.
        seed: Of the hypotheses.
        seconds: Wall time, compilation included.
        hypotheses_per_second: Of all batches but the first, which compiles; NaN if
            there was one batch only or no hypotheses.
        aggregates: What one pose was made of the hypotheses by.
    """

    values: dict[str, np.ndarray]
    rows: np.ndarray
    num_excluded: int
    num_hypotheses: tuple[int, ...]
    curve: tuple[int, ...]
    seed: int
    seconds: float
    hypotheses_per_second: float
    aggregates: tuple[str, ...] = ()

    @property
    def num_poses(self) -> int:
        """Poses evaluated."""
        return len(self.rows)


class Evaluator:
    """Evaluates a model under a protocol, one XLA program per batch.

    The program samples, measures every hypothesis and takes minima on the device;
    measures of poses come back, hypotheses do not. Pose `i` of the arrays gets the row
    seed `(seed, i)`, so measures do not depend on the batch size or on how many
    hypotheses run at once. The last batch is padded, and the padding's measures are
    dropped. Under a `keras.distribution.DataParallel` (JAX) batches are spread over the
    devices; on TensorFlow one device is used.

    Args:
        model: A `PoseModel`; see `propose_keras.pose_model`.
        protocol: What to measure.
        num_hypotheses: Numbers of hypotheses S; for each the best is reported. Empty
            to measure the mode only, as of a model that is not probabilistic.
        seed: Of the hypotheses.
        batch_size: Poses per call of the program.
        chunk_size: Hypotheses per pose that run at once; by default as many as make
            65,536 rows.
        aggregates: Names of `metrics.AGGREGATE_NAMES`: what to make one pose of the
            hypotheses by, and measure.

    Raises:
        ValueError: If a number is out of range.
        EvaluationError: If the model is not one of 17 joints, or hypotheses are asked
            of a model that is not probabilistic.
    """

    def __init__(
        self,
        model: PoseModel,
        protocol: Protocol,
        num_hypotheses: Sequence[int] = (1, 10, 200),
        seed: int = 0,
        batch_size: int = 64,
        chunk_size: int | None = None,
        aggregates: Sequence[str] = (),
    ) -> None:
        self.model = model
        self.protocol = protocol
        self.num_hypotheses = ()
        if len(num_hypotheses):
            self.num_hypotheses = check_num_hypotheses(num_hypotheses)
        self.seed = seed
        if batch_size < 1 or (chunk_size is not None and chunk_size < 1):
            raise ValueError(
                "Expected `batch_size` and `chunk_size` of at least 1, received "
                f"{batch_size} and {chunk_size}."
            )
        if self.num_hypotheses and not is_probabilistic(model):
            raise EvaluationError(
                f"{model.system_name} gives one pose, not a distribution: expected no "
                f"`num_hypotheses`, received {list(self.num_hypotheses)}."
            )
        if model.num_joints != H36M_17.num_joints:
            raise EvaluationError(
                f"The model was trained on {model.num_joints} joints; protocol "
                f"{protocol.name!r} is defined on the 17 of Human3.6M."
            )
        check_aggregates(aggregates)
        if aggregates and not self.num_hypotheses:
            raise EvaluationError(
                f"{', '.join(aggregates)}: expected hypotheses to make one pose of, "
                "received `num_hypotheses` of none."
            )
        if "density_mean" in aggregates and not (
            has_latent_density(model) or has_pose_density(model)
        ):
            raise EvaluationError(
                f"{model.system_name} has no density that hypotheses could be weighted "
                "by: leave density_mean out."
            )
        self.aggregates = tuple(aggregates)
        self.batch_size = batch_size
        self.chunk_size = chunk_size
        self._largest = max(self.num_hypotheses, default=0)
        points = {n for n in _CURVE if n <= self._largest}
        self.curve = tuple(sorted(points | set(self.num_hypotheses)))
        self._compiled = backend.compile_function(
            self.measure_batch, tuple(model.variables)
        )

    def evaluate(
        self,
        arrays: PoseArrays,
        progress: Callable[[int, int], None] | None = None,
    ) -> PoseMeasures:
        """Evaluates poses.

        Args:
            arrays: The poses, selected by the protocol (`select_poses`).
            progress: Called with the number of poses done and their total.

        Returns:
            Measures of the poses whose ground truth is finite.

        Raises:
            EvaluationError: If no pose is left or keypoints are not finite.
        """
        rows = np.flatnonzero(np.isfinite(arrays.pose_3d).all(axis=(1, 2)))
        if not len(rows):
            raise EvaluationError(
                f"None of the {len(arrays)} poses has finite ground truth: there is "
                "nothing to evaluate."
            )
        _check_keypoints(arrays.keypoints_2d[rows])
        sizes = arrays.image_sizes()
        batch_size = self._batch_size(len(rows))
        parts, pending, times = [], None, [time.perf_counter()]
        for start in range(0, len(rows), batch_size):
            # Rows beyond the end repeat the last one.
            batch = rows[np.minimum(start + np.arange(batch_size), len(rows) - 1)]
            seeds = np.stack([np.full_like(batch, self.seed), batch], axis=-1)
            inputs = (
                arrays.keypoints_2d[batch],
                sizes[batch],
                arrays.pose_3d[batch],
                seeds.astype(np.int32),
            )
            running = self._compiled(*(_place(x) for x in inputs))
            # Fetched one batch late, so that the device never waits for the host.
            if pending is not None:
                parts.append(_fetch(pending))
                times.append(time.perf_counter())
                if progress:
                    progress(len(parts) * batch_size, len(rows))
            pending = running
        parts.append(_fetch(pending))
        times.append(time.perf_counter())
        if progress:
            progress(len(rows), len(rows))
        drawn = (len(parts) - 1) * batch_size * self._largest
        return PoseMeasures(
            values={
                name: np.concatenate([part[name] for part in parts])[: len(rows)]
                for name in parts[0]
            },
            rows=rows,
            num_excluded=len(arrays) - len(rows),
            num_hypotheses=self.num_hypotheses,
            curve=self.curve,
            seed=self.seed,
            seconds=times[-1] - times[0],
            hypotheses_per_second=(
                drawn / (times[-1] - times[1]) if drawn else float("nan")
            ),
            aggregates=self.aggregates,
        )

    def _batch_size(self, num_poses: int) -> int:
        batch_size = min(self.batch_size, num_poses)
        distribution = keras.distribution.distribution()
        if distribution is None:
            return batch_size
        num_devices = distribution.device_mesh.devices.size
        return -(-batch_size // num_devices) * num_devices

    def measure_batch(
        self,
        keypoints: TensorLike,
        image_size: TensorLike,
        pose_3d: TensorLike,
        row_seeds: Tensor,
    ) -> dict[str, Tensor]:
        """Measures of a batch: the function that is compiled.

        Args:
            keypoints: `(batch, 17, 2)` pixels.
            image_size: `(batch, 2)` pixels.
            pose_3d: The ground truth, `(batch, 17, 3)` mm.
            row_seeds: Of the hypotheses, `(batch, 2)` int32.

        Returns:
            Dictionary of tensors with a row for each pose; see `evaluation.measures`.
        """
        target = root_centre(pose_3d)
        mode = self.model.mode(keypoints=keypoints, image_size=image_size)
        if not (self.num_hypotheses and is_probabilistic(self.model)):
            return measure_mode(self.protocol, mode, target, keypoints)
        hypotheses, of_hypotheses = self._measure_chunks(
            self.model, keypoints, image_size, target, row_seeds
        )
        measures = measure_hypotheses(of_hypotheses, self.curve)
        measures.update(measure_distribution(hypotheses, target))
        measures.update(
            measure_single(
                self.protocol, mode, hypotheses, of_hypotheses, target, keypoints
            )
        )
        if self.aggregates:
            measures.update(
                measure_aggregates(
                    self.protocol,
                    self._aggregate(mode, hypotheses, keypoints, image_size),
                    target,
                    keypoints,
                )
            )
        if has_pose_density(self.model):
            measures["pose_log_prob"] = self.model.log_prob(
                keypoints=keypoints, image_size=image_size, pose_3d=pose_3d
            )
        if has_latent_density(self.model):
            measures["latent_log_prob"] = self.model.latent_log_prob(
                keypoints=keypoints, image_size=image_size, pose_3d=pose_3d
            )
        return measures

    def _aggregate(self, mode, hypotheses, keypoints, image_size):
        """One pose `(batch, 17, 3)` of the hypotheses, by each aggregate's name."""
        poses = {"mode": mode}
        for name in set(self.aggregates) & set(AGGREGATES):
            poses[name] = AGGREGATES[name](hypotheses)
        if "density_mean" in self.aggregates:
            model: Any = self.model
            by_pose = has_pose_density(model)
            log_prob = model.log_prob if by_pose else model.latent_log_prob
            densities = log_prob(
                keypoints=keypoints, image_size=image_size, pose_3d=hypotheses
            )
            poses["density_mean"] = density_mean(hypotheses, densities)
        return {name: poses[name] for name in self.aggregates}

    def _measure_chunks(
        self,
        model: ProbabilisticPoseModel,
        keypoints,
        image_size,
        target,
        row_seeds,
    ):
        """Hypotheses `(batch, S, 17, 3)` and their measures, `(batch, S)` each."""
        batch_size = keypoints.shape[0]
        total = self._largest
        chunk = self.chunk_size or max(_ROWS_IN_FLIGHT // batch_size, 1)
        num_chunks = -(-total // min(chunk, total))
        # Equal chunks; the last may draw a few hypotheses more than asked for.
        chunk = -(-total // num_chunks)

        def measure(first):
            hypotheses = model.sample(
                keypoints=keypoints,
                image_size=image_size,
                num_hypotheses=chunk,
                seed=row_seeds,
                first_hypothesis=first,
            )
            hypotheses = root_centre(hypotheses)
            measures = measure_poses(
                self.protocol, hypotheses, target[:, None], keypoints[:, None]
            )
            return hypotheses, measures

        if num_chunks == 1:
            return measure(0)

        def unstack(chunks):
            merged = ops.moveaxis(chunks, 0, 1)
            return ops.reshape(merged, (batch_size, -1, *merged.shape[3:]))[:, :total]

        chunks, measures = ops.map(measure, chunk * ops.arange(num_chunks))
        return unstack(chunks), {k: unstack(v) for k, v in measures.items()}


def _check_keypoints(keypoints):
    finite = np.isfinite(keypoints).all(axis=(1, 2))
    if not finite.all():
        raise EvaluationError(
            f"The 2D keypoints of {np.sum(~finite)} of {len(finite)} poses are not "
            "finite. Fill them in or leave those poses out: a lifter needs all joints."
        )


def _place(array):
    """Spreads a batch over the devices of a distribution, if there is one."""
    distribution = keras.distribution.distribution()
    if distribution is None:
        return ops.convert_to_tensor(array)
    layout = distribution.get_data_layout(array.shape)
    return keras.distribution.distribute_tensor(array, layout)


def _fetch(measures):
    return {name: ops.convert_to_numpy(value) for name, value in measures.items()}
