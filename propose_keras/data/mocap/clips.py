"""From motion capture to examples: motion seen by virtual cameras."""

import functools
from collections.abc import Generator, Sequence
from typing import Any

import numpy as np

from propose_keras.data.cameras import Camera
from propose_keras.data.errors import DataFileError
from propose_keras.data.mocap.sequences import MocapSequence
from propose_keras.data.shards import ExampleGenerator, group_evenly
from propose_keras.data.virtual_cameras import VirtualCameras, sample_cameras

# About 85 MB, and twenty seconds of work.
FRAMES_PER_SHARD = 250_000


def make_generators(
    sequences: Sequence[MocapSequence],
    frame_rate: float,
    cameras: VirtualCameras,
    skip_damaged: bool = False,
    frames_per_shard: int = FRAMES_PER_SHARD,
) -> list[ExampleGenerator]:
    """Plans the files of a split.

    Args:
        sequences: What to build.
        frame_rate: Frames per second to keep.
        cameras: How cameras are drawn.
        skip_damaged: Whether to leave a damaged file out instead of raising an error.
        frames_per_shard: Frames per file, about.

    Returns:
        A generator for each file, see `make_examples`.
    """
    sizes = [s.duration * frame_rate * cameras.count for s in sequences]
    return [
        functools.partial(make_examples, group, frame_rate, cameras, skip_damaged)
        for group in group_evenly(sequences, sizes, frames_per_shard)
    ]


def make_examples(
    sequences: Sequence[MocapSequence],
    frame_rate: float,
    cameras: VirtualCameras,
    skip_damaged: bool,
) -> Generator[tuple[str, dict[str, Any]], None, list[tuple[str, str]]]:
    """Reads sequences and films them.

    Runs in Beam's workers.

    Args:
        sequences: What to read.
        frame_rate: Frames per second to keep.
        cameras: How cameras are drawn.
        skip_damaged: Whether to leave a damaged file out instead of raising an error.

    Yields:
        Key and example with the features of `propose_keras.data.features`.

    Returns:
        Names of the sequences left out, each with the reason.

    Raises:
        DataFileError: If a file is damaged and `skip_damaged` is not set.
    """
    skipped = []
    for sequence in sequences:
        try:
            positions, rate = sequence.read(frame_rate)
        except DataFileError as error:
            if not skip_damaged:
                raise
            skipped.append((sequence.name, str(error)))
            continue
        for camera in sample_cameras(positions, sequence.name, cameras):
            key = f"{sequence.name}-{camera.name}"
            yield key, _make_example(sequence, positions, rate, camera)
    return skipped


def _make_example(
    sequence: MocapSequence,
    positions: np.ndarray,
    frame_rate: float,
    camera: Camera,
) -> dict[str, Any]:
    in_camera = camera.from_world(positions)
    arrays = {
        "pose_3d": in_camera,
        "keypoints_2d": camera.project(in_camera),
        "intrinsics": camera.intrinsics,
        "distortion": camera.distortion,
        "rotation": camera.rotation,
        "translation": camera.translation,
    }
    return {
        **{name: np.asarray(value, np.float32) for name, value in arrays.items()},
        "subject": sequence.subject,
        "action": sequence.action,
        "take": sequence.take,
        "camera": camera.name,
        "frame_rate": np.float32(frame_rate),
        "image_size": np.array(camera.image_size, np.int32),
    }
