"""What of Human3.6M will be built, and what will not and why."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Mapping

from propose_keras.data.errors import DataFileError
from propose_keras.human36m_names import (
    ACTIONS,
    ALL_SEQUENCES,
    CAMERAS,
    TAKES,
    TEST_SUBJECTS,
    TRAIN_SUBJECTS,
    Sequence,
    parse_clip,
)

from .sources import Sources

SPLITS = {"train": TRAIN_SUBJECTS, "test": TEST_SUBJECTS}

DEFAULT_DROPPED = ("S11 Directions",)
DEFAULT_LENGTH_DIFFERENCE = 10


@dataclasses.dataclass(frozen=True)
class PlannedClip:
    """A clip to build.

    Attributes:
        sequence: What is performed.
        camera: Who sees it.
        num_frames: Frames that positions and detections have in common.
        detections: The sequence whose detections belong to it: itself, or the other
            take where the files' names are swapped; None for ground truth.
    """

    sequence: Sequence
    camera: str
    num_frames: int
    detections: Sequence | None = None


@dataclasses.dataclass(frozen=True)
class Plan:
    """What will be built, and what will not and why.

    Attributes:
        clips: What will be built, in order.
        missing_positions: Sequences whose 3D positions are in no file.
        missing_detections: Clips without 2D detections.
        mismatched: Clips whose positions and detections differ in length by too much.
        trimmed: Clips of which a few frames at the end are left out, because
            positions or detections lack them.
        renamed: Clips whose detections lie under the other take's name.
        dropped: Clips left out on request.
    """

    clips: tuple[PlannedClip, ...]
    missing_positions: tuple[str, ...] = ()
    missing_detections: tuple[str, ...] = ()
    mismatched: tuple[str, ...] = ()
    trimmed: tuple[str, ...] = ()
    renamed: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()

    def split(self, name: str) -> list[PlannedClip]:
        """The clips of the split `train` or `test`."""
        return [c for c in self.clips if c.sequence.subject in SPLITS[name]]

    @property
    def complete(self) -> bool:
        """Whether nothing is missing or mismatched."""
        return not (
            self.missing_positions or self.missing_detections or self.mismatched
        )

    def report(self) -> str:
        """Counts of what is built, and lists of what is not, in words."""
        lines = []
        for split in SPLITS:
            clips = self.split(split)
            frames = sum(clip.num_frames for clip in clips)
            lines.append(f"{split}: {len(clips):,} clips, {frames:,} frames")
        for title, names in (
            ("sequences without 3D positions", self.missing_positions),
            ("clips without 2D detections", self.missing_detections),
            ("clips left out, lengths of 3D and 2D differ", self.mismatched),
            ("clips cut to what 3D and 2D have in common", self.trimmed),
            ("clips whose 2D carries the other take's name", self.renamed),
            ("clips dropped by the config", self.dropped),
        ):
            if names:
                shown = ", ".join(_shorten(names))
                lines.append(f"{len(names)} {title}: {shown}")
        return "\n".join(lines)


def _shorten(names: tuple[str, ...]) -> list[str]:
    """Names, with the thirty sequences of a wholly missing subject as one."""
    counts = collections.Counter(
        name.split("/")[0] for name in names if "." not in name
    )
    whole = [s for s, count in counts.items() if count == len(ACTIONS) * len(TAKES)]
    rest = [name for name in names if name.split("/")[0] not in whole]
    return [f"all of {subject}" for subject in whole] + rest


def make_plan(
    sources: Sources,
    dropped_sequences: tuple[str, ...] = DEFAULT_DROPPED,
    max_length_difference: int = DEFAULT_LENGTH_DIFFERENCE,
    strict: bool = False,
) -> Plan:
    """Decides what to build; reads no more than lengths need.

    Args:
        sources: The files.
        dropped_sequences: What to leave out: `S11 Directions`, or for one camera
            `S5 Waiting 1.55011271`.
        max_length_difference: Most frames by which positions and detections of a
            clip may differ; they are cut to the shorter one's.
        strict: Whether a missing or mismatched clip is an error.

    Returns:
        The plan.

    Raises:
        DataFileError: If files are damaged, a split is empty, or `strict` is set and
            the plan is not complete.
        ValueError: If Human3.6M has no sequence of a name in `dropped_sequences`.
    """
    dropped = [parse_clip(text) for text in dropped_sequences]
    lengths = sources.positions.lengths()
    detected = sources.detections.lengths() if sources.detections else None
    lists = {field.name: [] for field in dataclasses.fields(Plan)[1:]}
    clips = []
    for sequence in ALL_SEQUENCES:
        cameras = []
        for camera in CAMERAS:
            if (sequence, None) in dropped or (sequence, camera) in dropped:
                lists["dropped"].append(f"{sequence.key}.{camera}")
            else:
                cameras.append(camera)
        if sequence not in lengths:
            if cameras:
                lists["missing_positions"].append(sequence.key)
            continue
        planned = [
            _plan_clip(
                sequence, camera, lengths, detected, max_length_difference, lists
            )
            for camera in cameras
        ]
        clips += [clip for clip in planned if clip is not None]
    plan = Plan(
        clips=tuple(clips),
        **{name: tuple(entries) for name, entries in lists.items()},
    )
    empty = [name for name in SPLITS if not plan.split(name)]
    if empty:
        raise DataFileError(
            f"Nothing to build for the split {' and '.join(empty)}.\n"
            f"{sources.description}\n{plan.report()}"
        )
    if strict and not plan.complete:
        raise DataFileError(
            "The files are not complete, and the config is strict.\n"
            f"{sources.description}\n{plan.report()}"
        )
    return plan


def _plan_clip(
    sequence: Sequence,
    camera: str,
    lengths: Mapping[Sequence, int],
    detected: Mapping[tuple[Sequence, str], int] | None,
    max_length_difference: int,
    lists: dict[str, list[str]],
) -> PlannedClip | None:
    length, name = lengths[sequence], f"{sequence.key}.{camera}"
    if detected is None:
        return PlannedClip(sequence, camera, length)

    def fits(wanted: Sequence, other: Sequence) -> bool:
        if wanted not in lengths or (other, camera) not in detected:
            return False
        difference = abs(lengths[wanted] - detected[other, camera])
        return difference <= max_length_difference

    own = sequence
    if not fits(sequence, sequence):
        other = dataclasses.replace(sequence, take="2" if sequence.take == "1" else "1")
        if fits(sequence, other) and not fits(other, other):
            own = other
            lists["renamed"].append(name)
        elif (sequence, camera) in detected:
            found = detected[sequence, camera]
            lists["mismatched"].append(f"{name} ({length} and {found} frames)")
            return None
        else:
            lists["missing_detections"].append(name)
            return None
    found = detected[own, camera]
    if found != length:
        lists["trimmed"].append(f"{name} ({length} and {found} frames)")
    return PlannedClip(sequence, camera, min(length, found), own)
