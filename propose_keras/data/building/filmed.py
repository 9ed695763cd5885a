"""Motion that was never filmed, seen by virtual cameras: what its builders share."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import tensorflow_datasets as tfds

from propose_keras.data.building.examples import clip_example
from propose_keras.data.building.virtual_cameras import VirtualCameras, sample_cameras

_Number = TypeVar("_Number", int, float)


@dataclasses.dataclass
class FilmedConfig(tfds.core.BuilderConfig):
    """How motion is filmed.

    Attributes:
        frame_rate: Frames per second to keep.
        num_cameras: Cameras per sequence.
        distance_mm: Least and greatest distance of a camera over ground.
        height_mm: Least and greatest height of a camera.
        focal_length_px: Least and greatest focal length in pixels.
        image_size: Width and height in pixels.
        distortion: Whether lenses distort as much as Human3.6M's.
        seed: Seed of the cameras.
    """

    frame_rate: float = 60.0
    num_cameras: int = 4
    distance_mm: tuple[float, float] = VirtualCameras.distance_mm
    height_mm: tuple[float, float] = VirtualCameras.height_mm
    focal_length_px: tuple[float, float] = VirtualCameras.focal_length_px
    image_size: tuple[int, int] = VirtualCameras.image_size
    distortion: bool = False
    seed: int = 0

    def virtual_cameras(self) -> VirtualCameras:
        """The part of the settings that concerns cameras."""
        return VirtualCameras(
            count=self.num_cameras,
            distance_mm=_pair(self.distance_mm),
            height_mm=_pair(self.height_mm),
            focal_length_px=_pair(self.focal_length_px),
            image_size=_pair(self.image_size),
            distortion=self.distortion,
            seed=self.seed,
        )


def _pair(values: Sequence[_Number]) -> tuple[_Number, _Number]:
    """Two numbers as a tuple; configs given as JSON have lists."""
    first, second = values
    return first, second


def film(
    name: str,
    positions: np.ndarray,
    cameras: VirtualCameras,
    *,
    subject: str,
    action: str,
    take: str,
    frame_rate: float,
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The examples of one motion, one for each camera.

    Args:
        name: Unique name, which the cameras depend on.
        positions: World frame, z up, ground at 0, mm, `(frames, 17, 3)`.
        cameras: How cameras are drawn.
        subject: The person.
        action: What they do.
        take: Which performance of the action.
        frame_rate: Frames per second of the positions.

    Yields:
        Key and example with the features of `building.clip_features`.
    """
    for camera in sample_cameras(positions, name, cameras):
        yield (
            f"{name}-{camera.name}",
            clip_example(
                camera,
                camera.from_world(positions),
                subject=subject,
                action=action,
                take=take,
                frame_rate=frame_rate,
            ),
        )
