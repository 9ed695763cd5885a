"""MediaPipe's probabilities of a landmark as one score."""

import numpy as np
from numpy.typing import ArrayLike

LAYOUT = "mediapipe33"
PRESENCE = "presence"
_PROBABILITIES = ("visibility", "visible", "vis", "v", PRESENCE)
# What the score of a landmark that is surely there lacks to 1.
_LEAST_DOUBT = 0.2


def is_layout(layout: str | None, num_joints: int = 0) -> bool:
    """Whether joints are MediaPipe's landmarks: by their layout, else their number."""
    return layout == LAYOUT or (layout is None and num_joints == 33)


def is_probability(key: str) -> bool:
    """Whether a number is called as MediaPipe calls its probabilities, not a score."""
    return key.lower() in _PROBABILITIES


def smaller_of(visibility: ArrayLike, presence: ArrayLike | None = None) -> np.ndarray:
    """The smaller of a landmark's two probabilities, NaN where there is none.

    Args:
        visibility: Of being in the picture and not hidden.
        presence: Of being in the picture. NaN and 0 beside a visibility mean that it is
            not known: older versions of MediaPipe leave it unset.
    """
    visibility = np.asarray(visibility, float)
    if presence is None:
        return visibility
    presence = np.asarray(presence, float)
    is_set = (presence > 0) | ~(visibility > 0)
    return np.fmin(visibility, np.where(is_set, presence, np.nan))


def score_of(visibility: ArrayLike, presence: ArrayLike | None = None) -> np.ndarray:
    """Scores, as `Lifter` understands them, of MediaPipe's two probabilities.

    A lifter takes a joint of score s to deviate by `50 (1 - s)` mm per axis. The
    smaller of the two, less 0.2, comes near to how landmarks scatter when the same
    picture is cropped and scaled (`benchmarks/detection_scatter.py`), and puts those
    of less than one half, which are not seen, below the lifter's threshold.

    Args:
        visibility: See `smaller_of`.
        presence: See `smaller_of`.

    Returns:
        In 0..0.8; NaN where there is neither.
    """
    return np.maximum(smaller_of(visibility, presence) - _LEAST_DOUBT, 0.0)
