"""Writes poses in the world that the floor under them gives."""

import pathlib
from collections.abc import Callable, Iterator

import numpy as np

from propose_keras.inference.ground import Ground, in_world
from propose_keras.inference.ground_estimation import Standing
from propose_keras.inference.results import (
    ARRAY_FIELDS,
    LiftedPoses,
    numbers_or_names,
)
from propose_keras.writers.base import PoseWriter

# What finds the floor: of a clip's people, and its frames per second.
GroundFinder = Callable[[Standing, float], Ground]


class WorldWriter(PoseWriter):
    """Keeps poses on disk until the floor is known, and has them written in the world.

    The floor is found from all people of the clip, of whom memory holds the modes.

    Args:
        writer: Writes them; of one of `SUFFIXES`.
        ground: The floor, or what finds it, such as `estimate_ground`.
        frame_rate: Frames per second.
    """

    SUFFIXES = (".npz", ".json", ".csv")

    def __init__(
        self, writer: PoseWriter, ground: Ground | GroundFinder, frame_rate: float
    ) -> None:
        try:
            super().__init__(writer.path)
        except BaseException as error:
            writer.__exit__(type(error), error, error.__traceback__)
            raise
        self._writer, self._ground, self._frame_rate = writer, ground, frame_rate
        self._rows = self._open("rows", "w+b")
        self._rest: list[tuple[list[int | str], int, tuple[str, ...], str]] = []
        self._standing: list[Standing] = []

    def write(self, poses: LiftedPoses) -> None:
        """Appends a batch."""
        for name in ARRAY_FIELDS:
            np.save(self._rows, getattr(poses, name), allow_pickle=False)
        self._rest.append(
            (poses.frame_name, poses.num_skipped, poses.warnings, poses.axes)
        )
        self._standing.append(Standing(*(getattr(poses, n) for n in Standing._fields)))

    def _batches(self) -> Iterator[LiftedPoses]:
        self._rows.seek(0)
        for names, num_skipped, warnings, axes in self._rest:
            arrays = {name: np.load(self._rows) for name in ARRAY_FIELDS}
            yield LiftedPoses(
                frame_name=names,
                num_skipped=num_skipped,
                warnings=warnings,
                axes=axes,
                **arrays,
            )

    def _finish(self) -> dict[pathlib.Path, pathlib.Path]:
        with self._writer as writer:
            if self._standing:
                ground = found_ground(
                    self._ground, join_standing(self._standing), self._frame_rate
                )
                if any(np.isfinite(part.root).any() for part in self._standing):
                    self.notes.append(describe(ground))
                for batch in self._batches():
                    writer.write(in_world(batch, ground))
        self.paths += self._writer.paths
        self.notes += self._writer.notes
        return {}

    def __exit__(self, kind, value, traceback) -> None:
        if kind is not None:
            self._writer.__exit__(kind, value, traceback)
        super().__exit__(kind, value, traceback)


def join_standing(parts: list[Standing]) -> Standing:
    """Joins batches, at least one."""
    frame, _, *others = map(np.concatenate, zip(*parts))
    people = [name for part in parts for name in part.person.tolist()]
    return Standing(frame, numbers_or_names(people), *others)


def found_ground(
    ground: Ground | GroundFinder, people: Standing, frame_rate: float
) -> Ground:
    """The floor that is given, or that is found."""
    if isinstance(ground, Ground):
        return ground
    return ground(people, frame_rate)


def describe(ground: Ground) -> str:
    """A floor in words, for the user."""
    where = (
        f"the camera is {ground.camera_height / 1000:.2f} m above the floor and looks "
        f"{'down' if ground.camera_pitch >= 0 else 'up'} by "
        f"{abs(ground.camera_pitch):.0f} degrees"
    )
    if not ground.num_rests:
        return f"As assumed or given, {where}."
    return f"By {ground.num_rests:,} rests of feet {where}."
