"""Smooth functions of time: steps, bumps, band-limited noise, sequences."""

import numpy as np


def smooth_step(x: np.ndarray) -> np.ndarray:
    """Minimum-jerk step from 0 at `x <= 0` to 1 at `x >= 1`, same shape as `x`.

    The polynomial of Flash and Hogan, "The coordination of arm movements" (1985):
    speed and acceleration are zero at both ends.
    """
    x = np.clip(x, 0.0, 1.0)
    return x**3 * (10 - 15 * x + 6 * x**2)


def bump(x: np.ndarray) -> np.ndarray:
    """Smooth bump on 0..1 that peaks early, with the value 1 at `x = 3/7`."""
    x = np.clip(x, 0.0, 1.0)
    return x**3 * (1 - x) ** 4 / ((3 / 7) ** 3 * (4 / 7) ** 4)


def noise(
    rng: np.random.Generator,
    times: np.ndarray,
    num_channels: int,
    low: float = 0.08,
    high: float = 0.6,
    num_terms: int = 6,
) -> np.ndarray:
    """Band-limited noise as a sum of sinusoids, so that it has a value at any time.

    Args:
        rng: Source of the frequencies and phases.
        times: Seconds, `(frames,)`.
        num_channels: Number of independent signals.
        low: Lowest frequency, Hz.
        high: Highest frequency, Hz.
        num_terms: Sinusoids in each signal.

    Returns:
        Signals of mean 0 and standard deviation 1, `(frames, num_channels)`.
    """
    shape = (num_channels, num_terms)
    frequencies = np.exp(rng.uniform(np.log(low), np.log(high), shape))
    phases = rng.uniform(0, 2 * np.pi, shape)
    angles = 2 * np.pi * frequencies * times[:, None, None] + phases
    return np.sqrt(2 / num_terms) * np.sin(angles).sum(axis=-1)


def sequence(
    times: np.ndarray,
    starts: list[float],
    durations: list[float],
    values: list[np.ndarray],
) -> np.ndarray:
    """Holds one value after another, with minimum-jerk transitions in between.

    Args:
        times: Seconds, `(frames,)`.
        starts: Start of the transition to each value, seconds, ascending. The
            first value holds from the beginning; its start is not used.
        durations: Length of each transition, seconds.
        values: Held values, each `(channels,)` or, if it moves, `(frames, channels)`.

    Returns:
        The signal, `(frames, channels)`.
    """
    shape = (len(times), np.shape(values[0])[-1])
    signal = np.broadcast_to(values[0], shape).astype(float)
    for start, duration, before, after in zip(
        starts[1:], durations[1:], values[:-1], values[1:]
    ):
        weight = smooth_step((times - start) / duration)[:, None]
        signal = signal + weight * (np.asarray(after) - np.asarray(before))
    return signal
