"""Smoothing of one person's motion by what the hypotheses say of its uncertainty.

The covariance of a joint over the hypotheses tells where a pose is uncertain: along the
line of sight far more than across. A share of it is noise that differs from frame to
frame, which a Kalman smoother takes out; the rest, such as a depth or a body that is
misjudged, lasts, and no average over frames helps against it. The smoother is linear,
and each hypothesis, whose noise lasts as errors do (`inference.trajectories`), goes
through it like the mode: what remains between the hypotheses is what is not known.
"""

import numpy as np

from propose_keras.inference.kalman import State, kalman_filter, smooth

# Share of the hypotheses' covariance that is noise from frame to frame; see
# docs/video.md.
NOISE_SHARE = 0.3
# Spectral densities of joints' accelerations, mm^2 per cubed frame, that are tried for
# each joint by the likelihood of the measurements, and what is known before: the
# logarithm is normal about a typical one, with a deviation of a decade.
_DENSITIES = 10.0 ** np.arange(-2.0, 4.1, 0.5)
_TYPICAL = 10.0
# mm: no measurement is surer.
_LEAST_DEVIATION = 0.1
# Hypotheses further from the mode than so many times the median are moved there.
_FARTHEST = 5.0
# After a longer gap, in frames, a motion starts anew.
_LONGEST_GAP = 60


class TrackFilter:
    """Filters or smooths the points of one track, part after part."""

    def __init__(self) -> None:
        self._start_anew()
        decades = np.log10(_DENSITIES / _TYPICAL)
        self._log_likelihood = -0.5 * decades[:, None] ** 2

    def _start_anew(self):
        self._state: State | None = None
        # Of the first motion alone, under each of the densities.
        self._trial: State | None = None

    def rest(self, time: int) -> None:
        """Ends a motion that was last seen long before a time."""
        if self._state is not None and time - self._state.time > _LONGEST_GAP:
            self._start_anew()

    def filter(self, times: np.ndarray, points: np.ndarray) -> np.ndarray:
        """Each frame by itself and those before it.

        Args:
            times: `(frames,)` ints that increase, above those of the last call.
            points: `(frames, 1 + S, P, 3)` mm: a mode and hypotheses, of P points.

        Returns:
            As `points`.
        """
        found = []
        for time, measured in zip(times, points):
            part = np.array([time]), measured[None]
            found.append(self.smooth(*part, 1)[0])
        return np.stack(found)

    def smooth(
        self, times: np.ndarray, points: np.ndarray, num_final: int
    ) -> np.ndarray:
        """Frames by those before them and those after, as far as they are here.

        Args:
            times: `(frames,)` ints that increase. The final ones are above those of the
                last call; others may come again.
            points: `(frames, 1 + S, P, 3)` mm: a mode and hypotheses, of P points.
            num_final: Number of frames that are final, at least 1.

        Returns:
            The final frames, `(num_final, 1 + S, P, 3)`.
        """
        self.rest(times[0])
        gaps = np.flatnonzero(np.diff(times) > _LONGEST_GAP) + 1
        if len(gaps):
            first = min(int(gaps[0]), num_final)
            head = self.smooth(times[: gaps[0]], points[: gaps[0]], first)
            if first == num_final:
                return head
            rest = slice(int(gaps[0]), None)
            tail = self.smooth(times[rest], points[rest], num_final - first)
            return np.concatenate([head, tail])
        noise = NOISE_SHARE * covariance(points)
        density = self._find_density(times, points[:, 0], noise, num_final)
        filtered = kalman_filter(times, points, noise, density, self._state)
        self._state = filtered.updated[num_final - 1]
        if len(times) == num_final == 1:
            return self._state.mean[None, ..., :3]
        return smooth(filtered)[0][:num_final]

    def _find_density(self, times, modes, noise, num_final):
        """The likeliest density of each point, `(P,)`."""

        def try_all(part, before):
            frames = times[part], modes[part], noise[part]
            return kalman_filter(*frames, _DENSITIES[:, None], before)

        filtered = try_all(slice(num_final), self._trial)
        self._trial = filtered.updated[-1]
        self._log_likelihood = self._log_likelihood + filtered.log_likelihood
        likelihood = self._log_likelihood
        if len(times) > num_final:
            filtered = try_all(slice(num_final, None), self._trial)
            likelihood = likelihood + filtered.log_likelihood
        return _DENSITIES[likelihood.argmax(axis=0)]


def covariance(points: np.ndarray) -> np.ndarray:
    """Covariance of hypotheses about the mode.

    Args:
        points: `(..., 1 + S, P, 3)` mm: a mode and S hypotheses.

    Returns:
        `(..., P, 3, 3)` mm^2.
    """
    deviations = points[..., 1:, :, :] - points[..., :1, :, :]
    length = np.linalg.norm(deviations, axis=-1, keepdims=True)
    farthest = _FARTHEST * np.median(length, axis=-3, keepdims=True)
    deviations *= np.minimum(1.0, farthest / np.maximum(length, 1e-6))
    deviations = np.moveaxis(deviations, -3, -2)  # (..., P, S, 3)
    square = np.swapaxes(deviations, -1, -2) @ deviations / deviations.shape[-2]
    return square + _LEAST_DEVIATION**2 * np.eye(3)
