"""The four cameras around the person, after Human3.6M's."""

import numpy as np

from propose_keras.data.cameras import Camera

from .subjects import SUBJECTS

# Name, image size, intrinsics, distortion, then position in the world in mm.
_CAMERAS = (
    (
        *("54138969", (1000, 1002), (1145.0, 1143.8, 512.5, 515.5)),
        *((-0.207, 0.248, -0.0031, -0.0010, -0.0014), (1850.0, 4950.0, 1560.0)),
    ),
    (
        *("55011271", (1000, 1000), (1149.7, 1147.6, 508.8, 508.1)),
        *((-0.194, 0.240, -0.0019, -0.0016, -0.0027), (-1760.0, 5080.0, 1600.0)),
    ),
    (
        *("58860488", (1000, 1000), (1149.1, 1148.8, 519.8, 501.4)),
        *((-0.208, 0.256, -0.0025, 0.0010, 0.0003), (1850.0, -5100.0, 1490.0)),
    ),
    (
        *("60457274", (1000, 1002), (1145.5, 1144.8, 514.9, 501.9)),
        *((-0.198, 0.219, -0.0018, -0.0006, 0.0016), (-1800.0, -4600.0, 1570.0)),
    ),
)
NUM_CAMERAS = len(_CAMERAS)
_LOOK_AT = np.array([0.0, 0.0, 900.0])
_PLACEMENT, _ROLL = 60.0, np.radians(0.7)


def synthesize_cameras(subject: str, seed: int) -> tuple[Camera, ...]:
    """Cameras of a subject's session.

    Intrinsics and distortion are the same for all subjects; position and direction
    move by some centimetres from one to another, as on the real stage.

    Args:
        subject: One of `SUBJECTS`.
        seed: Seed of the whole data set.

    Returns:
        The four cameras in the order 54138969, 55011271, 58860488, 60457274.
    """
    rng = np.random.default_rng([seed, SUBJECTS.index(subject), 0, 0, 0])
    cameras = []
    for name, image_size, intrinsics, distortion, position in _CAMERAS:
        position = np.array(position) + rng.normal(0, _PLACEMENT, 3)
        forward = _LOOK_AT + rng.normal(0, 0.5 * _PLACEMENT, 3) - position
        forward /= np.linalg.norm(forward)
        right = np.cross(forward, [0.0, 0.0, 1.0])
        right /= np.linalg.norm(right)
        down = np.cross(forward, right)
        roll = rng.normal(0, _ROLL)
        cosine, sine = np.cos(roll), np.sin(roll)
        rotation = [cosine * right + sine * down, cosine * down - sine * right, forward]
        cameras.append(
            Camera(
                name=name,
                image_size=image_size,
                intrinsics=np.array(intrinsics),
                distortion=np.array(distortion),
                rotation=np.array(rotation),
                translation=position,
            )
        )
    return tuple(cameras)
