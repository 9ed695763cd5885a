"""Endless batches from arrays in memory, a function of (seed, step) only."""

from __future__ import annotations

import collections
from collections.abc import Iterator

import numpy as np

from propose_keras.data.arrays import PoseArrays
from propose_keras.data.augmentations import Augmentation, Batch

# Keep the streams of order and augmentation apart under one seed.
_ORDER_STREAM, _AUGMENTATION_STREAM = 0, 1


def batches(
    arrays: PoseArrays,
    batch_size: int,
    seed: int,
    start_step: int = 0,
    augmentations: tuple[Augmentation, ...] = (),
) -> Iterator[Batch]:
    """Yields shuffled batches without end.

    Epoch `e` goes through all rows in a permutation drawn from `(seed, e)`; the
    epochs are laid end to end and cut into batches, so a batch may span two epochs
    and none is partial. Step `t` is therefore a function of `(seed, t)` alone, and
    a run resumed with `start_step=t` sees what the interrupted run would have seen.
    Shuffling costs the permutation; the arrays stay where they are.

    Args:
        arrays: Rows to draw from.
        batch_size: Rows per batch.
        seed: Non-negative seed of order and augmentation.
        start_step: First step to yield.
        augmentations: Applied in order to each batch, each with the step's generator.
            They see the cameras too: `inputs` has `intrinsics` (B, 4), `distortion`
            (B, 5) and `rotation` (B, 3, 3), world to camera, for them.

    Yields:
        `({"keypoints": (B, 17, 2) pixels, "image_size": (B, 2) pixels},
        pose_3d (B, 17, 3) mm)`, float32.

    Raises:
        ValueError: If there are no rows, or a number is out of range.
    """
    num_rows = len(arrays)
    if num_rows == 0:
        raise ValueError("There are no rows to draw batches from.")
    if batch_size < 1 or start_step < 0 or seed < 0:
        raise ValueError(
            "Expected batch_size >= 1, start_step >= 0 and seed >= 0, received "
            f"{batch_size}, {start_step} and {seed}."
        )
    return _batches(arrays, batch_size, seed, start_step, augmentations)


def _batches(arrays, batch_size, seed, step, augmentations) -> Iterator[Batch]:
    num_rows = len(arrays)
    sizes = np.array([clip.image_size for clip in arrays.clips], np.float32)
    cameras = {
        name: np.array([getattr(clip, name) for clip in arrays.clips], np.float32)
        for name in ("intrinsics", "distortion", "rotation")
    }
    orders = collections.OrderedDict()

    def order(epoch: int) -> np.ndarray:
        if epoch not in orders:
            if len(orders) == 2:
                orders.popitem(last=False)
            generator = np.random.default_rng([seed, _ORDER_STREAM, epoch])
            orders[epoch] = generator.permutation(num_rows)
        return orders[epoch]

    while True:
        first, end = step * batch_size, (step + 1) * batch_size
        pieces = []
        while first < end:
            epoch, offset = divmod(first, num_rows)
            pieces.append(order(epoch)[offset : offset + end - first])
            first += len(pieces[-1])
        rows = np.concatenate(pieces)
        clips = arrays.clip_index[rows]
        batch = (
            {
                "keypoints": arrays.keypoints_2d[rows],
                "image_size": sizes[clips],
                **{name: values[clips] for name, values in cameras.items()},
            },
            arrays.pose_3d[rows],
        )
        generator = np.random.default_rng([seed, _AUGMENTATION_STREAM, step])
        for augmentation in augmentations:
            batch = augmentation(batch, generator)
        inputs, pose_3d = batch
        yield {k: v for k, v in inputs.items() if k not in cameras}, pose_3d
        step += 1
