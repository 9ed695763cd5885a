"""Keypoints in percents of the image, as annotation tools write them."""

import numpy as np

# An image has at least so many pixels each way if 0..100 is to be percents of it.
SMALLEST_IMAGE = 400
# Joints that are guessed lie this far beyond the edge.
_MARGIN = 10.0
# In pixels, people would all be in one corner of such an image. A few may be, or those
# who cover little of it: so many, and so wide, are percents.
_MANY, _WIDE = 10, 50.0

PERCENTS = (
    "The keypoints lie in 0..100, in one corner of a much larger image: they were "
    "taken as percents of the image's width and height."
)
MAYBE_PERCENTS = (
    "The keypoints lie in 0..100, in one corner of a much larger image: they were "
    "taken as pixels. If they are percents, divide them by 100."
)


def may_be_percents(
    measured: np.ndarray, image_size: tuple[float, float] | None
) -> bool:
    """Whether keypoints can be percents of an image that is much larger than 100.

    Args:
        measured: `(n, 2)`, the coordinates of a person's joints that are there.
        image_size: Width and height in pixels, if known.
    """
    if image_size is None or not min(image_size) >= SMALLEST_IMAGE:
        return False
    return bool((measured >= -_MARGIN).all() and (measured <= 100 + _MARGIN).all())


def note_of_percents(people: list[np.ndarray]) -> str:
    """What to say of people of whom all may be in percents, at least one of them.

    Args:
        people: The coordinates `(n, 2)` of each one's joints.
    """
    points = np.concatenate(people)
    is_wide = np.ptp(points, axis=0).max() >= _WIDE
    return PERCENTS if len(people) >= _MANY and is_wide else MAYBE_PERCENTS
