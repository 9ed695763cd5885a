"""Virtual cameras around a moving person, for motion that was never filmed."""

import dataclasses
import zlib

import numpy as np

from propose_keras.data.cameras import Camera

_NUM_DRAWS = 100
_NEAREST_MM = 500.0

# Ranges of k1, k2, k3, p1, p2 over Human3.6M's four cameras.
_DISTORTION_RANGES = np.array(
    [
        [-0.2084, -0.1942],
        [0.2183, 0.2555],
        [-0.0090, 0.0069],
        [-0.0028, -0.0007],
        [-0.0017, 0.0015],
    ]
)


@dataclasses.dataclass(frozen=True)
class VirtualCameras:
    """How cameras are drawn. Each sequence gets its own, which stand still.

    Attributes:
        count: Cameras per sequence; each has its own sector of the circle around the
            person.
        distance_mm: Least and greatest distance over ground from the middle of the
            motion.
        height_mm: Least and greatest height above the ground.
        focal_length_px: Least and greatest focal length in pixels.
        aim_jitter_mm: How far the point aimed at may be from the middle of the motion,
            along each axis.
        image_size: `(width, height)` in pixels.
        margin: Part of the image's width and height kept free at each border.
        distortion: Whether lenses distort as much as Human3.6M's.
        seed: Seed. Cameras are a function of it and the sequence's name.
    """

    count: int = 4
    distance_mm: tuple[float, float] = (3000.0, 7000.0)
    height_mm: tuple[float, float] = (500.0, 2500.0)
    focal_length_px: tuple[float, float] = (1000.0, 1300.0)
    aim_jitter_mm: float = 200.0
    image_size: tuple[int, int] = (1000, 1000)
    margin: float = 0.02
    distortion: bool = False
    seed: int = 0

    def __post_init__(self):
        for name in ("distance_mm", "height_mm", "focal_length_px"):
            low, high = getattr(self, name)
            if not 0 <= low <= high or (name != "height_mm" and low == 0):
                raise ValueError(
                    f"Expected `{name}` as a positive range, received {(low, high)}."
                )
        if self.count < 1 or not 0 <= self.margin < 0.5 or min(self.image_size) < 1:
            raise ValueError(
                "Expected at least one camera, a margin from 0 to below 0.5 and an "
                f"image of at least one pixel, received {self}."
            )


def sample_cameras(
    positions: np.ndarray, sequence_name: str, settings: VirtualCameras
) -> list[Camera]:
    """Draws cameras that see the whole motion inside their image.

    Positions are redrawn until every joint of every frame falls inside the image. A
    motion too large for the ranges gets a camera at the shortest focal length that
    stands back as far as it must.

    Args:
        positions: World frame, z up, ground at 0, mm, `(frames, joints, 3)`.
        sequence_name: Name that the draw depends on, with the seed.
        settings: How to draw.

    Returns:
        `settings.count` cameras named `0`, `1` and so on.
    """
    rng = np.random.default_rng([settings.seed, zlib.crc32(sequence_name.encode())])
    points = positions.reshape(-1, 3)
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    start = rng.uniform(0, 2 * np.pi)
    return [
        _sample_camera(points, middle, index, start, settings, rng)
        for index in range(settings.count)
    ]


def sees_all(camera: Camera, points: np.ndarray, margin: float) -> bool:
    """Whether world points `(..., 3)` mm are all in front and inside the image."""
    in_camera = camera.from_world(points)
    if in_camera[..., 2].min() < _NEAREST_MM:
        return False
    size = np.array(camera.image_size)
    pixels = camera.project(in_camera)
    inside = (pixels >= margin * size) & (pixels <= (1 - margin) * size)
    return bool(inside.all())


def _sample_camera(points, middle, index, start, settings, rng) -> Camera:
    def draw():
        azimuth = start + 2 * np.pi * (index + rng.uniform()) / settings.count
        distance = rng.uniform(*settings.distance_mm)
        height = rng.uniform(*settings.height_mm)
        focal_length = rng.uniform(*settings.focal_length_px)
        jitter = rng.uniform(-1, 1, 3) * settings.aim_jitter_mm
        distortion = rng.uniform(*_DISTORTION_RANGES.T) * settings.distortion
        camera = _look_at(
            *(str(index), middle, azimuth, distance, height),
            *(middle + jitter, focal_length, distortion, settings),
        )
        return camera, azimuth, height, distortion

    camera, azimuth, height, distortion = draw()
    for _ in range(_NUM_DRAWS - 1):
        if sees_all(camera, points, settings.margin):
            return camera
        camera, azimuth, height, distortion = draw()
    distance = settings.distance_mm[1]
    while not sees_all(camera, points, settings.margin):
        distance *= 1.1
        camera = _look_at(
            *(str(index), middle, azimuth, distance, height),
            *(middle, settings.focal_length_px[0], distortion, settings),
        )
    return camera


def _look_at(
    name, middle, azimuth, distance, height, aim, focal_length, distortion, settings
) -> Camera:
    ground = np.array([np.cos(azimuth), np.sin(azimuth)]) * distance
    position = np.array([*(middle[:2] + ground), height])
    forward = (aim - position) / np.linalg.norm(aim - position)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    width, height_px = settings.image_size
    return Camera(
        name=name,
        image_size=(int(width), int(height_px)),
        intrinsics=np.array([focal_length, focal_length, width / 2, height_px / 2]),
        distortion=distortion,
        rotation=np.stack([right, np.cross(forward, right), forward]),
        translation=position,
    )
