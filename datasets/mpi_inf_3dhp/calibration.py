"""Reads the training set's `camera.calibration` files."""

import os

import numpy as np

from propose_keras.data.cameras import Camera
from propose_keras.data.errors import DataFileError


def read_calibration(path: str | os.PathLike) -> dict[int, Camera]:
    """Reads a "Skeletool Camera Calibration File V1.0".

    Each camera is a `name` line followed by indented lines; those used are `size`,
    `intrinsic` and `extrinsic`, the latter two 4x4 matrices row by row, world to
    camera, mm. The files state no distortion (`radial 0`).

    Args:
        path: The file.

    Returns:
        `{number: camera}`.

    Raises:
        FileNotFoundError: If there is no such file.
        DataFileError: If a line lacks numbers or a camera lacks lines.
    """
    path = os.fspath(path)
    if not os.path.isfile(path):
        raise FileNotFoundError(f"There is no file {path}.")
    blocks: dict[int, dict[str, np.ndarray]] = {}
    with open(path, encoding="latin1") as file:
        for number, line in enumerate(file, start=1):
            key, *values = line.split() or [""]
            if key not in ("name", "size", "intrinsic", "extrinsic"):
                continue
            try:
                numbers = np.array(values, float)
            except ValueError:
                raise DataFileError(
                    f"{path}, line {number}: expected numbers after {key!r}, "
                    f"received {line.strip()!r}."
                ) from None
            if key == "name" and numbers.size == 1:
                block = blocks.setdefault(int(numbers[0]), {})
            elif blocks:
                block[key] = numbers
    if not blocks:
        raise DataFileError(
            f"{path} names no camera: it is empty or not a calibration file."
        )
    return {name: _camera(path, name, block) for name, block in blocks.items()}


def _camera(path: str, name: int, block: dict[str, np.ndarray]) -> Camera:
    for key, size in (("size", 2), ("intrinsic", 16), ("extrinsic", 16)):
        if key not in block or block[key].size != size:
            raise DataFileError(
                f"{path}: camera {name} needs a line `{key}` with {size} numbers, "
                f"received {block[key].size if key in block else 'none'}. "
                "The file is cut short or damaged."
            )
    intrinsic = block["intrinsic"].reshape(4, 4)
    extrinsic = block["extrinsic"].reshape(4, 4)
    rotation = extrinsic[:3, :3]
    if np.abs(rotation @ rotation.T - np.eye(3)).max() > 1e-3:
        raise DataFileError(f"{path}: camera {name} has no rotation in `extrinsic`.")
    return Camera(
        name=str(name),
        image_size=(int(block["size"][0]), int(block["size"][1])),
        intrinsics=intrinsic[[0, 1, 0, 1], [0, 1, 2, 2]],
        distortion=np.zeros(5),
        rotation=rotation,
        translation=-rotation.T @ extrinsic[:3, 3],
    )
