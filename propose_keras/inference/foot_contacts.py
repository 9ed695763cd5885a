"""When feet are at rest: slow, and low.

Ankles are the joints `LFoot` and `RFoot` of Human3.6M's layout. One at rest stands at
3.9 % of the stature over the floor (Drillis and Contini's share of a foot's height;
Winter, "Biomechanics and Motor Control of Human Movement", Fig. 4.1).
"""

import numpy as np

from propose_keras.skeletons import H36M_17

FEET = [H36M_17.index("LFoot"), H36M_17.index("RFoot")]
ANKLE_SHARE = 0.039
# Of a foot on the floor, mm/s: those of walkers swing at several thousand, while errors
# of poses make resting ones move by hundreds.
REST_SPEED = 400.0
# Seconds to both sides over which a speed is measured, and the shortest rest.
_SPEED_WINDOW, _SHORTEST_REST = 1 / 15, 0.1
# A longer gap between rows, in seconds, ends a rest.
_LONGEST_GAP = 0.25


def speeds(
    times: np.ndarray,
    ankles: np.ndarray,
    frame_rate: float,
    sight: np.ndarray | None = None,
    along: float = 0.0,
) -> np.ndarray:
    """Speeds of ankles.

    Args:
        times: `(n,)` ints that increase.
        ankles: `(n, 2, 3)` mm.
        frame_rate: Frames per second.
        sight: Unit vectors `(n, 2, 3)` along which the motion is hardly known.
        along: Share of the motion along them that counts.

    Returns:
        `(n, 2)` mm/s, of the way from 1/15 s before to 1/15 s after.
    """
    reach = max(1, round(_SPEED_WINDOW * frame_rate))
    rows = np.arange(len(times))
    before = np.maximum(np.searchsorted(times, times - reach), 0)
    after = np.searchsorted(times, times + reach, "right") - 1
    before = np.where(before == after, np.maximum(rows - 1, 0), before)
    seconds = np.maximum(times[after] - times[before], 1) / frame_rate
    way = ankles[after] - ankles[before]
    if sight is not None:
        far = np.sum(way * sight, axis=-1, keepdims=True) * sight
        way = way + (along - 1) * far
    return np.linalg.norm(way, axis=-1) / seconds[:, None]


def rests(
    times: np.ndarray, candidates: np.ndarray, frame_rate: float
) -> list[tuple[int, slice]]:
    """Runs of frames in which a foot may be at rest, long enough to believe.

    Args:
        times: `(n,)` ints that increase.
        candidates: `(n, 2)` bool.
        frame_rate: Frames per second.

    Returns:
        The foot, 0 or 1, and the rows of each.
    """
    breaks = np.diff(times) > max(1.0, _LONGEST_GAP * frame_rate)
    found = []
    for foot, still in enumerate(candidates.T):
        change = np.flatnonzero((still[1:] != still[:-1]) | breaks) + 1
        edges = [0, *change.tolist(), len(still)]
        for first, end in zip(edges[:-1], edges[1:]):
            lasts = (times[end - 1] - times[first] + 1) / frame_rate
            if still[first] and lasts >= _SHORTEST_REST:
                found.append((foot, slice(first, end)))
    return found
