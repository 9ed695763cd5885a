"""Several answers: the modes of a pose's hypotheses.

Seen by one camera, the end of a limb may lie before or behind its parent joint
(Sminchisescu and Triggs, "Kinematic jump processes for monocular 3D human tracking",
2003). Hypotheses then fall into two heaps of one bone's depth. The bone whose depths
fall apart most clearly divides the hypotheses of a pose, and the heaps are divided once
more.

How clearly is told by the share of the variance that lies between the heaps, at the
threshold where it is largest (Otsu, "A threshold selection method from gray-level
histograms", 1979): 2 / pi, .64, of a Gaussian, .75 of a uniform distribution, 1 of two
points. Of a few draws it is large by chance, so that fewer than 50 are not divided.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from propose_keras.skeletons import H36M_17

MAX_MODES = 3
# Of the variance between heaps; a uniform distribution has 3/4.
_CLEAR_SHARE = 0.8
# Of fewer hypotheses of a Gaussian some bone's share is above that by chance: of 30 in
# every seventh pose, of 20 in almost every other.
_LEAST_DIVIDED = 50
# Least share of a pose's hypotheses in a mode, and how far apart two of them are, mm.
_LEAST_WEIGHT, _APART = 0.05, 100.0
_BONES = np.array([(parent, child) for parent, child in H36M_17.bones])


class PoseModes(NamedTuple):
    """Up to three modes of each of N poses, the heaviest first.

    Attributes:
        poses: `(N, 3, 17, 3)` mm, as hypotheses: the hypothesis nearest to the mean of
            those of the mode; NaN where there are fewer modes.
        weights: `(N, 3)`: share of the hypotheses; 0 where there are fewer modes.
        members: `(N, S)` int: the mode of each hypothesis.
    """

    poses: np.ndarray
    weights: np.ndarray
    members: np.ndarray


def find_modes(
    hypotheses: np.ndarray, forward: Sequence[float] = (0.0, 0.0, 1.0)
) -> PoseModes:
    """The modes of hypotheses.

    Args:
        hypotheses: `(N, S, 17, 3)` mm relative to the hip; S at least 1. Fewer than 50
            are taken for one mode.
        forward: Where the camera looks, a unit vector in their axes.
    """
    num_poses, count = hypotheses.shape[:2]
    poses = np.full((num_poses, MAX_MODES, *hypotheses.shape[2:]), np.nan, np.float32)
    weights = np.zeros((num_poses, MAX_MODES), np.float32)
    members = np.zeros((num_poses, count), np.int64)
    for row, drawn in enumerate(hypotheses):
        heaps = _heaps(drawn, np.asarray(forward, drawn.dtype))
        heaps.sort(key=lambda heap: (-len(heap), heap[0]))
        for place, heap in enumerate(heaps):
            weights[row, place] = len(heap) / count
            members[row, heap] = place
            offset = drawn[heap] - drawn[heap].mean(axis=0)
            nearest = np.argmin(np.sum(offset**2, axis=(1, 2)))
            poses[row, place] = drawn[heap[nearest]]
    return PoseModes(poses, weights, members)


def _heaps(drawn, forward):
    """Arrays of indices of the hypotheses `(S, 17, 3)` of each mode."""
    depth = (drawn[:, _BONES[:, 1]] - drawn[:, _BONES[:, 0]]) @ forward
    least = int(np.ceil(_LEAST_WEIGHT * len(drawn)))
    heaps = [np.arange(len(drawn))]
    splits = [_best_split(depth, heaps[0], least)]
    while len(heaps) < MAX_MODES:
        clearest = max(range(len(heaps)), key=lambda index: splits[index][0])
        share, parts = splits[clearest]
        if share < _CLEAR_SHARE:
            break
        heaps[clearest : clearest + 1] = parts
        splits[clearest : clearest + 1] = [
            _best_split(depth, part, least) for part in parts
        ]
    return heaps


def _best_split(depth, heap, least):
    """Share of the variance between two parts, and the parts; 0 and none of few draws.

    Args:
        depth: Of each bone's end relative to its start, `(S, bones)` mm.
        heap: Indices of hypotheses.
        least: Hypotheses that a part has at least.
    """
    count = len(heap)
    if count < _LEAST_DIVIDED:
        return 0.0, []
    order = np.argsort(depth[heap], axis=0, kind="stable")
    values = np.take_along_axis(depth[heap], order, axis=0).astype(np.float64)
    total = values.sum(axis=0)
    below = np.cumsum(values, axis=0)[:-1]
    number = np.arange(1, count)[:, None]
    apart = (total - below) / (count - number) - below / number
    between = number * (count - number) / count**2 * apart**2
    share = between / np.maximum(values.var(axis=0), 1e-9)
    allowed = (number >= least) & (count - number >= least) & (apart >= _APART)
    share = np.where(allowed, share, 0.0)
    cut, bone = np.unravel_index(np.argmax(share), share.shape)
    below, above = order[: cut + 1, bone], order[cut + 1 :, bone]
    return share[cut, bone], [np.sort(heap[below]), np.sort(heap[above])]
