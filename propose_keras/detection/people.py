"""The keypoints of the people in a source of pictures."""

import collections
import os
import sys
from collections.abc import Iterable, Iterator

import numpy as np

from propose_keras.detection.detectors import Detector, make_detector
from propose_keras.detection.errors import DetectionError
from propose_keras.detection.frames import Frame, Frames
from propose_keras.detection.sources import open_frames
from propose_keras.keypoint_files import PersonKeypoints
from propose_keras.keypoint_files.records import make_person


def detect(
    source: str | os.PathLike | int | Frames,
    detector: str | Detector = "mediapipe",
    progress: bool = False,
) -> Iterator[PersonKeypoints]:
    """Finds people frame by frame, in constant memory.

    ```python
    for poses in lifter.stream(detect("clip.mp4")):
        ...
    ```

    Args:
        source: See `open_frames`.
        detector: Name, see `make_detector`, or a detector.
        progress: Whether to show a bar on standard error, if that is a terminal.

    Yields:
        One `PersonKeypoints` per person and frame; its `frame` is the frame's name,
        its `person` the place among those found in the frame. People are not followed
        from frame to frame. A frame without people yields nothing.

    Raises:
        FileNotFoundError: If there is no such file.
        DetectionError: If the source or the detector's model cannot be read, or
            nobody is in any frame.
        KeypointFileError: If what a detector of the caller's gives is wrong.
        ImportError: If a package that it needs is not installed.
    """
    frames = open_frames(source)
    if isinstance(detector, str):
        detector = make_detector(detector)
    # What is left of the frames that the detector has read but not answered yet.
    waiting: collections.deque[tuple[int | str, tuple[int, int]]] = collections.deque()

    def noted() -> Iterator[Frame]:
        for frame in frames if not progress else with_progress(frames, "detecting"):
            waiting.append((frame.name, frame.size))
            yield frame

    num_frames, anyone = 0, False
    for keypoints, scores in detector(noted()):
        name, size = waiting.popleft()
        num_frames += 1
        for number, (values, values_scores) in enumerate(zip(keypoints, scores)):
            anyone = True
            where = f"{frames.name}, frame {name}, person {number}"
            yield make_person(
                where,
                name,
                number,
                np.asarray(values),
                np.asarray(values_scores),
                detector.layout,
                image_size=(float(size[0]), float(size[1])),
            )
    if not anyone:
        what = "it" if num_frames == 1 else f"any of its {num_frames:,} pictures"
        raise DetectionError(
            f"{frames.name}: the detector found nobody in {what}. People should be "
            "seen large enough; --detector chooses another one."
        )


def with_progress(frames: Frames, what: str) -> Iterable[Frame]:
    """Frames with a bar on standard error, if that is a terminal.

    Raises:
        ImportError: If tqdm is not installed.
    """
    if not sys.stderr.isatty():
        return frames
    from tqdm import tqdm

    return tqdm(frames, what, frames.num_frames, unit=" frames", leave=False)
