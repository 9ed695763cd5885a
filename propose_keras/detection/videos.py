"""Videos and cameras, read by OpenCV."""

import contextlib
import os
import pathlib
import time
from collections.abc import Iterator

from propose_keras.detection.containers import check_whole
from propose_keras.detection.errors import DetectionError, import_extra
from propose_keras.detection.frames import Frame, Frames

# Beyond lie units of time that a container gives for want of a rate.
_LARGEST_RATE = 1000.0
_DEFAULT_CAMERA_RATE = 30.0


class VideoFrames(Frames):
    """A video, turned upright as its metadata ask for, with square pixels.

    A frame's number is its time in frames of the video's mean rate, rounded. In a video
    of a constant rate that is its place. In one of a variable rate, numbers are missing
    where frames are far apart, and of frames nearer than the mean rate's those that
    share a number are left out but for the first: times stay right.

    Args:
        path: The file.

    Raises:
        ImportError: If OpenCV is not installed.
        DetectionError: If the file is no video that can be read, is cut short or does
            not tell its rate.
    """

    def __init__(self, path: pathlib.Path) -> None:
        self._cv2 = _import_opencv()
        self.name, self._path = str(path), path
        check_whole(path)
        with self._open() as capture:
            self._rate = self.rate = float(capture.get(self._cv2.CAP_PROP_FPS))
            count = capture.get(self._cv2.CAP_PROP_FRAME_COUNT)
        self.num_frames = int(count) if 0 < count < 1e9 else None
        if not 0 < self._rate < _LARGEST_RATE:
            raise DetectionError(
                f"{path} does not tell how many frames it has per second. Write it "
                f"anew at a constant rate: `ffmpeg -i {path.name} -r 30 NEW.mp4`."
            )
        first = next(iter(self), None)
        if first is None:
            raise DetectionError(
                f"{path}: no frame of the video can be decoded. Is it damaged?"
            )
        self._size = first.size

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the frames in pixels."""
        return self._size

    def __iter__(self) -> Iterator[Frame]:
        """Decodes the video."""
        cv2, rate, clock = self._cv2, self._rate, Clock(self._rate)
        with self._open() as capture:
            shape = _square_pixels(cv2, capture)
            while True:
                found, image = capture.read()
                if not found:
                    return
                seconds = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
                number = clock.number(seconds)
                if number is None:
                    continue
                if shape is not None:
                    image = cv2.resize(image, shape)
                image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
                yield Frame(number, image, number / rate)

    @contextlib.contextmanager
    def _open(self):
        with _quietly(self._cv2):
            capture = self._cv2.VideoCapture(str(self._path), self._cv2.CAP_FFMPEG)
        try:
            if not capture.isOpened():
                raise DetectionError(
                    f"{self._path} cannot be read as a video. It may be damaged, of an "
                    "unknown kind, or hold sound alone."
                )
            yield capture
        finally:
            capture.release()


class Clock:
    """Turns times into numbers of frames of a constant rate.

    Args:
        rate: Frames per second.
    """

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._first: float | None = None
        self._last, self._number = -float("inf"), -1

    def number(self, seconds: float) -> int | None:
        """The number of the next frame; None if the one before has it already.

        Times that do not advance, as of streams without any, are taken as wrong: the
        frame follows the one before.
        """
        if self._first is None:
            self._first = seconds
        if seconds <= self._last:
            self._number += 1
            return self._number
        self._last = seconds
        number = round((seconds - self._first) * self._rate)
        if number <= self._number:
            return None
        self._number = number
        return number


class CameraFrames(Frames):
    """A camera of this computer, until it is stopped.

    Frames are numbered by the time at which they are taken. Those that arrive while
    the one before is still being worked on are lost.

    Args:
        device: Its number, 0 for the first.

    Raises:
        ImportError: If OpenCV is not installed.
        DetectionError: If there is no such camera.
    """

    can_be_reread = False

    def __init__(self, device: int = 0) -> None:
        self._cv2 = _import_opencv()
        self.name, self._device = f"camera {device}", device
        self._stopped = False
        with self._open() as capture:
            rate = capture.get(self._cv2.CAP_PROP_FPS)
            self._size = (
                int(capture.get(self._cv2.CAP_PROP_FRAME_WIDTH)),
                int(capture.get(self._cv2.CAP_PROP_FRAME_HEIGHT)),
            )
        known = 0 < rate < _LARGEST_RATE
        self._rate = self.rate = float(rate if known else _DEFAULT_CAMERA_RATE)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the frames in pixels."""
        return self._size

    def stop(self) -> None:
        """Ends the reading after the frame that is being read."""
        self._stopped = True

    def __iter__(self) -> Iterator[Frame]:
        """Takes pictures until `stop` is called or the camera ends."""
        clock = Clock(self._rate)
        with self._open() as capture:
            while not self._stopped:
                found, image = capture.read()
                if not found:
                    return
                number = clock.number(time.monotonic())
                if number is not None:
                    image = self._cv2.cvtColor(image, self._cv2.COLOR_BGR2RGB)
                    yield Frame(number, image, number / self._rate)

    @contextlib.contextmanager
    def _open(self):
        with _quietly(self._cv2):
            capture = self._cv2.VideoCapture(self._device)
        try:
            if not capture.isOpened():
                raise DetectionError(
                    f"There is no {self.name}, or another program uses it."
                )
            yield capture
        finally:
            capture.release()


def _import_opencv():
    # What FFmpeg prints of a damaged file; read when the first file is opened.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    return import_extra("cv2", "Reading video (OpenCV)", 'pip install ".[detection]"')


@contextlib.contextmanager
def _quietly(cv2):
    """Without OpenCV's own words for what an error tells."""
    logging = cv2.utils.logging
    level = logging.getLogLevel()
    logging.setLogLevel(logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        logging.setLogLevel(level)


def _square_pixels(cv2, capture):
    """Width and height to stretch frames to; None if their pixels are square."""
    across = capture.get(cv2.CAP_PROP_SAR_NUM)
    down = capture.get(cv2.CAP_PROP_SAR_DEN)
    if across <= 0 or down <= 0 or across == down:
        return None
    width = capture.get(cv2.CAP_PROP_FRAME_WIDTH)
    height = capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
    # The ratio is that of the video as it is stored, the sides are turned.
    if capture.get(cv2.CAP_PROP_ORIENTATION_META) % 180 == 90:
        return round(width), round(height * across / down)
    return round(width * across / down), round(height)
