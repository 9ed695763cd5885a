"""Do people lie inside the image whose size was stated?"""

import functools

import numpy as np

from propose_keras.inference.readings import exchanged
from propose_keras.skeletons import get_skeleton

# Share of the longer side by which guessed joints may lie outside.
_MARGIN = 0.05
# Least share of all joints, and of those that are seen when the rest of a person is cut
# off, outside the stated image, and greatest share outside one of width and height
# exchanged, at which the latter is meant.
_OUTSIDE, _UPPER_OUTSIDE, _OUTSIDE_EXCHANGED = 0.25, 0.1, 0.02
_UPPER = ("Head", "Nose", "Eye", "Ear", "Neck", "Thorax", "Shoulder")
# Share of its joints at which a person lies outside, and share of such people, whom no
# detector could have seen, at which the size is wrong.
_PERSON, _PEOPLE = 0.9, 0.2
# Share of joints outside at which x and y cannot have been exchanged.
_FORBIDDEN = 0.1


class ImageBounds:
    """Counts what lies outside the images."""

    def __init__(self) -> None:
        self._size = (0.0, 0.0)
        self._joints, self._outside, self._outside_exchanged = 0, 0, 0
        self._upper, self._upper_outside = 0, 0
        self._people, self._people_outside = 0, 0
        self._farthest = np.zeros(2)

    def add(
        self,
        keypoints: np.ndarray,
        measured: np.ndarray,
        layout: str,
        image_size: tuple[float, float] | None,
        aspect: float = 1.0,
    ) -> None:
        """Counts one person.

        Args:
            keypoints: `(J, 2)` pixels.
            measured: `(J,)` bool, of which at least one is true.
            layout: Name of the joint order.
            image_size: Width and height of the image, if known.
            aspect: See `readings.read_as`.
        """
        if image_size is None:
            return
        self._size = image_size
        points = keypoints[measured]
        outside = _outside(points, image_size)
        upper = is_upper(layout)[measured]
        self._joints += len(points)
        self._outside += int(outside.sum())
        self._upper += int(upper.sum())
        self._upper_outside += int(outside[upper].sum())
        other = _outside(exchanged(points, aspect), image_size, _MARGIN)
        self._outside_exchanged += int(other.sum())
        far_outside = _outside(points, image_size, _MARGIN)
        self._people += 1
        self._people_outside += bool(far_outside.mean() >= _PERSON)
        self._farthest = np.maximum(self._farthest, points.max(axis=0))

    def forbid_exchange(self) -> bool:
        """Whether x and y cannot have been exchanged, since they would lie outside.

        Told of images wider than high only: with x and y, width and height are often
        exchanged too.
        """
        width, height = self._size
        outside = self._outside_exchanged / max(1, self._joints)
        return width > height and outside > _FORBIDDEN

    def describe(self) -> str | None:
        """What is wrong with the size, in words."""
        if not self._people:
            return None
        width, height = (round(side) for side in self._size)
        outside = self._outside / self._joints
        share = f"{100 * outside:.0f} % of the joints lie outside the image of"
        if (
            outside > _OUTSIDE
            and self._upper_outside > _UPPER_OUTSIDE * self._upper
            and self._outside_exchanged < _OUTSIDE_EXCHANGED * self._joints
        ):
            return (
                f"{share} {width} x {height} pixels; in one of {height} x {width} they "
                "would lie inside. The size is width, then height."
            )
        if self._people_outside > _PEOPLE * self._people:
            x, y = self._farthest.round().astype(int)
            return (
                f"{share} {width} x {height} pixels; they reach to ({x}, {y}). Pass "
                "the size of the images in which the keypoints were found."
            )
        return None


@functools.cache
def is_upper(layout: str) -> np.ndarray:
    """Which joints of a layout belong to the head and the shoulders, `(J,)` bool."""
    names = get_skeleton(layout).joint_names
    return np.array([any(part in name for part in _UPPER) for name in names])


def _outside(points, image_size, margin=0.0):
    """Which points `(J, 2)` lie further outside than a share of the longer side."""
    size = np.array(image_size)
    slack = margin * size.max()
    return ((points < -slack) | (points > size + slack)).any(axis=1)
