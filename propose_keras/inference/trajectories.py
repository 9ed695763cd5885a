"""Noise that is smooth in time, so that hypothesis i of a track is one motion.

White noise on a grid of times is blurred by a Gaussian and scaled to unit variance: the
noise of a frame is standard normal as before, and that of two frames is correlated by
`exp(-(t - t')^2 / (2 T^2))`, with T the correlation time in frames. It is a function of
seed, track, time and hypothesis: how a stream is cut into batches and which frames are
missing changes nothing.
"""

import zlib

import numpy as np

from propose_keras import random
from propose_keras.types import Tensor

# Points of the grid, T apart, whose noise a frame's is made of. Those further away
# weigh less than 2e-4.
NUM_POINTS = 6
# Keeps this noise apart from that of rows.
_TRAJECTORY = 0x747261


def grid_of(times: np.ndarray, correlation_time: float) -> tuple[np.ndarray, ...]:
    """The grid points around some times, and their weights.

    Args:
        times: `(batch,)` ints, frames.
        correlation_time: T, frames, above 0.

    Returns:
        Points `(batch, NUM_POINTS)` int32, and weights of the same shape, float32,
        whose squares add up to 1.
    """
    position = np.asarray(times, np.float64) / correlation_time
    first = np.floor(position).astype(np.int64) - NUM_POINTS // 2 + 1
    points = first[:, None] + np.arange(NUM_POINTS)
    weights = np.exp(-((position[:, None] - points) ** 2))
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    # Numbers of frames may be large; the counter of the generator has 32 bits.
    return (points % 2**31).astype(np.int32), weights.astype(np.float32)


def track_seed(seed: int, track: int | str) -> tuple[int, int]:
    """Seed of a track's noise: two ints of 31 bits."""
    if isinstance(track, str):
        track = zlib.crc32(track.encode())
    return seed, track % 2**31


def smooth_normal(
    seeds: Tensor, num_draws: int, size: int, points: Tensor, weights: Tensor
) -> Tensor:
    """Standard normal noise of (track, draw, coordinate), smooth in time.

    Args:
        seeds: `(batch, 2)`, of the tracks.
        num_draws: Draws (hypotheses) per row.
        size: Numbers per draw.
        points: `(batch, NUM_POINTS)`, see `grid_of`.
        weights: `(batch, NUM_POINTS)`, see `grid_of`.

    Returns:
        `(batch, num_draws, size)` float32.
    """
    seeds = random.fold_in(seeds, _TRAJECTORY)
    total = 0.0
    for point in range(NUM_POINTS):
        seed = random.fold_in(seeds, points[:, point])
        noise = random.normal(seed, num_draws, size)
        total = total + weights[:, point, None, None] * noise
    return total
