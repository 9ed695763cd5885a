"""Writes the best poses as marker trajectories: TRC and C3D."""

import os
import pathlib

import numpy as np

from propose_keras.skeletons import H36M_17
from propose_keras.writers.motion import Motion, z_up
from propose_keras.writers.motion_writer import PersonFilesWriter

# As Sports2D, Pose2Sim and their OpenSim models name markers at these places.
_NAMES = {"RFoot": "RAnkle", "LFoot": "LAnkle", "Thorax": "Neck"}
MARKERS = tuple(_NAMES.get(name, name) for name in H36M_17.joint_names)


class TrcWriter(PersonFilesWriter):
    """The 17 joints of each person as markers in OpenSim's text format, a file each.

    As Sports2D and Pose2Sim write it: metres, y up, the floor at 0, joints by their
    names in the layout HALPE_26, beside which `Spine` is in the middle of the back.
    Frames count from 1. See `MotionWriter` for the arguments.
    """

    SUFFIXES = (".trc",)

    def _write_motion(self, motion: Motion, path: pathlib.Path) -> None:
        count, markers = len(motion), len(MARKERS)
        rate = f"{self._frame_rate:.6g}"
        header = [
            ["PathFileType", "4", "(X/Y/Z)", self.path.name],
            ["DataRate", "CameraRate", "NumFrames", "NumMarkers", "Units"]
            + ["OrigDataRate", "OrigDataStartFrame", "OrigNumFrames"],
            [rate, rate, str(count), str(markers), "m", rate, "1", str(count)],
            ["Frame#", "Time"] + [cell for name in MARKERS for cell in (name, "", "")],
            ["", ""] + [f"{x}{i + 1}" for i in range(markers) for x in "XYZ"],
        ]
        frames = np.arange(count)
        metres = motion.positions.reshape(count, -1) / 1000
        values = np.column_stack([frames + 1, frames / self._frame_rate, metres])
        with open(path, "w", encoding="utf-8") as file:
            file.writelines("\t".join(line) + "\n" for line in header)
            formats = ["%d", "%.6f"] + ["%.5f"] * (3 * markers)
            np.savetxt(file, values, fmt=formats, delimiter="\t")


class C3dWriter(PersonFilesWriter):
    """The 17 joints of each person as points of a C3D file, a file each.

    Millimetres, z up, the floor at 0; names as those of `TrcWriter`. See
    `MotionWriter` for the arguments.

    Raises:
        ImportError: If ezc3d is not installed.
    """

    SUFFIXES = (".c3d",)
    LIBRARY = ("ezc3d", "c3d")

    def _write_motion(self, motion: Motion, path: pathlib.Path) -> None:
        points = z_up(motion.positions)
        file = self._library.c3d()
        parameters = file["parameters"]["POINT"]
        parameters["UNITS"]["value"] = ["mm"]
        parameters["RATE"]["value"] = [self._frame_rate]
        parameters["LABELS"]["value"] = list(MARKERS)
        file.add_parameter("POINT", "X_SCREEN", "+X")
        file.add_parameter("POINT", "Y_SCREEN", "+Z")
        homogeneous = np.ones((4, len(MARKERS), len(motion)))
        homogeneous[:3] = points.transpose(2, 1, 0)
        file["data"]["points"] = homogeneous
        file.write(os.fspath(path))
