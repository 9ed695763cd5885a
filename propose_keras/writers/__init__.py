"""Writers of lifted poses, one for each kind of file.

A new one is a module with a subclass of `PoseWriter`, and an entry in `_WRITERS`.
"""

import importlib
import os
from collections.abc import Sequence

from propose_keras.detection import Frames
from propose_keras.inference.ground import Ground
from propose_keras.inference.ground_estimation import estimate_ground
from propose_keras.writers.arrays import SAVED_FIELDS
from propose_keras.writers.base import PoseWriter, PoseWriters, Progress, check_suffix
from propose_keras.writers.world import GroundFinder, WorldWriter

# Suffix to module and class; modules are loaded when they are needed, for some need
# packages that not everyone has.
_WRITERS = {
    ".npz": ("arrays", "NpzWriter"),
    ".json": ("arrays", "JsonWriter"),
    ".csv": ("table", "CsvWriter"),
    ".bvh": ("bvh", "BvhWriter"),
    ".glb": ("gltf", "GltfWriter"),
    ".trc": ("markers", "TrcWriter"),
    ".c3d": ("markers", "C3dWriter"),
    ".png": ("figure", "FigureWriter"),
    ".pdf": ("figure", "FigureWriter"),
    ".svg": ("figure", "FigureWriter"),
    ".mp4": ("video", "VideoWriter"),
    ".gif": ("video", "VideoWriter"),
    ".html": ("html", "HtmlWriter"),
    ".htm": ("html", "HtmlWriter"),
}
SUFFIXES = tuple(_WRITERS)
# Of files that hold arrays, and of those that show no more than `max_frames`.
ARRAY_SUFFIXES = (".npz", ".json")
FRAME_SUFFIXES = (".html", ".htm", ".mp4", ".gif")

__all__ = [
    "ARRAY_SUFFIXES",
    "FRAME_SUFFIXES",
    "SAVED_FIELDS",
    "SUFFIXES",
    "PoseWriter",
    "PoseWriters",
    "Progress",
    "open_writer",
]


def open_writer(
    path: str | os.PathLike,
    frame_rate: float = 30.0,
    image_size: tuple[int, int] | None = None,
    frames: Frames | None = None,
    world: bool = False,
    ground: Ground | GroundFinder = estimate_ground,
    bvh_scale: float = 100.0,
    fields: Sequence[str] | None = None,
    max_frames: int | None = None,
    progress: Progress | None = None,
) -> PoseWriter:
    """A writer for the kind of file that `path` names; use it in a `with` statement.

    ```python
    with open_writer("poses.npz") as writer:
        for poses in lifter.stream("keypoints.json", image_size=(1920, 1080)):
            writer.write(poses)
    ```

    Args:
        path: A name that ends in one of `SUFFIXES`.
        frame_rate: Frames per second, for animations and videos.
        image_size: Width and height of the images in pixels, for videos.
        frames: The pictures that the people were found in, for videos.
        world: Whether npz, json and csv are in the world, see `inference.in_world`,
            instead of the poses' own axes. Files of motion always are, y up.
        ground: The floor of the world, or what finds it from people and frame rate.
        bvh_scale: Units of bvh files per metre: 100 are centimetres.
        fields: Names of the arrays that npz and JSON hold, of `SAVED_FIELDS`.
        max_frames: Frames that a page or a video shows at most; by default the
            writer's own limit.
        progress: Shows how far a step is that takes its time, see `Progress`.

    Warns:
        GroundWarning: On leaving the block, if the floor was not found.

    Raises:
        ValueError: If the suffix is none of `SUFFIXES`, or an option is wrong.
        ImportError: If a package that this kind of file needs is not installed.
        OSError: If the folder cannot be written to, or `path` is a folder.
    """
    suffix = check_suffix(path, SUFFIXES).suffix.lower()
    module, name = _WRITERS[suffix]
    writer = getattr(importlib.import_module(f"{__name__}.{module}"), name)
    options = {"frame_rate": frame_rate, "image_size": image_size, "frames": frames}
    options |= {"fields": fields, "max_frames": max_frames, "progress": progress}
    options |= {"ground": ground, "bvh_scale": bvh_scale}
    chosen = [name for name in writer.OPTIONS if options[name] is not None]
    made = writer(path, **{name: options[name] for name in chosen})
    if world and suffix in WorldWriter.SUFFIXES:
        return WorldWriter(made, ground, frame_rate)
    return made
