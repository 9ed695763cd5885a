"""From the files of Human3.6M to examples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from propose_keras.data.building import clip_example
from propose_keras.data.errors import DataFileError

from .calibration import FRAME_RATE
from .plan import PlannedClip
from .sources import Sources


def make_examples(
    clips: Sequence[PlannedClip], sources: Sources, with_scores: bool = False
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Reads clips.

    Args:
        clips: What to read.
        sources: The files.
        with_scores: Whether to pass the detections' confidences on.

    Yields:
        Key and example with the features of `building.clip_features`.

    Raises:
        DataFileError: If a file is damaged, or lacks confidences asked for.
    """
    by_sequence = {}
    for clip in clips:
        by_sequence.setdefault(clip.sequence, []).append(clip)
    for sequence, frame_of, positions in sources.positions.read(tuple(by_sequence)):
        for clip in by_sequence[sequence]:
            if frame_of in (None, clip.camera):
                in_camera = frame_of is not None
                yield _make_example(clip, positions, in_camera, sources, with_scores)


def _make_example(
    clip: PlannedClip,
    positions: np.ndarray,
    in_camera: bool,
    sources: Sources,
    with_scores: bool,
) -> tuple[str, dict[str, Any]]:
    sequence, name = clip.sequence, f"{clip.sequence.key}.{clip.camera}"
    camera = sources.cameras.get((sequence.subject, clip.camera))
    if camera is None:
        raise DataFileError(f"There is no camera {clip.camera} of {sequence.subject}.")
    pose_3d = positions[: clip.num_frames].astype(np.float64)
    if not in_camera:
        pose_3d = camera.from_world(pose_3d)
    if not (pose_3d[..., 2] > 0).all():
        raise DataFileError(
            f"{name}: joints lie behind the camera. Positions and cameras do not "
            "belong together."
        )
    scores = None
    if clip.detections is None:
        keypoints = camera.project(pose_3d)
    else:
        keypoints, scores = sources.detections.read(clip.detections, clip.camera)
    if with_scores and scores is None:
        raise DataFileError(
            f"{name}: the config has `with_scores`, but the 2D file states none."
        )
    arrays = {"keypoint_scores": scores[: clip.num_frames]} if with_scores else {}
    example = clip_example(
        camera,
        pose_3d,
        keypoints[: clip.num_frames],
        subject=sequence.subject,
        action=sequence.action,
        take=sequence.take,
        frame_rate=FRAME_RATE,
        **arrays,
    )
    key = "_".join((sequence.subject, sequence.action, sequence.take, clip.camera))
    return key, example
