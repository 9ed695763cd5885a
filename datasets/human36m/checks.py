"""What every reader of Human3.6M checks before it hands arrays on."""

from __future__ import annotations

import numpy as np

from propose_keras.data.errors import DataFileError
from propose_keras.skeletons import H36M_17, H36M_17_FROM_32, convert

NUM_ARCHIVE_JOINTS = 32
# Thighs of the seven subjects measure 430 to 470 mm.
_PLAUSIBLE_THIGH = (300.0, 600.0)

# `metadata.layout_name` of VideoPose3D's 2D files -> name in `skeletons`.
_LAYOUTS = {"h36m": "h36m17", "mpii": "mpii16", "coco": "coco17"}
_LAYOUT_BY_JOINTS = {16: "mpii16", 17: "h36m17"}


def check_positions(
    positions: np.ndarray, name: str, unit_mm: float = 1.0
) -> np.ndarray:
    """Checks 3D positions of one clip and keeps the 17 joints.

    Args:
        positions: `(N, 32, 3)` or `(N, 17, 3)`.
        name: File and entry, for the error.
        unit_mm: Length of the file's unit in mm.

    Returns:
        `(N, 17, 3)` mm.

    Raises:
        DataFileError: If the shape is another, a number is not finite, or the thigh
            has no human length in mm.
    """
    positions = np.asarray(positions)
    num_joints = NUM_ARCHIVE_JOINTS, H36M_17.num_joints
    if (
        positions.dtype.kind != "f"
        or positions.ndim != 3
        or positions.shape[1] not in num_joints
        or positions.shape[2] != 3
        or not len(positions)
    ):
        raise DataFileError(
            f"{name}: expected 3D positions (frames, 32, 3) as floating-point "
            f"numbers, found {positions.dtype} of shape {positions.shape}."
        )
    if positions.shape[1] == NUM_ARCHIVE_JOINTS:
        positions = positions[:, H36M_17_FROM_32, :]
    positions = positions * positions.dtype.type(unit_mm)
    if not np.isfinite(positions).all():
        raise DataFileError(f"{name}: 3D positions are not finite.")
    hip, knee = H36M_17.index("RHip"), H36M_17.index("RKnee")
    bone = positions[:, knee].astype(np.float64) - positions[:, hip]
    thigh = np.median(np.linalg.norm(bone, axis=-1))
    if not _PLAUSIBLE_THIGH[0] <= thigh <= _PLAUSIBLE_THIGH[1]:
        raise DataFileError(
            f"{name}: the right thigh measures {thigh:.4g} mm, which no subject's "
            "does. The file is in another unit, is damaged, or has other joints."
        )
    return positions


def check_detections(
    detections: np.ndarray, name: str, layout: str | None = None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Checks 2D detections of one clip and brings them into the 17-joint order.

    Args:
        detections: `(N, K, 2)` pixels, or `(N, K, 3)` with confidences.
        name: File and entry, for the error.
        layout: `h36m`, `mpii` or `coco`, where the file states it; else 16 joints
            are taken for MPII's and 17 or 32 for Human3.6M's.

    Returns:
        Keypoints `(N, 17, 2)` in pixels, and confidences `(N, 17)` or None.

    Raises:
        DataFileError: If the shape is another or a number is not finite.
    """
    detections = np.asarray(detections)
    if (
        detections.dtype.kind not in "fiu"
        or detections.ndim != 3
        or detections.shape[2] not in (2, 3)
        or not len(detections)
    ):
        raise DataFileError(
            f"{name}: expected 2D detections (frames, joints, 2 or 3) as numbers, "
            f"found {detections.dtype} of shape {detections.shape}."
        )
    if not np.isfinite(detections).all():
        raise DataFileError(f"{name}: 2D detections are not finite.")
    detections = detections.astype(np.float32)
    num_joints = detections.shape[1]
    if num_joints == NUM_ARCHIVE_JOINTS:
        detections = detections[:, H36M_17_FROM_32, :]
    else:
        source = _LAYOUT_BY_JOINTS.get(num_joints)
        if num_joints == H36M_17.num_joints and layout is not None:
            source = _LAYOUTS.get(layout, layout)
        if source is None:
            raise DataFileError(
                f"{name}: {num_joints} joints per frame, expected 16 (MPII) or 17."
            )
        try:
            detections = convert(detections, source)
        except ValueError as error:
            raise DataFileError(f"{name}: {error}") from error
    if detections.shape[2] == 2:
        return detections, None
    return detections[..., :2], detections[..., 2]
