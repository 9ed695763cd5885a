"""Writes lifted poses as a table of comma-separated values."""

import csv
import os
import pathlib

import numpy as np

from propose_keras.inference.joint_angles import (
    JOINT_ANGLES,
    joint_angle_spread,
    joint_angles,
)
from propose_keras.inference.results import LiftedPoses
from propose_keras.skeletons import H36M_17
from propose_keras.writers.base import PoseWriter

_AXES = "xyz"


class CsvWriter(PoseWriter):
    """A table (RFC 4180) with a line for each person and frame.

    The columns are `frame`, `frame_name`, `person`; `root_x`, `root_y`, `root_z`, the
    place of the hip; for each joint such as `RKnee` the mode, `RKnee_x`, `RKnee_y`,
    `RKnee_z` relative to the hip, and `RKnee_spread`, all mm; and for each angle its
    degrees and its spread, `left_knee_flexion` and `left_knee_flexion_spread`. What is
    not known is empty.
    """

    SUFFIXES = (".csv",)

    def __init__(self, path: str | os.PathLike) -> None:
        super().__init__(path)
        self._finished = self._folder / "finished.csv"
        self._file = self._open(self._finished.name, "w", "utf-8", "")
        self._table = csv.writer(self._file)
        columns = ["frame", "frame_name", "person", *(f"root_{x}" for x in _AXES)]
        for joint in H36M_17.joint_names:
            columns += [f"{joint}_{part}" for part in (*_AXES, "spread")]
        for angle in JOINT_ANGLES:
            columns += [angle, f"{angle}_spread"]
        self._table.writerow(columns)

    def write(self, poses: LiftedPoses) -> None:
        """Appends a batch."""
        count = len(poses)
        joints = np.concatenate([poses.mode, poses.spread[..., None]], axis=-1)
        angles = joint_angles(poses.mode), joint_angle_spread(poses.hypotheses)
        parts = poses.root, joints, np.stack(angles, axis=-1)
        values = np.concatenate([part.reshape(count, -1) for part in parts], axis=1)
        people = poses.person.tolist()
        for row, frame in enumerate(poses.frame.tolist()):
            texts = ["" if np.isnan(x) else f"{x:.2f}" for x in values[row]]
            names = [frame, poses.frame_name[row], people[row]]
            self._table.writerow([*names, *texts])

    def _finish(self) -> dict[pathlib.Path, pathlib.Path]:
        self._file.close()
        return {self.path: self._finished}
