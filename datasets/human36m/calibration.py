"""Human3.6M's cameras, from each of the files that state them."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ElementTree

import h5py
import numpy as np

from propose_keras.data.cameras import Camera
from propose_keras.data.errors import DataFileError
from propose_keras.human36m_names import CAMERAS, SUBJECTS

FRAME_RATE = 50.0
IMAGE_SIZES = dict(
    zip(CAMERAS, ((1000, 1002), (1000, 1000), (1000, 1000), (1000, 1002)))
)

Cameras = dict[tuple[str, str], Camera]

# VideoPose3D's files come without cameras, its code states them
# (`common/h36m_dataset.py`): fx fy cx cy k1 k2 k3 p1 p2 of each camera.
_INTRINSICS = """
1145.0494 1143.7811 512.5415 515.4515
    -0.20709892 0.24777518 -0.0030751503 -0.0014244716 -0.0009756989
1149.6757 1147.5917 508.84863 508.0649
    -0.19421363 0.24040854 0.0068199756 -0.0027408944 -0.0016190266
1149.1407 1148.799 519.81586 501.40265
    -0.20833819 0.255488 -0.0024604974 -0.0007599993 0.001484387
1145.5114 1144.7739 514.9682 501.88202
    -0.19838409 0.21832368 -0.008947807 -0.001813362 -0.0005872056
"""
# For each subject and camera the orientation as a quaternion w x y z (camera to
# world) and the position x y z in mm.
_EXTRINSICS = """
S1
    0.14070565 -0.15007018 -0.7552408 0.62232804 1841.107 4955.2847 1563.4454
    0.6157188 -0.7648363 -0.14833826 0.11794741 1761.2786 -5078.007 1606.265
    0.14651473 -0.14647852 0.76530236 -0.60941756 -1846.7777 5215.0464 1491.9724
    0.58340085 -0.7853162 0.14548823 -0.14749594 -1794.7897 -3722.699 1574.8927
S5
    0.14673772 -0.16237096 -0.7551893 0.6178939 2097.3916 4880.945 1605.7324
    0.61597586 -0.7626792 -0.15728192 0.1189815 2031.7008 -5167.933 1612.9231
    0.14291371 -0.12907842 0.7678385 -0.6110143 -1620.5948 5171.6587 1496.437
    0.592048 -0.7814218 0.12747486 -0.15036418 -1637.1737 -3867.3174 1547.0332
S6
    0.13378978 -0.15692396 -0.75710905 0.61988795 1935.4518 4950.2456 1618.0839
    0.61471975 -0.7628813 -0.16174768 0.11819245 1969.804 -5128.739 1632.7788
    0.15299481 -0.13529131 0.76460963 -0.6112781 -1769.5964 5185.3613 1476.9934
    0.59161013 -0.7804774 0.1283227 -0.15615939 -1721.6687 -3884.1313 1540.4879
S7
    0.14352418 -0.16313368 -0.75483286 0.6188825 1974.513 4926.3545 1597.8326
    0.6141673 -0.76382625 -0.15966456 0.117792994 1937.0585 -5119.79 1631.5665
    0.1455006 -0.12874816 0.76605165 -0.61271393 -1741.8112 5208.2495 1464.8246
    0.5912848 -0.78217643 0.12445474 -0.15196487 -1734.7106 -3832.4214 1548.583
S8
    0.14110588 -0.15589868 -0.75619173 0.61964405 2150.6519 4896.161 1611.9047
    0.61696017 -0.7647668 -0.1484635 0.11158158 2219.9656 -5148.453 1613.0441
    0.1471444 -0.1337712 0.76701283 -0.61003697 -1571.2216 5137.0186 1498.1761
    0.59278244 -0.78258705 0.12147816 -0.14631996 -1476.9133 -3896.7412 1547.9722
S9
    0.15540588 -0.15548216 -0.75320953 0.6199595 2044.4585 4935.117 1481.2275
    0.6187845 -0.7634735 -0.14132239 0.11933968 1990.9597 -5123.8105 1568.8048
    0.13357827 -0.13671005 0.76894546 -0.61007386 -1670.9922 5211.986 1528.388
    0.5879399 -0.7823407 0.14276144 -0.1479487 -1696.0435 -3827.0999 1591.4127
S11
    0.15232472 -0.1544232 -0.75475633 0.619107 2098.4402 4926.5547 1500.2786
    0.61894494 -0.7600917 -0.15300633 0.12552583 2083.1824 -4912.173 1561.0786
    0.14943229 -0.15650228 0.7681234 -0.60263044 -1609.8153 5177.336 1537.8967
    0.58942515 -0.7818877 0.13991211 -0.14715362 -1590.738 -3854.169 1578.0176
"""


def published_cameras() -> Cameras:
    """The cameras as VideoPose3D publishes them, by subject and camera name."""
    intrinsics = np.array(_INTRINSICS.split(), np.float64).reshape(len(CAMERAS), 9)
    words = [word for word in _EXTRINSICS.split() if not word.startswith("S")]
    extrinsics = np.array(words, np.float64).reshape(len(SUBJECTS), len(CAMERAS), 7)
    return {
        (subject, name): _camera(
            name, _rotation_from_quaternion(row[:4]).T, row[4:], intrinsics[index]
        )
        for subject, rows in zip(SUBJECTS, extrinsics)
        for index, (name, row) in enumerate(zip(CAMERAS, rows))
    }


def cameras_from_h5(path: str | os.PathLike) -> Cameras:
    """Reads 3d-pose-baseline's `cameras.h5`.

    Args:
        path: File with groups `subjectN/cameraM` of `R` (transposed, as MATLAB wrote
            it), `T`, `f`, `c`, `k`, `p` and `Name` (character codes).

    Returns:
        Cameras of the subjects in the file, by subject and camera name.

    Raises:
        DataFileError: If the file is damaged or lacks a camera.
    """
    cameras = {}
    try:
        with h5py.File(path, "r") as file:
            for subject in SUBJECTS:
                group = f"subject{subject[1:]}"
                if group not in file:
                    continue
                for camera in file[group].values():
                    name = "".join(chr(int(code)) for code in camera["Name"][()].flat)
                    values = {key: camera[key][()].ravel() for key in "RTfckp"}
                    cameras[subject, name] = _camera(
                        name,
                        values["R"].reshape(3, 3).T,
                        values["T"],
                        np.concatenate([values[key] for key in "fckp"]),
                    )
    except (OSError, KeyError, ValueError, RuntimeError, AttributeError) as error:
        raise DataFileError(
            f"Cannot read the cameras in {path}: {error}. Expected 3d-pose-baseline's "
            "cameras.h5 with subjectN/cameraM/{R,T,f,c,k,p,Name}."
        ) from error
    _check_complete(cameras, path)
    return cameras


def cameras_from_metadata(path: str | os.PathLike) -> Cameras:
    """Reads the official `metadata.xml`.

    Its element `w0` holds, for eleven subjects and four cameras, three Euler angles
    and the position, then per camera fx, fy, cx, cy, k1, k2, k3, p1, p2.

    Args:
        path: File as it comes with the data set's own code.

    Returns:
        Cameras of the seven published subjects, by subject and camera name.

    Raises:
        DataFileError: If the file is damaged or `w0` is not as described.
    """
    num_subjects, num_extrinsics, num_intrinsics = 11, 6, 9
    try:
        text = ElementTree.parse(path).getroot().findtext("w0")
        if text is None:
            raise ValueError("it has no element <w0>")
        values = np.array(text.strip().strip("[]").split(), np.float64)
        extrinsics, intrinsics = np.split(
            values, [len(CAMERAS) * num_subjects * num_extrinsics]
        )
        extrinsics = extrinsics.reshape(len(CAMERAS), num_subjects, num_extrinsics)
        intrinsics = intrinsics.reshape(len(CAMERAS), num_intrinsics)
    except (OSError, ValueError, ElementTree.ParseError) as error:
        raise DataFileError(
            f"Cannot read the cameras in {path}: {error}. Expected Human3.6M's "
            "metadata.xml, whose <w0> has 300 numbers."
        ) from error
    cameras = {
        (subject, name): _camera(name, _rotation_from_angles(row[:3]), row[3:], inner)
        for name, rows, inner in zip(CAMERAS, extrinsics, intrinsics)
        for subject in SUBJECTS
        for row in [rows[int(subject[1:]) - 1]]
    }
    _check_complete(cameras, path)
    return cameras


def _camera(name, rotation, translation, intrinsics) -> Camera:
    if len(intrinsics) != 9 or len(translation) != 3:
        raise ValueError(
            f"camera {name} has {len(translation)} and {len(intrinsics)} numbers for "
            "position and lens, expected 3 and 9"
        )
    return Camera(
        name=name,
        image_size=IMAGE_SIZES.get(name, (0, 0)),
        intrinsics=intrinsics[:4],
        distortion=intrinsics[4:],
        rotation=rotation,
        translation=translation,
    )


def _check_complete(cameras: Cameras, path: str | os.PathLike) -> None:
    subjects = {subject for subject, _ in cameras}
    lacking = [
        f"{subject} {name}"
        for subject in sorted(subjects)
        for name in CAMERAS
        if (subject, name) not in cameras
    ]
    if lacking or not subjects:
        raise DataFileError(
            f"{path} lacks cameras: {', '.join(lacking) or 'it has none at all'}."
        )
    for key, camera in cameras.items():
        rotation = camera.rotation
        finite = all(
            np.isfinite(v).all()
            for v in (rotation, camera.translation, camera.intrinsics)
        )
        if not finite or not np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-4):
            raise DataFileError(
                f"{path}: the camera {' '.join(key)} has numbers that are not finite "
                "or a rotation that is none."
            )


def _rotation_from_quaternion(quaternion: np.ndarray) -> np.ndarray:
    w, x, y, z = quaternion / np.linalg.norm(quaternion)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def _rotation_from_angles(angles: np.ndarray) -> np.ndarray:
    """`R_x R_y R_z`, as Human3.6M's `H36MCamera` composes it."""
    (sx, sy, sz), (cx, cy, cz) = np.sin(angles), np.cos(angles)
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return about_x @ about_y @ about_z
