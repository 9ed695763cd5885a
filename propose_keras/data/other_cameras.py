"""A camera of its own for every training pose."""

import numpy as np

from propose_keras.data.augmentations import Augmentation, Batch
from propose_keras.data.cameras import project
from propose_keras.skeletons import H36M_17

# Sizes of pictures that people have; the longer side's length does not matter.
_IMAGE_SIZES = np.array(
    [[1920, 1080], [1000, 1000], [1080, 1920], [1440, 1080]], np.float32
)
# Focal length as a share of the longer side, evenly in its logarithm: from a phone's
# wide angle over Human3.6M's 1.15 to a short telephoto lens.
_FOCAL_LENGTH = (0.6, 2.0)
# Degrees that the camera looks down by, least and most.
_PITCH = (-15.0, 40.0)
_ROLL_DEVIATION = 4.0
# Height of the person in the image, as a share of its height.
_PERSON_SHARE = (0.15, 0.95)
_STATURE = 1700.0
# Least distance of the hip and least depth of any joint, mm.
_LEAST_DISTANCE, _NEAREST = 1200.0, 300.0
# Part of the image, about its middle, in which the hip lies.
_HIP_RANGE = 0.7
# k1, from a barrel distortion as strong as Human3.6M's to none.
_BARREL = -0.2


def other_cameras() -> Augmentation:
    """Augmentation that shows each pose to a camera of its own.

    Sizes of image, focal lengths, pitch, roll, lens, the person's size and place in
    the image are drawn from what users' cameras may have; the person is turned any way
    about the vertical (the world's z axis, which points up). Keypoints become exact
    projections: what they were before, a detector's error too, is lost. Of the batch's
    cameras only `rotation` is read; all are replaced.

    Poses that a draw would put nearer to the camera than 0.3 m stay as they were.
    """

    def augment(batch: Batch, generator: np.random.Generator) -> Batch:
        inputs, pose_3d = batch
        count = len(pose_3d)
        image_size = _IMAGE_SIZES[generator.integers(len(_IMAGE_SIZES), size=count)]
        intrinsics = _intrinsics(image_size, generator)
        distortion = np.zeros((count, 5), np.float32)
        distortion[:, 0] = generator.uniform(_BARREL, 0.0, count)
        rotation = _rotations(count, generator)
        # From the old camera's axes to the world's, then to the new camera's.
        relative = pose_3d - pose_3d[:, H36M_17.root, None]
        change = rotation @ inputs["rotation"].swapaxes(-1, -2)
        moved = relative @ change.swapaxes(-1, -2)
        moved += _place(image_size, intrinsics, generator)[:, None]
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


def _intrinsics(image_size, generator):
    longer = image_size.max(axis=1)
    focal = np.exp(generator.uniform(*np.log(_FOCAL_LENGTH), len(image_size))) * longer
    return np.stack([focal, focal, *image_size.T / 2], axis=1).astype(np.float32)


def _rotations(count, generator):
    """World to camera, `(count, 3, 3)`: heading, then pitch, then roll."""
    heading = generator.uniform(0, 2 * np.pi, count)
    pitch = np.radians(generator.uniform(*_PITCH, count))
    roll = np.radians(_ROLL_DEVIATION) * generator.standard_normal(count)
    zero, one = np.zeros(count), np.ones(count)
    cosine, sine = np.cos(heading), np.sin(heading)
    # Looks along the ground: x right, y down, z forward.
    level = _matrices([cosine, sine, zero], [zero, zero, -one], [-sine, cosine, zero])
    cosine, sine = np.cos(pitch), np.sin(pitch)
    down = _matrices([one, zero, zero], [zero, cosine, -sine], [zero, sine, cosine])
    cosine, sine = np.cos(roll), np.sin(roll)
    tilt = _matrices([cosine, -sine, zero], [sine, cosine, zero], [zero, zero, one])
    return (tilt @ down @ level).astype(np.float32)


def _matrices(*rows):
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def _place(image_size, intrinsics, generator):
    """The hip in the camera's frame, `(B, 3)` mm."""
    count = len(image_size)
    focal = intrinsics[:, 0]
    height = generator.uniform(*_PERSON_SHARE, count) * image_size[:, 1]
    depth = np.maximum(focal * _STATURE / height, _LEAST_DISTANCE)
    offset = generator.uniform(-0.5, 0.5, (count, 2)) * _HIP_RANGE * image_size
    place = np.concatenate([offset / focal[:, None], np.ones((count, 1))], axis=1)
    return (place * depth[:, None]).astype(np.float32)
