"""Finds out what a source of pictures is and opens it."""

import os
import pathlib
import re

from propose_keras.detection.errors import DetectionError
from propose_keras.detection.frames import Frames
from propose_keras.detection.images import SUFFIXES as IMAGE_SUFFIXES
from propose_keras.detection.images import ImageFrames
from propose_keras.detection.videos import CameraFrames, VideoFrames
from propose_keras.keypoint_files.frame_order import natural_order

VIDEO_SUFFIXES = (
    *(".mp4", ".m4v", ".mov", ".3gp", ".avi", ".mkv", ".webm", ".mpg", ".mpeg"),
    *(".mts", ".m2ts", ".ts", ".wmv", ".flv", ".ogv", ".gif"),
)
_CAMERA = re.compile(r"camera(?::(\d+))?")
# What detectors write, which may lie beside the pictures.
_KEYPOINT_SUFFIXES = (".json", ".txt")


def holds_pictures(source: str | os.PathLike) -> bool:
    """Whether a name is one of pictures, rather than of a file of keypoints.

    Args:
        source: Path, or `camera` or `camera:N`.
    """
    path = pathlib.Path(source)
    if path.is_dir():
        suffixes = {file.suffix.lower() for file in path.iterdir()}
        return not suffixes.isdisjoint(IMAGE_SUFFIXES) and suffixes.isdisjoint(
            _KEYPOINT_SUFFIXES
        )
    if path.suffix.lower() in (*IMAGE_SUFFIXES, *VIDEO_SUFFIXES):
        return True
    return not path.exists() and _CAMERA.fullmatch(str(source)) is not None


def open_frames(source: str | os.PathLike | int | Frames) -> Frames:
    """Opens pictures.

    Args:
        source: An image file; a folder of them, which are read in natural order (2
            before 10); a video file; the number of a camera, or `camera` or
            `camera:N`.

    Raises:
        FileNotFoundError: If there is no such file.
        DetectionError: If it is no picture or video that can be read.
        ImportError: If OpenCV or Pillow is not installed.
    """
    if isinstance(source, Frames):
        return source
    if isinstance(source, int):
        return CameraFrames(source)
    path = pathlib.Path(source)
    if path.is_dir():
        files = [f for f in path.iterdir() if f.suffix.lower() in IMAGE_SUFFIXES]
        if not files:
            raise DetectionError(f"{path}: there are no pictures in the folder.")
        files.sort(key=lambda file: natural_order(file.name))
        return ImageFrames(files, str(path))
    if not path.exists():
        camera = _CAMERA.fullmatch(str(source))
        if camera:
            return CameraFrames(int(camera[1] or 0))
        raise FileNotFoundError(f"There is no file or folder {path}.")
    if path.suffix.lower() in IMAGE_SUFFIXES:
        return ImageFrames([path], str(path))
    return VideoFrames(path)
