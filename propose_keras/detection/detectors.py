"""Which detectors there are, and what one is."""

import os
from collections.abc import Iterable, Iterator
from typing import Protocol

import numpy as np

from propose_keras.detection.frames import Frame
from propose_keras.detection.mediapipe_pose import MediaPipePose
from propose_keras.detection.rtmlib_pose import RTMPose

# A frame's people: keypoints (people, J, 2) in pixels, scores (people, J) in 0..1.
Found = tuple[np.ndarray, np.ndarray]


class Detector(Protocol):
    """Finds people in pictures. One of your own has these two members.

    ```python
    class Yolo:
        layout = "coco17"

        def __call__(self, frames):
            model = ultralytics.YOLO("yolo11n-pose.pt")
            for frame in frames:
                found = model(frame.image[..., ::-1], verbose=False)[0].keypoints
                yield found.xy.numpy(), found.conf.numpy()
    ```

    Attributes:
        layout: Joint order, see `propose_keras.skeletons`.
    """

    @property
    def layout(self) -> str:
        """Joint order, see `propose_keras.skeletons`."""
        ...

    def __call__(self, frames: Iterable[Frame]) -> Iterator[Found]:
        """Finds the people of each frame.

        Args:
            frames: In order. It may read ahead to work on several at once.

        Yields:
            For each frame, in order, keypoints `(people, J, 2)` in pixels and scores
            `(people, J)` in 0..1. Their numbers of people may be 0.
        """
        ...


DETECTORS = {"mediapipe": MediaPipePose, "rtmpose": RTMPose}


def make_detector(
    name: str,
    model: str | os.PathLike | None = None,
    max_people: int | None = None,
) -> Detector:
    """A detector by name.

    Args:
        name: `"mediapipe"` or `"rtmpose"`.
        model: Of MediaPipe a `.task` file, of RTMPose `"lightweight"`, `"balanced"`
            or `"performance"`; by default as its class says.
        max_people: How many people to look for in a frame; by default as its class
            says.

    Raises:
        ValueError: If there is no such detector or an argument is wrong.
        ImportError: If its package is not installed.
        DetectionError: If its model cannot be had or read.
        FileNotFoundError: If there is no such model file.
    """
    if name not in DETECTORS:
        raise ValueError(
            f"There is no detector {name!r}. Known are {', '.join(DETECTORS)}."
        )
    if max_people is not None and max_people < 1:
        raise ValueError(f"`max_people` must be at least 1, received {max_people}.")
    return DETECTORS[name](model, max_people)
