"""Pictures, videos and cameras as the input of `propose-predict`."""

import contextlib
import dataclasses
import pathlib
import signal
from collections.abc import Iterator
from typing import Any

from absl import flags

from propose_keras.cli.errors import UserError
from propose_keras.detection import (
    DETECTORS,
    Detector,
    Frames,
    holds_pictures,
    make_detector,
    open_frames,
)
from propose_keras.inference import FrameRange


def define_picture_flags(values: flags.FlagValues) -> None:
    """Defines the flags of detectors."""
    flags.DEFINE_enum(
        "detector",
        "mediapipe",
        sorted(DETECTORS),
        "What finds people in pictures; mediapipe comes with the extra `detection`, "
        "rtmpose with rtmlib.",
        flag_values=values,
    )
    flags.DEFINE_string(
        "detector_model",
        None,
        "Of mediapipe a .task file, by default fetched once; of rtmpose lightweight, "
        "balanced or performance.",
        flag_values=values,
    )
    flags.DEFINE_integer(
        "max_people",
        None,
        "People looked for in a picture, by default 1 with mediapipe, all with "
        "rtmpose.",
        1,
        flag_values=values,
    )


@dataclasses.dataclass(frozen=True)
class Pictures:
    """What is needed to find people in a source of pictures."""

    frames: Frames
    detector: Detector

    @contextlib.contextmanager
    def until_interrupted(self) -> Iterator[None]:
        """Makes the first Ctrl-C of a block end a camera, not the program."""
        stop = getattr(self.frames, "stop", None)
        if stop is None:
            yield
            return

        def end(*_: Any) -> None:
            stop()
            signal.signal(signal.SIGINT, before)

        before = signal.signal(signal.SIGINT, end)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)


def open_pictures(
    source: pathlib.Path, values: Any, chosen: FrameRange | None = None
) -> Pictures | None:
    """Opens the pictures of a source; None if it is a file of keypoints.

    Args:
        source: Path, or `camera:N`.
        values: The flags of `define_picture_flags`, parsed.
        chosen: The frames to take; None: all.

    Raises:
        UserError: If the pictures cannot be read, or there is no such detector here.
    """
    if not holds_pictures(source):
        return None
    model = values.detector_model
    if model and values.detector == "mediapipe":
        model = pathlib.Path(model).expanduser()
    try:
        frames = open_frames(source)
        return Pictures(
            frames if chosen is None else chosen.pictures(frames),
            make_detector(values.detector, model, values.max_people),
        )
    except (OSError, ValueError, ImportError) as error:
        raise UserError(str(error)) from error
