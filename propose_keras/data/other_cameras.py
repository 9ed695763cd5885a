"""A camera of its own for every training pose."""

import dataclasses

import numpy as np

from propose_keras.data.augmentations import Augmentation, Batch
from propose_keras.data.cameras import project, world_to_camera
from propose_keras.skeletons import H36M_17

# Sizes of pictures that people have; the longer side's length does not matter.
_IMAGE_SIZES = np.array(
    [[1920, 1080], [1000, 1000], [1080, 1920], [1440, 1080]], np.float32
)
_STATURE = 1700.0
# Least depth of any joint, mm.
_NEAREST = 300.0
# Focal length that a `Lifter` gives known cameras, as a share of the longer side.
_MODEL_FOCAL_LENGTH = 1.15


@dataclasses.dataclass(frozen=True)
class CameraRange:
    """What cameras are drawn from.

    Attributes:
        focal_length: As a share of the longer side, evenly in its logarithm.
        pitch: Degrees that the camera looks down by, least and most.
        steep_pitch: The same of a share of the cameras, `steep_share`.
        steep_share: See `steep_pitch`.
        roll_deviation: Degrees.
        any_roll_share: Share of cameras whose roll is anything over the full circle.
        person_share: Height of an upright person in the image, as a share of its
            height.
        least_distance: Of the hip, mm.
        hip_range: Part of the image, about its middle, in which the hip lies.
        barrel: k1, from a barrel distortion to none.
        known_share: Share of cameras that are as a `Lifter` makes those whose
            intrinsics are known: square, of one focal length, without distortion.
    """

    focal_length: tuple[float, float]
    pitch: tuple[float, float]
    person_share: tuple[float, float]
    least_distance: float
    hip_range: float
    roll_deviation: float = 4.0
    steep_pitch: tuple[float, float] = (0.0, 0.0)
    steep_share: float = 0.0
    any_roll_share: float = 0.0
    barrel: float = -0.2
    known_share: float = 0.0


CAMERA_RANGES = {
    # From a phone's wide angle over Human3.6M's 1.15 to a short telephoto lens; the
    # strongest barrel distortion is Human3.6M's.
    "common": CameraRange(
        focal_length=(0.6, 2.0),
        pitch=(-15.0, 40.0),
        person_share=(0.15, 0.95),
        least_distance=1200.0,
        hip_range=0.7,
    ),
    # Fields of view of 15 to 110 degrees, people from 1 m to 30 m away, partly outside
    # the image, cameras turned any way.
    "any": CameraRange(
        focal_length=(0.35, 3.8),
        pitch=(-20.0, 40.0),
        person_share=(0.08, 1.3),
        least_distance=1000.0,
        hip_range=0.9,
        roll_deviation=6.0,
        steep_pitch=(-60.0, 60.0),
        steep_share=0.25,
        any_roll_share=0.12,
        barrel=-0.25,
        known_share=0.3,
    ),
}


def other_cameras(cameras: str = "common") -> Augmentation:
    """Augmentation that shows each pose to a camera of its own.

    Sizes of image, focal lengths, pitch, roll, lens, the person's size and place in
    the image are drawn from what users' cameras may have; the person is turned any way
    about the vertical (the world's z axis, which points up). Keypoints become exact
    projections: what they were before, a detector's error too, is lost. Of the batch's
    cameras only `rotation` is read; all are replaced.

    Poses that a draw would put nearer to the camera than 0.3 m stay as they were.

    Args:
        cameras: What they are drawn from, a name of `CAMERA_RANGES`.

    Raises:
        ValueError: If there is no such range.
    """
    if cameras not in CAMERA_RANGES:
        raise ValueError(
            f"`cameras` must be one of {', '.join(map(repr, CAMERA_RANGES))}, "
            f"received {cameras!r}."
        )
    given = CAMERA_RANGES[cameras]

    def augment(batch: Batch, generator: np.random.Generator) -> Batch:
        inputs, pose_3d = batch
        count = len(pose_3d)
        image_size = _IMAGE_SIZES[generator.integers(len(_IMAGE_SIZES), size=count)]
        intrinsics = _intrinsics(image_size, given, generator)
        distortion = np.zeros((count, 5), np.float32)
        distortion[:, 0] = generator.uniform(given.barrel, 0.0, count)
        if given.known_share:
            known = generator.random(count) < given.known_share
            image_size[known] = 1000.0
            intrinsics[known] = 500.0
            intrinsics[known, :2] = _MODEL_FOCAL_LENGTH * 1000.0
            distortion[known] = 0.0
        rotation = _rotations(count, given, generator)
        # From the old camera's axes to the world's, then to the new camera's.
        relative = pose_3d - pose_3d[:, H36M_17.root, None]
        change = rotation @ inputs["rotation"].swapaxes(-1, -2)
        moved = relative @ change.swapaxes(-1, -2)
        moved += _place(image_size, intrinsics, given, generator)[:, None]
        near = np.min(moved[..., 2], axis=1) < _NEAREST
        new = {
            "keypoints": project(moved, intrinsics, distortion).astype(np.float32),
            "image_size": image_size,
            "intrinsics": intrinsics,
            "distortion": distortion,
            "rotation": rotation,
        }
        for name, value in new.items():
            new[name] = np.where(_like(near, value), inputs[name], value)
        return {**inputs, **new}, np.where(_like(near, moved), pose_3d, moved)

    return augment


def _like(rows, value):
    """`(B,)` with the rank of `value`."""
    return rows.reshape(-1, *[1] * (value.ndim - 1))


def _intrinsics(image_size, given, generator):
    longer = image_size.max(axis=1)
    logarithm = generator.uniform(*np.log(given.focal_length), len(image_size))
    focal = np.exp(logarithm) * longer
    return np.stack([focal, focal, *image_size.T / 2], axis=1).astype(np.float32)


def _rotations(count, given, generator):
    """World to camera, `(count, 3, 3)`: heading, then pitch, then roll."""
    heading = generator.uniform(0, 2 * np.pi, count)
    pitch = np.radians(generator.uniform(*given.pitch, count))
    roll = np.radians(given.roll_deviation) * generator.standard_normal(count)
    if given.steep_share:
        steep = generator.random(count) < given.steep_share
        pitch[steep] = np.radians(generator.uniform(*given.steep_pitch, steep.sum()))
    if given.any_roll_share:
        turned = generator.random(count) < given.any_roll_share
        roll[turned] = generator.uniform(-np.pi, np.pi, turned.sum())
    return world_to_camera(heading, pitch, roll).astype(np.float32)


def _place(image_size, intrinsics, given, generator):
    """The hip in the camera's frame, `(B, 3)` mm."""
    count = len(image_size)
    focal = intrinsics[:, 0]
    height = generator.uniform(*given.person_share, count) * image_size[:, 1]
    depth = np.maximum(focal * _STATURE / height, given.least_distance)
    offset = generator.uniform(-0.5, 0.5, (count, 2)) * given.hip_range * image_size
    place = np.concatenate([offset / focal[:, None], np.ones((count, 1))], axis=1)
    return (place * depth[:, None]).astype(np.float32)
