"""Do people lie inside the image whose size was stated?"""

import numpy as np

# Share of the longer side by which guessed joints may lie outside.
_MARGIN = 0.05
# Share of the joints outside the stated image, and outside one of width and height
# exchanged, at which the latter is meant.
_OUTSIDE, _OUTSIDE_EXCHANGED = 0.1, 0.02
# Share of its joints at which a person lies outside, and share of such people, whom no
# detector could have seen.
_PERSON, _PEOPLE = 0.9, 0.2


class ImageBounds:
    """Counts what lies outside the images."""

    def __init__(self) -> None:
        self._size = (0.0, 0.0)
        self._outside, self._outside_exchanged, self._joints = 0, 0, 0
        self._people_outside, self._people = 0, 0
        self._farthest = np.zeros(2)

    def add(self, points: np.ndarray, image_size: tuple[float, float] | None) -> None:
        """Counts one person.

        Args:
            points: Measured joints, `(J, 2)` pixels, at least one.
            image_size: Width and height of the image, if known.
        """
        if image_size is None:
            return
        self._size = image_size
        outside = _outside(points, np.array(image_size))
        self._outside += int(outside.sum())
        self._outside_exchanged += int(
            _outside(points, np.array(image_size[::-1])).sum()
        )
        self._joints += len(points)
        self._people_outside += bool(outside.mean() >= _PERSON)
        self._people += 1
        self._farthest = np.maximum(self._farthest, points.max(axis=0))

    def forbid_exchange(self) -> bool:
        """Whether x and y exchanged would lie outside.

        Only of images that are wider than high: who exchanges x and y often exchanges
        width and height, too.
        """
        width, height = self._size
        exchanged = self._outside_exchanged / max(1, self._joints)
        return width > height and exchanged > _OUTSIDE

    def describe(self) -> str | None:
        """What is wrong with the size, in words."""
        if not self._people:
            return None
        width, height = (round(side) for side in self._size)
        outside = self._outside / self._joints
        share = f"{100 * outside:.0f} % of the joints lie outside the image of"
        exchanged = self._outside_exchanged / self._joints
        if outside > _OUTSIDE and exchanged < _OUTSIDE_EXCHANGED:
            return (
                f"{share} {width} x {height} pixels; in one of {height} x {width} they "
                "would lie inside. The size is width, then height."
            )
        if self._people_outside / self._people > _PEOPLE:
            x, y = self._farthest.round().astype(int)
            return (
                f"{share} {width} x {height} pixels; they reach to ({x}, {y}). Pass the "
                "size of the images in which the keypoints were found."
            )
        return None


def _outside(points, size):
    margin = _MARGIN * size.max()
    return ((points < -margin) | (points > size + margin)).any(axis=1)
