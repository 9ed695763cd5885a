"""Kalman filter and Rauch-Tung-Striebel smoother of points in space.

A point moves at a velocity that white noise drives (a constant-velocity prior;
Bar-Shalom et al., "Estimation with Applications to Tracking and Navigation", 2001, Sec.
6.2) and is measured with errors that are independent from frame to frame, each with a
covariance of its own. The smoother is that of Rauch, Tung and Striebel, "Maximum
likelihood estimates of linear dynamic systems", 1965. Points are filtered side by side.
"""

from typing import NamedTuple

import numpy as np

_DIMENSIONS = 3
# Deviation of what is not known before the first measurement, in those of it.
_VAGUE = 1e2


class State(NamedTuple):
    """Position and velocity of each point.

    Attributes:
        mean: `(..., 6)`: position, velocity per frame.
        covariance: `(..., 6, 6)`.
        time: Frame that they are of.
    """

    mean: np.ndarray
    covariance: np.ndarray
    time: int


class Filtered(NamedTuple):
    """What a filter knows at each frame.

    Attributes:
        predicted: Before the frame's measurement, one `State` per frame.
        updated: After it.
        log_likelihood: `(...)` nats, of all measurements but those that start it.
    """

    predicted: list[State]
    updated: list[State]
    log_likelihood: np.ndarray


def kalman_filter(
    times: np.ndarray,
    measured: np.ndarray,
    noise: np.ndarray,
    acceleration: np.ndarray,
    before: State | None = None,
) -> Filtered:
    """Filters measurements of points.

    Args:
        times: `(frames,)` ints that increase.
        measured: `(frames, ..., 3)`.
        noise: `(frames, ..., 3, 3)` covariances of the measurements. Leading axes that
            measurements have beyond these share covariances, which are computed once.
        acceleration: `(...)` spectral density of the white acceleration, in squared
            lengths per cubed frame.
        before: Where an earlier part of the same points ended.
    """
    predicted, updated = [], []
    alone = np.broadcast_shapes(noise.shape[1:-2], acceleration.shape)
    total = np.zeros(np.broadcast_shapes(measured.shape[1:-1], alone))
    for time, value, covariance in zip(times.tolist(), measured, noise):
        if before is None:
            state = _start(value, covariance, total.shape, alone, time)
        else:
            state = _predict(before, time, acceleration)
        innovation = value - state.mean[..., :_DIMENSIONS]
        spread = state.covariance[..., :_DIMENSIONS, :_DIMENSIONS] + covariance
        inverse = np.linalg.inv(spread)
        gain = state.covariance[..., :_DIMENSIONS] @ inverse
        if before is not None:
            distance = np.einsum(
                "...i,...ij,...j->...", innovation, inverse, innovation
            )
            total = total - 0.5 * (distance + np.linalg.slogdet(spread)[1])
        predicted.append(state)
        mean = state.mean + np.einsum("...ij,...j->...i", gain, innovation)
        after = state.covariance - gain @ np.swapaxes(
            state.covariance[..., :_DIMENSIONS], -1, -2
        )
        before = State(mean, _symmetric(after), time)
        updated.append(before)
    return Filtered(predicted, updated, total)


def smooth(filtered: Filtered) -> tuple[np.ndarray, np.ndarray]:
    """Positions given all measurements, those of later frames too.

    Returns:
        Means `(frames, ..., 3)` and covariances `(frames, ..., 3, 3)`.
    """
    state = filtered.updated[-1]
    means, covariances = [state.mean], [state.covariance]
    pairs = zip(filtered.updated[-2::-1], filtered.predicted[:0:-1])
    for updated, predicted in pairs:
        transition = _transition(predicted.time - updated.time)
        gain = updated.covariance @ transition.T @ np.linalg.inv(predicted.covariance)
        change = means[-1] - predicted.mean
        means.append(updated.mean + np.einsum("...ij,...j->...i", gain, change))
        wider = gain @ (covariances[-1] - predicted.covariance)
        covariances.append(
            _symmetric(updated.covariance + wider @ np.swapaxes(gain, -1, -2))
        )
    return (
        np.stack(means[::-1])[..., :_DIMENSIONS],
        np.stack(covariances[::-1])[..., :_DIMENSIONS, :_DIMENSIONS],
    )


def _start(value, covariance, shape, alone, time):
    mean = np.zeros((*shape, 2 * _DIMENSIONS))
    mean[..., :_DIMENSIONS] = value
    size = np.trace(covariance, axis1=-2, axis2=-1)[..., None, None] / _DIMENSIONS
    vague = np.zeros((*alone, 2 * _DIMENSIONS, 2 * _DIMENSIONS))
    vague += _VAGUE**2 * size * np.eye(2 * _DIMENSIONS)
    # The velocity is that of a body, not of light.
    vague[..., _DIMENSIONS:, _DIMENSIONS:] *= 1e-2
    return State(mean, vague, time)


def _predict(state, time, acceleration):
    steps = time - state.time
    transition = _transition(steps)
    driven = np.kron(
        np.array([[steps**3 / 3, steps**2 / 2], [steps**2 / 2, steps]]),
        np.eye(_DIMENSIONS),
    )
    covariance = transition @ state.covariance @ transition.T
    return State(
        state.mean @ transition.T,
        covariance + acceleration[..., None, None] * driven,
        time,
    )


def _transition(steps):
    return np.kron(np.array([[1.0, steps], [0.0, 1.0]]), np.eye(_DIMENSIONS))


def _symmetric(matrix):
    return (matrix + np.swapaxes(matrix, -1, -2)) / 2
