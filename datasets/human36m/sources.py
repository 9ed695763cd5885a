"""Finds out in which form a user has Human3.6M by looking at the folder."""

from __future__ import annotations

import dataclasses
import pathlib

from propose_keras.data.errors import DataFileError

from . import calibration
from .archives import CdfPositions
from .h5_tree import (
    DETECTIONS_FOLDERS,
    POSITIONS_FOLDER,
    H5Detections,
    H5Positions,
)
from .npz_pair import (
    DETECTIONS_PATTERN,
    POSITIONS_FILE,
    NpzDetections,
    NpzPositions,
)

Positions = CdfPositions | NpzPositions | H5Positions
Detections = NpzDetections | H5Detections

GROUND_TRUTH = "gt"

# Name of a 2D input -> names that its file may go by, the first found being read.
_DETECTION_FILES = {
    "sh": ("sh_ft_h36m", "sh_pt_mpii", "sh"),
    "sh_ft": ("sh_ft_h36m",),
    "cpn": ("cpn_ft_h36m_dbb", "cpn"),
    "detectron": ("detectron_ft_h36m", "detectron_pt_coco", "detectron"),
}

_EXPECTED = f"""one of
  - the official archives Poses_D3_Positions_S1.tgz, ... S11.tgz (or
    Poses_D3_Positions_mono_S1.tgz, ...), with metadata.xml in the same folder,
  - VideoPose3D's {POSITIONS_FILE},
  - 3d-pose-baseline's tree S1/{POSITIONS_FOLDER}/*.h5, ... with cameras.h5"""


@dataclasses.dataclass(frozen=True)
class Sources:
    """What lies in a folder and will be read.

    Attributes:
        positions: Reader of the 3D positions.
        detections: Reader of the 2D detections; None for projected ground truth.
        cameras: Cameras by subject and name.
        description: The files in words, one line each.
    """

    positions: Positions
    detections: Detections | None
    cameras: calibration.Cameras
    description: str


def find_sources(
    manual_dir: pathlib.Path, detections: str = GROUND_TRUTH, form: str | None = None
) -> Sources:
    """Looks for Human3.6M in a folder, or in the folders in it.

    Args:
        manual_dir: The folder with the files, or the one above.
        detections: `gt` for none, or a name: `sh`, `cpn`, `detectron` or that of a
            file `data_2d_h36m_<name>.npz`.
        form: `archives`, `npz` or `h5` to choose among several forms; None if there
            is only one.

    Returns:
        What was found.

    Raises:
        DataFileError: If there is no form or several, or no such detections; the
            message says where was looked and what is expected.
    """
    manual_dir = pathlib.Path(manual_dir)
    folder, found = _find_folder(manual_dir)
    if form is not None:
        if form not in found:
            raise DataFileError(
                f"{folder} has no poses of the form {form!r}; it has: "
                f"{', '.join(found)}."
            )
        found = {form: found[form]}
    if len(found) > 1:
        raise DataFileError(
            f"{folder} has poses in several forms: {', '.join(found)}. Keep one of "
            "them there, or choose with the config field `source`."
        )
    ((form, positions),) = found.items()
    cameras, cameras_origin = _find_cameras(folder)
    reader, detections_origin = _find_detections(folder, detections)
    description = (
        f"3D positions: {form} in {folder}\n"
        f"cameras: {cameras_origin}\n"
        f"2D: {detections_origin}"
    )
    return Sources(positions, reader, cameras, description)


def _find_folder(manual_dir: pathlib.Path) -> tuple[pathlib.Path, dict[str, Positions]]:
    if not manual_dir.is_dir():
        raise DataFileError(
            f"There is no folder {manual_dir}. `--manual_dir` must be the folder of "
            f"Human3.6M's files: {_EXPECTED}."
        )
    if found := _forms(manual_dir):
        return manual_dir, found
    folders = sorted(path for path in manual_dir.iterdir() if path.is_dir())
    inside = {folder: forms for folder in folders if (forms := _forms(folder))}
    if len(inside) > 1:
        raise DataFileError(
            f"{manual_dir} has several folders with Human3.6M: "
            f"{', '.join(str(path) for path in inside)}. Give one as `--manual_dir`."
        )
    if not inside:
        raise DataFileError(
            f"Found no Human3.6M poses in {manual_dir} or a folder in it. Expected "
            f"{_EXPECTED}."
        )
    return inside.popitem()


def _forms(folder: pathlib.Path) -> dict[str, Positions]:
    found = {}
    # World positions are preferred: a quarter of the size, the same poses.
    for mono in (False, True):
        reader = CdfPositions(folder, mono)
        if reader.places:
            found["archives"] = reader
            break
    if (folder / POSITIONS_FILE).is_file():
        found["npz"] = NpzPositions(folder / POSITIONS_FILE)
    if any(folder.glob(f"S*/{POSITIONS_FOLDER}/*.h5")):
        found["h5"] = H5Positions(folder)
    return found


def _find_cameras(folder: pathlib.Path) -> tuple[calibration.Cameras, str]:
    for path, read in (
        (folder / "metadata.xml", calibration.cameras_from_metadata),
        (folder / "cameras.h5", calibration.cameras_from_h5),
    ):
        if path.is_file():
            return read(path), str(path)
    return calibration.published_cameras(), "as VideoPose3D publishes them"


def _find_detections(folder: pathlib.Path, name: str) -> tuple[Detections | None, str]:
    if name == GROUND_TRUTH:
        return None, "3D positions projected through the cameras, with distortion"
    candidates = []
    if name in DETECTIONS_FOLDERS:
        pattern = f"S*/{DETECTIONS_FOLDERS[name]}/*.h5"
        if any(folder.glob(pattern)):
            return H5Detections(folder, name), str(folder / pattern)
        candidates.append(str(folder / pattern))
    for file_name in _DETECTION_FILES.get(name, (name,)):
        path = folder / DETECTIONS_PATTERN.format(file_name)
        if path.is_file():
            return NpzDetections(path), str(path)
        candidates.append(str(path))
    others = sorted(path.name for path in folder.glob(DETECTIONS_PATTERN.format("*")))
    raise DataFileError(
        f"Found no 2D detections {name!r} in {folder}. Looked for: "
        f"{', '.join(candidates)}. Files of that kind there: "
        f"{', '.join(others) or 'none'}."
    )
