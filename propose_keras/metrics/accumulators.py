"""Sums over poses, kept in float64 on the host."""

import numpy as np


class Mean:
    """Streaming mean of per-pose values; values that are not finite are left out.

    Attributes:
        count: Number of values averaged.
        num_excluded: Number of values left out.
    """

    def __init__(self):
        self._sum = 0.0
        self.count = 0
        self.num_excluded = 0

    def update(self, values):
        """Adds values of any shape, such as the `(batch,)` that a metric returns."""
        values = np.asarray(values, np.float64)
        finite = values[np.isfinite(values)]
        self._sum += finite.sum()
        self.count += finite.size
        self.num_excluded += values.size - finite.size

    def result(self) -> float:
        """The mean so far; NaN if there is no value yet."""
        return self._sum / self.count if self.count else float("nan")


class GroupMean:
    """Streaming means of per-pose values by group, such as by action."""

    def __init__(self):
        self._groups: dict[str, Mean] = {}

    def update(self, values, groups):
        """Adds one value per pose.

        Args:
            values: `(batch,)`.
            groups: Name of each value's group, `(batch,)`.
        """
        values, groups = np.asarray(values), np.asarray(groups)
        for group in np.unique(groups):
            mean = self._groups.setdefault(str(group), Mean())
            mean.update(values[groups == group])

    def by_group(self) -> dict[str, float]:
        """Mean of each group, sorted by name."""
        return {name: self._groups[name].result() for name in sorted(self._groups)}

    def result(self, weighting="group") -> float:
        """The mean over everything.

        Args:
            weighting: `"group"` for the unweighted mean of the groups' means (the
                action mean of Human3.6M), `"pose"` for the mean over poses.
        """
        means = [m for m in self._groups.values() if m.count]
        if weighting == "group":
            return float(np.mean([m.result() for m in means])) if means else np.nan
        if weighting == "pose":
            count = sum(m.count for m in means)
            return sum(m.result() * m.count for m in means) / count if count else np.nan
        raise ValueError(
            f"`weighting` must be 'group' or 'pose', received {weighting!r}."
        )


class LatentNegativeLogLikelihood(Mean):
    """Streaming mean of the latent negative log-likelihood in nats.

    The flow's density is exact for the latent `w` of Eq. 9, not for the 3D pose; the
    figure compares models of the same latent space only.
    """

    def update(self, log_prob):
        """Adds log-likelihoods, `(batch,)` nats, such as of `latent_log_prob`."""
        super().update(-np.asarray(log_prob, np.float64))
