"""What sources of pictures have in common."""

import abc
import dataclasses
from collections.abc import Iterator

import numpy as np


@dataclasses.dataclass(frozen=True, eq=False)
class Frame:
    """A picture.

    Attributes:
        name: Of a video or camera the number of the frame, counted in frames of its
            rate from the first; of an image file its name without suffix.
        image: `(height, width, 3)` uint8: red, green, blue; upright.
        time: Seconds since the first frame; None of pictures that do not follow each
            other.
    """

    name: int | str
    image: np.ndarray
    time: float | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.image.shape[1], self.image.shape[0]


class Frames(abc.ABC):
    """A source of pictures, read one at a time.

    Iterating reads it from the beginning, as often as wanted (a camera goes on). One
    frame is held in memory.

    Attributes:
        name: What to call it in messages.
        rate: Frames per second, of a video or a camera.
        num_frames: How many there are, where that is known before reading; of a video
            it may be off by some.
        can_be_reread: Whether a second pass gives the same frames.
    """

    name: str
    rate: float | None = None
    num_frames: int | None = None
    can_be_reread: bool = True

    @property
    @abc.abstractmethod
    def size(self) -> tuple[int, int]:
        """Width and height in pixels that all frames fit into."""

    @abc.abstractmethod
    def __iter__(self) -> Iterator[Frame]:
        """Reads the frames.

        Raises:
            DetectionError: If a frame cannot be read.
        """
