"""From motion capture to examples: motion seen by virtual cameras."""

from collections.abc import Iterator, Mapping
from typing import Any

from propose_keras.data.building.filmed import film
from propose_keras.data.building.virtual_cameras import VirtualCameras

from .sequences import MocapSequence


def make_examples(
    sequence: MocapSequence, frame_rate: float, cameras: VirtualCameras
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Reads a sequence and films it.

    Args:
        sequence: What to read.
        frame_rate: Frames per second to keep.
        cameras: How cameras are drawn.

    Yields:
        Key and example with the features of `building.clip_features`, one per camera.

    Raises:
        DataFileError: If the file is damaged.
    """
    positions, rate = sequence.read(frame_rate)
    yield from film(
        sequence.name,
        positions,
        cameras,
        subject=sequence.subject,
        action=sequence.action,
        take=sequence.take,
        frame_rate=rate,
    )
