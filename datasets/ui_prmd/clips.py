"""From marker recordings to examples: the joints, seen by virtual cameras."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from propose_keras.data.building.filmed import film
from propose_keras.data.building.virtual_cameras import VirtualCameras

from .joints import fit_person
from .markers import Markers
from .recordings import Recording

MIN_SECONDS = 0.4


def make_examples(
    recordings: Sequence[Recording],
    frame_rate: float,
    cameras: VirtualCameras,
    skipped: list[str],
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Reads recordings, finds each person's joints and films them.

    Args:
        recordings: What to read.
        frame_rate: Frames per second to keep.
        cameras: How cameras are drawn.
        skipped: Takes the names of recordings in which the markers needed are never
            together for 0.4 seconds.

    Yields:
        Key and example with the features of `building.clip_features`, one per camera.

    Raises:
        DataFileError: If a file is damaged, or a person's files are too few.
    """
    ordered = sorted(recordings, key=lambda r: (r.subject, r.name))
    for _, group in itertools.groupby(ordered, key=lambda r: r.subject):
        group = list(group)
        steps = [max(1, round(r.frame_rate / frame_rate)) for r in group]
        tracks = [Markers(r.read().positions[::s]) for r, s in zip(group, steps)]
        person = fit_person(tracks)
        for recording, step, track in zip(group, steps, tracks):
            rate = recording.frame_rate / step
            run = track.longest_run()
            if len(run) < MIN_SECONDS * rate:
                skipped.append(recording.name)
                continue
            yield from film(
                recording.name,
                person.poses(run),
                cameras,
                subject=recording.subject,
                action=recording.action,
                take=recording.take,
                frame_rate=rate,
            )
