"""What happens at the end of each interval of training."""

import csv
import time

import keras
import numpy as np
from keras import ops
from tensorboard import summary

from propose_keras import backend, files
from propose_keras.cli.errors import UserError
from propose_keras.geometry import root_centre
from propose_keras.metrics.hypotheses import best
from propose_keras.metrics.poses import mpjpe
from propose_keras.training import checkpoints
from propose_keras.training.ema import averaged_weights

# Poses of the held-out subject that a validation looks at, and hypotheses for each.
_NUM_POSES, _NUM_HYPOTHESES, _BATCH_SIZE = 2048, 10, 256


class TensorBoardLog(keras.callbacks.Callback):
    """Logs losses and the held-out subject's error, of the averaged weights.

    Args:
        directory: Folder of the event files.
        validation: `PoseArrays` of the held-out subject; may be empty.
        interval: Steps per epoch of `fit`.
        batch_size: Poses per step.
        best: Lowest error of the mode so far, mm, of a run that goes on.
        best_path: Where the model with the lowest error is kept.
    """

    def __init__(self, directory, validation, interval, batch_size, best, best_path):
        super().__init__()
        self.best = best
        self._best_path = best_path
        self._interval = interval
        self._batch_size = batch_size
        self._start = 0.0
        self._writer = summary.Writer(str(directory))
        self._batches, self._compiled = list(_spread_batches(validation)), None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._writer.close()

    def on_epoch_begin(self, epoch, logs=None):
        """Notes the time."""
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        """Validates, then writes all numbers under the steps taken so far."""
        step = (epoch + 1) * self._interval
        logs = {} if logs is None else logs
        seconds = time.perf_counter() - self._start
        bad = [name for name, value in logs.items() if not np.isfinite(value)]
        if bad:
            raise UserError(
                f"Training diverged before step {step}: {', '.join(bad)} is not "
                "finite. The last checkpoint is sound. Lower --alpha and --beta, or "
                "set --clip_norm, and start anew in another --workdir."
            )
        if self._batches:
            with averaged_weights(self.model):
                logs.update(self._validate())
                if logs["val_mpjpe"] < self.best:
                    self.best = logs["val_mpjpe"]
                    checkpoints.save_model(self.model, self._best_path)
        logs["poses_per_second"] = self._interval * self._batch_size / seconds
        logs["million_poses"] = step * self._batch_size / 1e6
        for name, value in logs.items():
            self._writer.add_scalar(name, float(value), step)
        self._writer.flush()

    def _validate(self):
        if self._compiled is None:
            function = _error_function(self.model)
            self._compiled = backend.compile_function(function, self.model.variables)
        parts = [self._compiled(*batch) for batch in self._batches]
        return {
            name: float(np.mean([ops.convert_to_numpy(part[name]) for part in parts]))
            for name in parts[0]
        }


class HistoryFile(keras.callbacks.Callback):
    """Keeps a run's `history.csv`: what was logged at the end of each interval.

    The file is replaced as a whole. A run that goes on from a checkpoint first drops
    what an interrupted one had noted after it, so each interval has one row.

    Args:
        path: Of the file.
        interval: Steps per epoch of `fit`.
        start_step: Steps that the run has taken before.
    """

    def __init__(self, path, interval, start_step):
        super().__init__()
        self._path, self._interval, self._rows = path, interval, []
        if start_step and path.exists():
            with open(path, newline="", encoding="utf-8") as file:
                rows = list(csv.DictReader(file))
            self._rows = [row for row in rows if int(row["step"]) <= start_step]

    def on_epoch_end(self, epoch, logs=None):
        """Adds a row."""
        step = (epoch + 1) * self._interval
        row = {name: f"{float(value):.6g}" for name, value in (logs or {}).items()}
        self._rows.append({"step": step, **row})
        with (
            files.whole_file(self._path) as staged,
            open(staged, "w", newline="", encoding="utf-8") as file,
        ):
            writer = csv.DictWriter(file, list(self._rows[0]), extrasaction="ignore")
            writer.writeheader()
            writer.writerows(self._rows)


class Checkpoints(keras.callbacks.Callback):
    """Saves a checkpoint at the end of each interval.

    Args:
        directory: Folder of the checkpoints.
        log: The run's `TensorBoardLog`, which knows the best score.
    """

    def __init__(self, directory, log):
        super().__init__()
        self._directory = directory
        self._log = log

    def on_epoch_end(self, epoch, logs=None):
        """Saves weights, optimizers, step and best score."""
        state = {"best": self._log.best} if np.isfinite(self._log.best) else {}
        checkpoints.save_checkpoint(self.model, self._directory, state)


def _spread_batches(arrays):
    """Full batches of rows spread over all clips, the same at every validation."""
    if not len(arrays):
        return
    rows = np.unique(np.linspace(0, len(arrays) - 1, _NUM_POSES).astype(int))
    batch_size = min(_BATCH_SIZE, len(rows))
    sizes = arrays.image_sizes()
    for start in range(0, len(rows) - batch_size + 1, batch_size):
        batch = rows[start : start + batch_size]
        seeds = np.stack([np.zeros_like(batch), batch], axis=-1).astype("int32")
        yield arrays.keypoints_2d[batch], sizes[batch], arrays.pose_3d[batch], seeds


def _error_function(model):
    def errors(keypoints, image_size, pose_3d, seeds):
        target = root_centre(pose_3d)
        mode = model.mode(keypoints=keypoints, image_size=image_size)
        result = {"val_mpjpe": mpjpe(mode, target)}
        if model.is_probabilistic:
            hypotheses = model.sample(
                keypoints=keypoints,
                image_size=image_size,
                num_hypotheses=_NUM_HYPOTHESES,
                seed=seeds,
            )
            of_hypotheses = best(mpjpe(hypotheses, target[:, None]))
            result[f"val_mpjpe_{_NUM_HYPOTHESES}"] = of_hypotheses
        return result

    return errors
